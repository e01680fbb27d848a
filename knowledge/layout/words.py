"""The nouns of a page: words, segments of a line, and rows. Distances are points; y grows downwards."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

CELL_GAP = 0.85
"""A gap wider than this share of the text's height parts two cells or two columns; a space is about a quarter."""
_SAME_ROW = 0.55
"""Share of the smaller height that two words of one row have in common."""


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    left: float
    top: float
    right: float
    bottom: float
    bold: bool = False
    backwards: bool = False
    """Written from right to left."""

    @property
    def height(self) -> float:
        return self.bottom - self.top


@dataclass(frozen=True)
class Segment:
    """Words of one line with no wide gap between them, in reading order."""

    words: tuple[Word, ...]

    @cached_property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @cached_property
    def left(self) -> float:
        return min(word.left for word in self.words)

    @cached_property
    def right(self) -> float:
        return max(word.right for word in self.words)

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2

    @property
    def width(self) -> float:
        return self.right - self.left


@dataclass(frozen=True)
class Row:
    """What stands at one height, from left to right."""

    segments: tuple[Segment, ...]

    @cached_property
    def text(self) -> str:
        backwards = sum(word.backwards for word in self.words) * 2 > len(self.words)
        ordered = reversed(self.segments) if backwards else self.segments
        return " ".join(segment.text for segment in ordered)

    @cached_property
    def words(self) -> tuple[Word, ...]:
        return tuple(word for segment in self.segments for word in segment.words)

    @cached_property
    def height(self) -> float:
        return median(word.height for word in self.words)

    @cached_property
    def top(self) -> float:
        return min(word.top for word in self.words)

    @cached_property
    def bottom(self) -> float:
        return max(word.bottom for word in self.words)

    @property
    def left(self) -> float:
        return self.segments[0].left

    @cached_property
    def right(self) -> float:
        return max(segment.right for segment in self.segments)

    @cached_property
    def bold(self) -> bool:
        """Whether nearly all of it is."""
        letters = sum(len(word.text) for word in self.words)
        return sum(len(word.text) for word in self.words if word.bold) > 0.8 * letters


def rows_of(words: Iterable[Word]) -> list[Row]:
    """The words of a page as rows from top to bottom."""
    bands: list[list[Word]] = []
    for word in sorted(words, key=lambda word: (word.bottom, word.left)):
        for band in reversed(bands[-6:]):
            if _beside(band[0], word):
                band.append(word)
                break
        else:
            bands.append([word])
    rows = [Row(tuple(_segments(sorted(band, key=lambda word: word.left)))) for band in bands]
    return sorted(rows, key=lambda row: (row.words[0].bottom, row.left))


def _beside(first: Word, other: Word) -> bool:
    common = min(first.bottom, other.bottom) - max(first.top, other.top)
    return common >= _SAME_ROW * min(first.height, other.height)


def _segments(words: Sequence[Word]) -> Iterable[Segment]:
    held: list[Word] = []
    right = 0.0
    for word in words:
        if held and word.left - right > CELL_GAP * min(word.height, held[-1].height):
            yield _segment(held)
            held = []
        right = max(right, word.right) if held else word.right
        held.append(word)
    if held:
        yield _segment(held)


def _segment(words: list[Word]) -> Segment:
    if sum(word.backwards for word in words) * 2 > len(words):
        words = words[::-1]
    return Segment(tuple(words))
