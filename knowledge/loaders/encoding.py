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
_SAMPLE_BYTES = 200_000
_MOST_CONTROL_CHARACTERS = 0.02
_CONTROL = bytes(byte for byte in range(32) if byte not in b"\t\n\r\f\v\x1b")
_TRUE_TO_BROKEN = 20
"""So many times more right than wrong sequences make it UTF-8 with damage rather than another encoding."""


def decode(content: bytes, declared: str = "") -> str:
    """The text, with newlines as ``\\n``; `declared` is the encoding that the file itself names.

    Raises UnreadableDocument for what is not text.
    """
    return _decode(content, declared).replace("\r\n", "\n").replace("\r", "\n")


def is_text(content: bytes) -> bool:
    """Whether these bytes, or the beginning of a file, can be text."""
    return content.startswith(tuple(mark for mark, _ in _MARKS)) or bool(_wide(content)) or not _is_binary(content)


def _decode(content: bytes, declared: str) -> str:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            try:
                return content.decode(encoding)
            except UnicodeDecodeError as error:
                raise UnreadableDocument(f"It begins as {encoding} text and then is not.") from error
    if wide := _wide(content):
        try:
            return content.decode(wide)
        except UnicodeDecodeError as error:
            raise UnreadableDocument(f"It begins as {wide} text and then is not.") from error
    if _is_binary(content):
        raise UnreadableDocument("It is binary data, not text.", status="unsupported")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return _as_declared(content, declared) or _mended(content) or _guess(content)


def _wide(content: bytes) -> str:
    """UTF-16 or UTF-32 without a mark, told by where the zeros of its ASCII characters stand; empty if it is not."""
    sample = content[:4_096]
    if len(sample) < 8 or b"\0" not in sample:
        return ""
    zeros = [sample[start::4].count(0) / len(sample[start::4]) for start in range(4)]
    shapes = {
        "utf-32-le": (0.0, 1.0, 1.0, 1.0),
        "utf-32-be": (1.0, 1.0, 1.0, 0.0),
        "utf-16-le": (0.0, 1.0, 0.0, 1.0),
        "utf-16-be": (1.0, 0.0, 1.0, 0.0),
    }
    for encoding, shape in shapes.items():
        if all(abs(share - wanted) < 0.3 for share, wanted in zip(zeros, shape, strict=True)):
            return encoding
    return ""


def _is_binary(content: bytes) -> bool:
    control = len(content) - len(content.translate(None, _CONTROL))
    return b"\0" in content or control > len(content) * _MOST_CONTROL_CHARACTERS


def _as_declared(content: bytes, declared: str) -> str:
    try:
        return content.decode(codecs.lookup(declared).name) if declared else ""
    except (LookupError, UnicodeError, ValueError):
        return ""


def _mended(content: bytes) -> str:
    """UTF-8 in which few characters are broken; empty where it is another encoding."""
    text = content.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    true = sum(not character.isascii() for character in text[:_SAMPLE_BYTES]) - broken
    return text if true > _TRUE_TO_BROKEN * broken else ""


def _guess(content: bytes) -> str:
    """Short texts are taken for Windows-1252, the usual case; longer ones are judged by their letters."""
    from charset_normalizer import from_bytes

    if len(content) >= _ENOUGH_FOR_STATISTICS:
        best = from_bytes(content[:_SAMPLE_BYTES]).best()
        if best is not None:
            return content.decode(best.encoding, "replace")
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError as error:
        raise UnreadableDocument("The encoding of its text cannot be told.") from error
