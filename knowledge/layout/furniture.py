"""Headers, footers and page numbers: what stands on every page and belongs to none."""

import re
from collections import Counter
from collections.abc import Sequence

from knowledge.layout.words import Row

_FEWEST_PAGES = 3
_OFTEN = 0.4
"""Share of the pages on which a row at the edge is repeated."""
_EDGE = 3
"""How many rows at the top and the bottom may be furniture."""
_DIGITS = re.compile(r"\d+|\b[ivxlc]+\b")
_PAGE_NUMBER = re.compile(
    r"(?:page\s*)?[-–—|]*\s*(?:\d{1,4}|[ivxlc]{1,6})\s*[-–—|]*(?:(?:of|/)\s*\d{1,4})?", re.IGNORECASE
)


def without_furniture(pages: Sequence[Sequence[Row]], heights: Sequence[float]) -> list[list[Row]]:
    """Every page's rows without the repeated ones at its edges."""
    seen: Counter[str] = Counter()
    for rows in pages:
        seen.update({_key(row) for row in _edges(rows)})
    repeated = {key for key, count in seen.items() if count >= max(_FEWEST_PAGES, _OFTEN * len(pages))}
    return [
        [
            row
            for row in rows
            if not (
                (_key(row) in repeated and any(row is edge for edge in _edges(rows)))
                or (_numbers_page(row, height) and len(pages) > 1 and row in (rows[0], rows[-1]))
            )
        ]
        for rows, height in zip(pages, heights, strict=True)
    ]


def _edges(rows: Sequence[Row]) -> list[Row]:
    return [*rows[:_EDGE], *rows[-_EDGE:]]


def _key(row: Row) -> str:
    """What it says but for its numbers."""
    return _DIGITS.sub("#", row.text.lower())


def _numbers_page(row: Row, height: float) -> bool:
    outside = row.bottom < 0.1 * height or row.top > 0.5 * height
    return outside and _PAGE_NUMBER.fullmatch(row.text) is not None
