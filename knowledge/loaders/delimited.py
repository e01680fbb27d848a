"""Comma, tab, semicolon or bar separated values: one table, or several with blank lines between."""

import csv
import io
from collections import Counter
from collections.abc import Callable

from knowledge.blocks import LoadedDocument
from knowledge.errors import UnreadableDocument
from knowledge.loaders.encoding import decode
from knowledge.loaders.tables import sheet
from knowledge.names import stem_of

_DELIMITERS = ",\t;|"
_SAMPLE_LINES = 50
_SAMPLE_CHARACTERS = 100_000
_MOST_CELL_CHARACTERS = 10_000_000
_MOST_CELLS = 500_000


def load_delimited(content: bytes, name: str, progress: Callable[[int, int], None]) -> LoadedDocument:
    """Raises UnreadableDocument."""
    text = decode(content)
    csv.field_size_limit(_MOST_CELL_CHARACTERS)
    rows: list[list[str]] = []
    cells = 0
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text)):
            rows.append(row)
            cells += len(row)
            if cells > _MOST_CELLS:
                raise UnreadableDocument(
                    f"It has more than {_MOST_CELLS:,} cells; put in the part that matters.", status="unsupported"
                )
    except csv.Error as error:
        raise UnreadableDocument(f"The table is damaged in line {len(rows) + 1:,}.") from error
    return LoadedDocument(stem_of(name), tuple(sheet(rows)))


def delimiter_of(text: str) -> str:
    """The one that parts most lines into the same number of cells, more cells being better."""
    lines = io.StringIO(text[:_SAMPLE_CHARACTERS])
    sample = "".join(line for _, line in zip(range(_SAMPLE_LINES), lines, strict=False))

    def agreement(delimiter: str) -> tuple[float, int]:
        try:
            widths = [len(row) for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter) if row]
        except csv.Error:
            return 0, 0
        parted = Counter(width for width in widths if width > 1)
        if not parted:
            return 0, 0
        width, times = parted.most_common(1)[0]
        return round(times / len(widths), 1), width

    return max(_DELIMITERS, key=agreement)
