"""Passages to sentences: what an answer may quote, one at a time."""

import re

_CODE = re.compile(r"(`+[^`]*`+)")
_END = re.compile(r"""(?<![.!?…])[.!?…]++["'”’)\]*_]*+(?=\s+["'“‘(\[*_`]*[A-Z0-9À-ÞΑ-ΩА-Я`])|[。！？]""")  # noqa: RUF001
_SHORTENED = """
e.g i.e etc cf vs viz mr mrs ms dr prof sr jr st no nos fig figs eq sec ch vol pp ed eds al approx
inc corp ltd co dept est min max resp incl excl a.m p.m u.s u.k u.n jan feb mar apr jun jul aug sep
sept oct nov dec
"""
_ABBREVIATIONS = frozenset(_SHORTENED.split())
# What is between two markers holds neither of them: a marker that nothing closes costs no look at all the rest.
_MARKERS = (
    (re.compile(r"!\[([^\[\]]*)\]\((?:[^()]|\([^()]*\))*\)"), r"\1"),
    (re.compile(r"\[([^\[\]]+)\]\((?:[^()]|\([^()]*\))*\)"), r"\1"),
    (re.compile(r"\[([^\[\]]+)\]\[[^\[\]]*\]"), r"\1"),
    (re.compile(r"\[\^[^\[\]]+\]"), ""),
    (re.compile(r"<(https?://[^<>\s]+)>"), r"\1"),
    (re.compile(r"</?[a-zA-Z][^<>]*>"), " "),
    (re.compile(r"(\*\*\*|\*\*|__)(?=\S)((?:(?!\1).)+?)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<![\w*])\*(?=\S)([^*]+?)(?<=\S)\*(?![\w*])"), r"\1"),
    (re.compile(r"(?<![\w_])_(?=\S)([^_]+?)(?<=\S)_(?![\w_])"), r"\1"),
    (re.compile(r"~~(?=\S)((?:(?!~~).)+?)(?<=\S)~~"), r"\1"),
    (re.compile(r"\\([\\`*_{}\[\]()#+\-.!|>~])"), r"\1"),
)
_ITEM = re.compile(r"^\s*(?:[-*+•‣◦●○▪■]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+")
_CHECKBOX = re.compile(r"^\[[ xX]\]\s+")


def split(text: str) -> list[str]:
    """The sentences of a paragraph, in order; abbreviations, initials, numbers and inline code stay whole."""
    text = " ".join(text.split())
    masked = _CODE.sub(lambda code: "X" * len(code.group()), text)
    sentences: list[str] = []
    start = 0
    for end in _END.finditer(masked):
        if _ends_sentence(masked, start, end):
            sentences.append(text[start : end.end()].strip())
            start = end.end()
    sentences.append(text[start:].strip())
    return [sentence for sentence in sentences if sentence]


def _ends_sentence(text: str, start: int, end: re.Match[str]) -> bool:
    """False for the full stop of "e.g.", of an initial, or of a numbered heading such as "3." from `start`."""
    mark = end.group()
    if not mark.startswith(".") or mark.startswith(".."):
        return True
    stop = end.start() - text.endswith(" ", start, end.start())
    begin = max(start, text.rfind(" ", start, stop) + 1)
    last = text[begin:stop]
    if not last:
        return False
    word = last.lstrip("\"'“‘([*_").lower()  # noqa: RUF001
    initial = len(word) == 1 and word.isalpha() and last.isupper() and word != "i"
    numbering = begin <= start + 1 and word.isdigit()
    return not (initial or numbering or word in _ABBREVIATIONS)


def plain(text: str) -> str:
    """The text without markdown markers; what stands in backticks is left as it is."""
    parts = _CODE.split(text)
    for number in range(0, len(parts), 2):
        for pattern, replacement in _MARKERS:
            parts[number] = pattern.sub(replacement, parts[number])
    return " ".join("".join(parts).split())


def without_bullet(item: str) -> str:
    """A list item's text without its marker and checkbox."""
    return _CHECKBOX.sub("", _ITEM.sub("", item, count=1))


def starts_item(line: str) -> bool:
    """Whether a line begins a list item."""
    return _ITEM.match(line) is not None
