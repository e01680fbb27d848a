"""Rows of cells to table blocks, in one form whatever file they come from."""

import re
from collections.abc import Iterable, Iterator, Sequence

from knowledge.blocks import Block

_NUMBER = re.compile(r"[-+(]?[^\w\s]{0,2}\d[\d.,'’\s]*\s?[%)€$£]{0,2}")
MOST_COLUMNS = 1_000
"""That a cell which spans several may take; the files say any number."""


def table(rows: Iterable[Sequence[str]], page: int | None = None) -> Block | None:
    """A table block, its first row the header; None without any text. Empty rows and columns are left out."""
    filled = [[_cell(text) for text in row] for row in rows]
    filled = [row for row in filled if any(row)]
    width = max(map(len, filled), default=0)
    used = [column for column in range(width) if any(column < len(row) and row[column] for row in filled)]
    if not used:
        return None
    lines = ("| " + " | ".join(row[column] if column < len(row) else "" for column in used) + " |" for row in filled)
    return Block("table", "\n".join(lines), page=page)


def sheet(rows: Iterable[Sequence[str]], page: int | None = None) -> Iterator[Block]:
    """The blocks of a sheet of cells: captions above a table are paragraphs, blank rows part tables.

    A part whose first row holds numbers has no header of its own: it goes on under the one before.
    """
    header: Sequence[str] = ()
    for part in _parts(rows):
        while part and sum(map(bool, part[0])) == 1 and any(sum(map(bool, row)) > 1 for row in part):
            yield Block("paragraph", next(filter(None, map(str.strip, part.pop(0)))), page=page)
        if _is_header(part[0]) or not header:
            header = part[0]
        else:
            part.insert(0, list(header))
        if block := table(part, page):
            yield block


def _parts(rows: Iterable[Sequence[str]]) -> Iterator[list[Sequence[str]]]:
    part: list[Sequence[str]] = []
    for row in rows:
        if any(cell.strip() for cell in row):
            part.append(row)
        elif part:
            yield part
            part = []
    if part:
        yield part


def _is_header(row: Sequence[str]) -> bool:
    return not any(_NUMBER.fullmatch(cell.strip()) for cell in row if cell)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "/").split())
