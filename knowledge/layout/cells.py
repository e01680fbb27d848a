"""The cells of a row: amounts with their signs, beside the words that say what they are."""

import re
from dataclasses import dataclass

from knowledge.layout.words import Row, Segment, Word

_AMOUNT = re.compile(r"[($€£¥₩+\-–—]*\d[\d,.’']*\d?\)?%?\)?[)%]*|[$€£¥]?[—–-]{1,2}%?|n/?[am]\.?", re.IGNORECASE)
_OPENS = re.compile(r"[$€£¥₩(]+|US\$|(?:USD|EUR|GBP|CHF|JPY)")
_CLOSES = re.compile(r"[)%]+|\)?\s?(?:pts|bps)\.?|[*†‡]+")
_NONE = re.compile(r"[$€£¥]?\s?[—–-]{1,2}%?|n/?[am]\.?", re.IGNORECASE)
_SPACE = 0.5
"""A gap wider than this share of the height is more than a space between two amounts."""
_YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True)
class Cell:
    text: str
    left: float
    right: float
    amount: bool = False
    """A number, or the dash that stands for none."""

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def year(self) -> bool:
        return _YEAR.fullmatch(self.text) is not None


def cells_of(row: Row) -> list[Cell]:
    """From left to right; "$", parentheses and "%" are joined to their number."""
    cells: list[Cell] = []
    for part in [part for segment in row.segments for part in _parts(segment)]:
        last = cells[-1] if cells else None
        if (last is not None and _OPENS.fullmatch(last.text) and part.amount) or (
            last is not None and last.amount and _CLOSES.fullmatch(part.text)
        ):
            cells[-1] = Cell(last.text + part.text, last.left, part.right, amount=True)
        else:
            cells.append(part)
    return cells


def _parts(segment: Segment) -> list[Cell]:
    """The segment, or where all of it is amounts each of them: narrow columns stand close together."""
    if not all(_is_sign(word.text) or _AMOUNT.fullmatch(word.text) for word in segment.words):
        return [Cell(segment.text, segment.left, segment.right)]
    groups: list[list[Word]] = []
    for word in segment.words:
        if groups and word.left - groups[-1][-1].right <= _SPACE * word.height:
            groups[-1].append(word)
        else:
            groups.append([word])
    return [_cell(group) for group in groups]


def _is_sign(text: str) -> bool:
    return (_OPENS.fullmatch(text) or _CLOSES.fullmatch(text)) is not None


def _cell(words: list[Word]) -> Cell:
    texts = [word.text for word in words]
    single = sum(not _is_sign(text) for text in texts) <= 1
    text = ("" if single else " ").join(texts)
    amount = any(c.isdigit() for c in text) or _NONE.fullmatch(text) is not None
    return Cell(text, words[0].left, words[-1].right, amount)
