"""File names as strangers give them: with paths, control characters, and no end."""

import re
import unicodedata

_MOST_CHARACTERS = 150
_SEPARATORS = re.compile(r"[/\\]")


def clean_name(name: str) -> str:
    """The last part of a path, without what cannot be seen; "document" where nothing is left."""
    last = _SEPARATORS.split(name.rstrip("/\\"))[-1]
    # Control and format characters (among them those that turn the direction of writing), and lone surrogates.
    visible = "".join(" " if unicodedata.category(character)[0] == "C" else character for character in last)
    stem, dot, extension = " ".join(visible.split()).rpartition(".")
    if not dot or len(extension) > 12:
        return f"{stem}{dot}{extension}"[:_MOST_CHARACTERS].strip(". ") or "document"
    return f"{stem[:_MOST_CHARACTERS].strip() or 'document'}.{extension}"


def stem_of(name: str) -> str:
    """What a document without a title of its own is called."""
    stem, dot, extension = name.rpartition(".")
    return " ".join((stem if dot and stem and extension.isalnum() else name).replace("_", " ").split())


def extension_of(name: str) -> str:
    """Lower case, with its dot; empty without one."""
    stem, dot, extension = name.rpartition(".")
    return f".{extension.lower()}" if dot and stem else ""
