"""Bytes to text, or a reason why these bytes are not text."""

import codecs

from knowledge.errors import UnreadableDocument

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ENOUGH_FOR_STATISTICS = 200
_MOST_CONTROL_CHARACTERS = 0.02
_WHITESPACE = frozenset(b"\t\n\r\f\v\x1b")


def decode(content: bytes) -> str:
    """The text, with newlines as ``\\n``. Raises UnreadableDocument for what is not text."""
    return _decode(content).replace("\r\n", "\n").replace("\r", "\n")


def _decode(content: bytes) -> str:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            try:
                return content.decode(encoding)
            except UnicodeDecodeError as error:
                raise UnreadableDocument(f"It begins as {encoding} text and then is not.") from error
    control = sum(byte < 32 and byte not in _WHITESPACE for byte in content)
    if control > len(content) * _MOST_CONTROL_CHARACTERS or b"\0" in content:
        raise UnreadableDocument("It is binary data, not text.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return _guess(content)


def _guess(content: bytes) -> str:
    """Short texts are taken for Windows-1252, the usual case; longer ones are judged by their letters."""
    from charset_normalizer import from_bytes

    if len(content) >= _ENOUGH_FOR_STATISTICS:
        best = from_bytes(content).best()
        if best is not None:
            return str(best)
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError as error:
        raise UnreadableDocument("The encoding of its text cannot be told.") from error
