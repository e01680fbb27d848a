"""Rows of a page to blocks: headings, paragraphs, list items and tables."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from knowledge.blocks import Block
from knowledge.layout.columns import in_reading_order
from knowledge.layout.tables import find_tables
from knowledge.layout.words import Row
from knowledge.sentences import starts_item

_MOST_HEADING_LETTERS = 140
_HEADING_PITCH = 1.7
"""Lines of one heading are nearer than so many of their heights."""
_LARGER = 1.12
"""A heading in larger letters is at least so much larger than running text."""
_NUMBERED = re.compile(
    r"(?:part|item|note|section|chapter|appendix|annex|article)\s+(?:\d+[a-z]?|[ivxlc]+|[a-z])\b[.:)—–-]?\s*\S?"
    r"|\d{1,2}(?:\.\d{1,2}){1,3}\.?\s+[^\W\d]",
    re.IGNORECASE,
)
_OUTER = (("part", "chapter", "appendix", "annex"), ("item", "article", "section"), ("note",))
"""Counted parts of a document, the outermost first; headings without a number are within them."""
_ENDS = re.compile(r"[.!?:;]['\"”’)]*$")
_RULED = re.compile(r"[_\-=.·•\s]{6,}")
_DEEPEST = 9


Style = tuple[float, bool, int]
"""Of a heading: height, boldness, and what its number counts."""


@dataclass(frozen=True)
class Type:
    """How the letters of a whole document are used."""

    body: float
    """Height of running text."""
    levels: Mapping["Style", int]
    compounds: Collection[str]
    """Words with a hyphen that stand within a line somewhere, in lower case."""


def type_of(pages: Sequence[Sequence[Row]]) -> Type:
    """Learns what is running text and what are headings from all pages."""
    sizes: Counter[float] = Counter()
    for rows in pages:
        for row in rows:
            sizes[_size(row)] += len(row.text)
    body = sizes.most_common(1)[0][0] if sizes else 0.0
    styles = {
        _style(row)
        for rows in pages
        for row in rows
        if _stands_out(row, body) and len(row.text) <= _MOST_HEADING_LETTERS
    }
    ordered = sorted(styles, key=lambda style: (-style[0], not style[1], style[2]))
    levels = {style: min(number, _DEEPEST) for number, style in enumerate(ordered, start=1)}
    compounds = {
        word.text.strip(".,;:()").lower()
        for rows in pages
        for row in rows
        for word in row.words[:-1]
        if "-" in word.text
    }
    return Type(body, levels, compounds)


def blocks_of(rows: Sequence[Row], page: int, letters: Type) -> Iterator[Block]:
    """The blocks of one page, in reading order."""
    for run in in_reading_order(rows):
        at = 0
        for table in find_tables(run):
            yield from _text(run[at : table.begin], page, letters)
            yield Block("table", table.markdown, page=page)
            at = table.end
        yield from _text(run[at:], page, letters)


def _text(rows: Sequence[Row], page: int, letters: Type) -> Iterator[Block]:
    for group in _paragraphs([row for row in rows if not _RULED.fullmatch(row.text)], letters):
        if _is_heading(group, letters):
            first = group[0]
            level = letters.levels.get(_style(first), _DEEPEST)
            yield Block("heading", " ".join(row.text for row in group), level, page)
            continue
        text = joined([row.text for row in group], letters)
        yield Block("list" if starts_item(text) else "paragraph", text, page=page)


def _paragraphs(rows: Sequence[Row], letters: Type) -> Iterator[list[Row]]:
    """Rows that belong together: as near as the others, alike, and not after a short last line."""
    if not rows:
        return
    gaps = [below.bottom - above.bottom for above, below in pairwise(rows) if below.bottom > above.bottom]
    pitch = median(gaps) if gaps else rows[0].height
    right = max(row.right for row in rows)
    width = right - min(row.left for row in rows)
    held = [rows[0]]
    for above, row in pairwise(rows):
        apart = row.bottom - above.bottom > 1.45 * max(min(pitch, 2 * row.height), row.height) or row.top < above.top
        if row.bold and row.bottom - above.bottom > _HEADING_PITCH * row.height:
            apart = True
        unlike = row.bold != above.bold or abs(row.height - above.height) > 0.12 * above.height
        ended = right - above.right > 0.2 * width and _ENDS.search(above.text) is not None
        heading = _is_heading(held, letters) and (not _aligned(above, row) or _NUMBERED.match(row.text) is not None)
        if apart or unlike or ended or heading or starts_item(row.text):
            yield held
            held = []
        held.append(row)
    yield held


def _aligned(one: Row, other: Row) -> bool:
    """Whether two lines begin at one place or have one middle."""
    return abs(one.left - other.left) < 2 or abs(one.left + one.right - other.left - other.right) < 6


def _is_heading(rows: Sequence[Row], letters: Type) -> bool:
    if len(rows) > 3:
        return False
    text = " ".join(row.text for row in rows)
    if len(text) > _MOST_HEADING_LETTERS or not any(c.isalpha() for c in text):
        return False
    if all(_stands_out(row, letters.body) for row in rows):
        return not text.endswith((",", ";")) and (not text.endswith(".") or len(text) < 60)
    return (
        len(rows) == 1 and _NUMBERED.match(text) is not None and not text.endswith((".", ",", ";")) and len(text) < 90
    )


def _stands_out(row: Row, body: float) -> bool:
    return row.bold or row.height > _LARGER * body


def _style(row: Row) -> Style:
    counted = _NUMBERED.match(row.text)
    word = counted.group().partition(" ")[0].lower() if counted else ""
    outer = next((place for place, words in enumerate(_OUTER) if word in words), len(_OUTER))
    return (_size(row), row.bold, outer)


def _size(row: Row) -> float:
    return round(row.height * 2) / 2


def joined(lines: Sequence[str], letters: Type) -> str:
    """The lines of a paragraph as one; a word that was broken at the end of a line is whole again."""
    parts = [lines[0]]
    for line in lines[1:]:
        before, after = parts[-1].rpartition(" ")[2], line.partition(" ")[0]
        if len(before) > 1 and before.endswith("-") and before[-2].isalpha() and after[:1].isalnum():
            compound = f"{before}{after}".strip(".,;:()").lower()
            keeps = not (before[:-1].islower() and after[:1].islower()) or compound in letters.compounds
            parts[-1] = f"{parts[-1] if keeps else parts[-1][:-1]}{line}"
        else:
            parts.append(line)
    return " ".join(parts)
