"""Text of documents on its way into Markdown: it must show as it is, and load or link nothing."""

import re
from collections.abc import Callable

_ACTIVE = re.compile(r"([\\\[\]<>*_#|~!])")
_CODE = re.compile(r"(`[^`\n]+`)")
BLOCK = re.compile(r"(^[ \t]*(?:```.*?(?:^[ \t]*```|\Z)|~~~.*?(?:^[ \t]*~~~|\Z)))", re.DOTALL | re.MULTILINE)
"""A block of code; one that is not closed takes all that follows."""
PARAGRAPH_END = re.compile(r"(\n[ \t]*\n)")
_SPAN = re.compile(r"(?<!`)(?P<run>`+)(?!`)[^\n]*?(?<!`)(?P=run)(?!`)")
_DEEPEST = 4
"""Pictures in links and the like; what stands deeper is broken, not taken out."""
_LINK = re.compile(r"!?\[([^\[\]]*)\](?:\((?:[^()\n]|\([^()\n]*\))*\)|\[(?!\^?\d[\d\s,;–-]*\])[^\[\]\n]*\])")
_DEFINITION = re.compile(r"^ {0,3}\[[^\]\n]+\]:[^\n]*$", re.MULTILINE)
_OWN = re.compile(r"(?<!!)\[[\w]+\]\(#(?:cite|mark)-[\w-]+\)")
_INVISIBLE = dict.fromkeys(
    code
    for first, last in (
        (0x00, 0x08), (0x0B, 0x0C), (0x0E, 0x1F), (0x7F, 0x9F), (0xAD, 0xAD), (0x180E, 0x180E), (0x200B, 0x200B),
        (0x200E, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xFE00, 0xFE0E), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB),
        (0xE0000, 0xE0FFF),
    )
    for code in range(first, last + 1)
)  # fmt: skip
_ADDRESS = re.compile(r"\b(https?|ftp|www)([:.])(?=\S)", re.IGNORECASE)


def as_markdown(text: str) -> str:
    """Escape what Markdown would act on; `code` in backticks stays code, addresses stay text."""
    parts = _CODE.split(" ".join(text.split()))
    return "".join(part if _CODE.fullmatch(part) else _escape(part) for part in parts)


def visible(text: str) -> str:
    """Without characters that nobody sees and a model reads, or that turn around what is read.

    The joiners stay that Persian, Indian scripts and some emoji need.
    """
    return text.translate(_INVISIBLE)


def without_links(markdown: str) -> str:
    """A model's Markdown without addresses behind its words: links and pictures become their text, definitions go."""

    def loosened(text: str) -> str:
        text = _DEFINITION.sub("", text)
        for _ in range(_DEEPEST):  # A picture may stand in a link.
            text = _LINK.sub(r"\1", text)
        return text

    return outside_code(markdown, loosened)


def unlinked(text: str) -> str:
    """A word joiner behind the scheme keeps readers of Markdown from turning an address into a link."""
    return _ADDRESS.sub("\\1\u2060\\2", text)


def inert(markdown: str) -> str:
    """A model's Markdown in which no HTML and no address is active; our own links to citations and marks live."""

    def calmed(text: str) -> str:
        own = _OWN.findall(text)
        parts = _OWN.split(text)
        quiet = [unlinked(part.replace("<", "\\<").replace("](", "]\\(").replace("]:", "]\\:")) for part in parts]
        return "".join(piece for pair in zip(quiet, [*own, ""], strict=True) for piece in pair)

    return outside_code(markdown, calmed)


def outside_code(markdown: str, change: Callable[[str], str]) -> str:
    """The Markdown with its prose changed, piece by piece; code is what every reader of Markdown takes for code."""
    parts = BLOCK.split(markdown)
    for at, prose in enumerate(parts[::2]):
        paragraphs = PARAGRAPH_END.split(prose)
        paragraphs[::2] = (_outside_spans(paragraph, change) for paragraph in paragraphs[::2])
        parts[2 * at] = "".join(paragraphs)
    return "".join(parts)


def _outside_spans(paragraph: str, change: Callable[[str], str]) -> str:
    """Where a backtick has no partner in its line or is escaped, or a table may part it from its partner, readers of
    Markdown differ about what is code: then nothing of the paragraph counts as code.
    """
    spans = list(_SPAN.finditer(paragraph))
    between, end = [], 0
    for span in spans:
        between.append(paragraph[end : span.start()])
        end = span.end()
    between.append(paragraph[end:])
    escaped = any(text.endswith("\\") for text in between[:-1])
    if escaped or any("`" in text for text in between) or any("|" in span[0] for span in spans):
        return change(paragraph)
    changed = map(change, between)
    return next(changed) + "".join(span[0] + text for span, text in zip(spans, changed, strict=True))


def _escape(text: str) -> str:
    return unlinked(_ACTIVE.sub(r"\\\1", text.replace("`", "'")))
