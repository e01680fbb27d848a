"""Workbooks, a sheet a page, with openpyxl; cells as they are shown, formulas by the values stored with them."""

import datetime
import io
import re
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from knowledge.blocks import Block, LoadedDocument
from knowledge.errors import UnreadableDocument
from knowledge.loaders.archive import Archive
from knowledge.loaders.ooxml import core_title
from knowledge.loaders.tables import sheet
from knowledge.loaders.titles import titled
from knowledge.names import stem_of

if TYPE_CHECKING:
    from openpyxl.cell.read_only import EmptyCell, ReadOnlyCell
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

_MOST_CELLS = 500_000
_WITHOUT_VALUE = re.compile(rb"</f>\s*(?:<v\s*/>|<v></v>)?\s*</c>|<f[^<>]*/>\s*</c>")
_PERCENT = re.compile(r"0(?:\.(0+))?%")
_ROWS_A_STEP = 1_000


def load_xlsx(content: bytes, name: str, progress: Callable[[int, int], None]) -> LoadedDocument:
    """Raises UnreadableDocument for too many cells, and whatever openpyxl raises for a damaged file."""
    from openpyxl import load_workbook

    archive = Archive(content)
    with warnings.catch_warnings(action="ignore"):
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheets = [each for each in book.worksheets if each.sheet_state == "visible"]
        hidden = len(book.worksheets) - len(sheets)
        blocks = list(_sheets(sheets, progress))
    remarks = []
    if hidden:
        remarks.append(f"{hidden} hidden sheet{'s'[: hidden != 1]} left out.")
    parts = [part for part in archive.names if part.lower().startswith("xl/worksheets/sheet")]
    if any(_WITHOUT_VALUE.search(archive.read(part)) for part in parts):
        remarks.append(
            "Some formulas have no stored value and are left out; save the file in a spreadsheet program to keep them."
        )
    title, rest = titled(blocks, core_title(archive), stem_of(name))
    return LoadedDocument(title, rest, len(sheets), tuple(remarks))


def _sheets(sheets: "list[ReadOnlyWorksheet]", progress: Callable[[int, int], None]) -> Iterator[Block]:
    progress(0, len(sheets))
    left = _MOST_CELLS
    for number, each in enumerate(sheets, start=1):
        each.reset_dimensions()  # what a file says about its size may be wrong
        rows: list[list[str]] = []
        for count, row in enumerate(each.iter_rows()):
            rows.append([_shown(cell) for cell in row])
            left -= sum(map(bool, rows[-1]))
            if left < 0:
                raise UnreadableDocument(
                    f"It has more than {_MOST_CELLS:,} cells; put in the part that matters.", status="unsupported"
                )
            if count % _ROWS_A_STEP == _ROWS_A_STEP - 1:
                progress(number - 1, len(sheets))
        found = list(sheet(rows, number))
        if found:
            yield Block("heading", each.title, 1, number)
            yield from found
        progress(number, len(sheets))


def _shown(cell: "ReadOnlyCell | EmptyCell") -> str:
    """A cell's value about as a person sees it."""
    value: object = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat(" ", "seconds")
    if isinstance(value, int | float):
        return _number(value, cell.number_format or "")
    return str(value)


def _number(value: float, shape: str) -> str:
    if percent := _PERCENT.search(shape):
        return f"{value:.{len(percent.group(1) or '')}%}"
    # What a computation left behind the 15 digits that a spreadsheet computes with is noise.
    plain = f"{value:d}" if isinstance(value, int) else f"{value:.15g}"
    return plain if "e" not in plain else repr(value)
