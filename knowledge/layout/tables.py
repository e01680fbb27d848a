"""Tables without lines: rows whose amounts stand below each other, with the headers above them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from knowledge.layout.cells import Cell, cells_of
from knowledge.layout.words import Row

_FEWEST_ROWS = 2
_MOST_BETWEEN = 3
"""Rows without amounts between two that have some: labels over several lines, headings of groups."""
_MOST_HEADERS = 8
_MOST_COLUMNS = 200
"""More than a page of paper holds; so many amounts in a row are read as text."""
_DEEPEST = 9
"""Groups within groups."""
_APART = 3.2
"""A gap of so many heights ends a table."""
_AT_EDGE = 4.0
"""Heights from the left edge within which labels begin."""
_OVERHANG = 2.0
"""Heights by which a header may begin before the amounts below it."""
_INDENT = 3.0
_SLACK = 4.0
UNIT = re.compile(
    r"\(?(?:(?:all )?(?:amounts |dollars |figures |values )?(?:are )?(?:expressed |stated |shown )?in "
    r"(?:[A-Z]{3} |US ?\$ ?|\w+ )?(?:thousands|millions|billions|percent)|(?:thousands|millions|billions) of \w+"
    r")[^():]*\)?",
    re.IGNORECASE,
)
"""What the amounts are counted in, such as "(in millions, except per share data)"."""


@dataclass(frozen=True)
class Table:
    """The rows `begin` to `end` of a run as a table."""

    begin: int
    end: int
    markdown: str


@dataclass(frozen=True)
class _Line:
    """A row of a table on its way: its label and its cells."""

    row: Row
    label: Cell | None
    amounts: tuple[Cell, ...]
    """And texts beyond the label."""

    @property
    def tells(self) -> bool:
        """Whether it has an amount that is not just a year over a column."""
        return any(cell.amount and not (cell.year and self.label is None) for cell in self.amounts)


def find_tables(rows: Sequence[Row]) -> list[Table]:
    """The tables in a run of rows, from top to bottom."""
    edge = min((row.left for row in rows), default=0.0)
    lines = [_line(row, edge) for row in rows]
    tables: list[Table] = []
    at = 0
    while at < len(lines):
        if not lines[at].tells:
            at += 1
            continue
        end = _end(lines, at)
        told = [line for line in lines[at:end] if line.tells]
        columns = len(_columns(lines[at:end]))
        if len(told) < _FEWEST_ROWS or columns > _MOST_COLUMNS or not any(line.label for line in told):
            at = max(end, at + 1)
            continue
        floor = tables[-1].end if tables else 0
        begin = _begin(lines, at, end, floor)
        tables.append(Table(begin, end, _markdown(lines[begin:at], lines[at:end], _unit(rows, begin, at))))
        at = end
    return tables


def _line(row: Row, edge: float) -> _Line:
    """Whatever stands at the left edge is a label, also a year or the last line of a long one: "$4"."""
    cells = cells_of(row)
    while len(cells) > 1 and cells[0].amount and not cells[1].amount:
        number, name = cells[:2]  # "1   Introduction"
        cells[:2] = [Cell(f"{number.text} {name.text}", number.left, name.right)]
    at_edge = cells[0].left < edge + _AT_EDGE * row.height and len(cells) > 1
    if cells[0].amount and not at_edge:
        return _Line(row, None, tuple(cells))
    return _Line(row, cells[0], tuple(cells[1:]))


def _end(lines: Sequence[_Line], at: int) -> int:
    """Behind the last row of the table that begins with the amounts of row `at`."""
    end, quiet = at + 1, 0
    left = min(cell.left for cell in lines[at].amounts if cell.amount)
    for number in range(at + 1, len(lines)):
        line, before = lines[number], lines[number - 1]
        if line.row.top - before.row.bottom > _APART * line.row.height:
            break
        if line.tells:
            end, quiet = number + 1, 0
            left = min(left, *(cell.left for cell in line.amounts if cell.amount))
            continue
        if line.row.right > left + _SLACK or quiet == _MOST_BETWEEN:
            break
        quiet += 1
    return end


def _begin(lines: Sequence[_Line], at: int, end: int, floor: int) -> int:
    """The first header row above the first amounts."""
    told = [line for line in lines[at:end] if line.tells]
    left = min(cell.left for line in told for cell in line.amounts if cell.amount)
    begin, headed = at, False
    for number in range(at - 1, max(floor, at - _MOST_HEADERS) - 1, -1):
        line, below = lines[number], lines[number + 1]
        if below.row.top - line.row.bottom > _APART * line.row.height:
            break
        over, beside = _parted(line, left)
        if any(cell.right > left + _SLACK for cell in beside):
            break  # running text, or a title over the whole table
        if not over and (headed or not _groups(line) or (number and _follows_text(lines[number - 1], line, left))):
            break
        begin, headed = number, headed or bool(over)
    return begin


def _follows_text(above: _Line, line: _Line, left: float) -> bool:
    """Whether a line is the last one of a paragraph rather than a label."""
    wide = above.label is not None and not above.amounts and above.label.right > left + _SLACK
    return wide and line.row.top - above.row.bottom < 0.5 * line.row.height and not above.row.bold


def _parted(line: _Line, left: float) -> tuple[list[Cell], list[Cell]]:
    """The cells of a header row that stand over the amounts, which begin at `left`, and those at the side."""
    cells = [cell for cell in (line.label, *line.amounts) if cell is not None]
    reach = _OVERHANG * line.row.height
    over: list[Cell] = []
    beside: list[Cell] = []
    for cell in cells:
        above = cell.left >= left - reach or (cell.middle >= left and cell.width < 3 * reach)
        (over if above else beside).append(cell)
    return over, beside


def _groups(line: _Line) -> bool:
    """A label alone that announces what is below it."""
    label = line.label
    return label is not None and not line.amounts and len(label.text) <= 90 and not label.text.endswith((".", ";"))


def _unit(rows: Sequence[Row], begin: int, at: int) -> str:
    """The unit that the header or one of the three rows above it names."""
    for row in [*reversed(rows[begin:at]), *reversed(rows[max(0, begin - 3) : begin])]:
        if found := UNIT.search(row.text):
            return found.group().strip("() ")
    return ""


def _markdown(head: Sequence[_Line], body: Sequence[_Line], unit: str) -> str:
    columns = _columns(body)
    left = columns[0][0]
    groups = [line for line in head if not _parted(line, left)[0]]
    titles = [line for line in head if line not in groups]
    corner = [cell.text for line in titles for cell in _parted(line, left)[1] if not UNIT.fullmatch(cell.text)]
    named = " ".join([*corner, *([f"({unit})"] if unit else [])])
    lines = [[named, *_names([_parted(line, left)[0] for line in titles], columns)]]
    lines += _labelled([*groups, *body], columns)
    text = ["| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines]
    return "\n".join([text[0], "|" + "---|" * (len(columns) + 1), *text[1:]])


def _columns(body: Sequence[_Line]) -> list[tuple[float, float]]:
    """From where to where each column of amounts goes."""
    spans = sorted((cell.left, cell.right) for line in body for cell in line.amounts if cell.amount)
    columns: list[tuple[float, float]] = []
    for left, right in spans:
        if columns and left < columns[-1][1]:
            columns[-1] = (columns[-1][0], max(columns[-1][1], right))
        else:
            columns.append((left, right))
    return columns


def _column(cell: Cell, columns: Sequence[tuple[float, float]]) -> int:
    """The column that a cell shares most with, or else the nearest one."""
    common = [min(cell.right, right) - max(cell.left, left) for left, right in columns]
    return max(range(len(columns)), key=lambda number: common[number])


def _names(head: Sequence[Sequence[Cell]], columns: Sequence[tuple[float, float]]) -> list[str]:
    """What stands over each column, outermost first; a header over several columns belongs to each of them."""
    middles = [(left + right) / 2 for left, right in columns]
    pitch = min((after - before for before, after in pairwise(middles)), default=2 * _SLACK)
    names: list[list[str]] = [[] for _ in columns]
    for cells in head:
        nearest = [min(cells, key=lambda cell: abs(cell.middle - middle)) for middle in middles]
        for number, (cell, middle) in enumerate(zip(nearest, middles, strict=True)):
            left, right = columns[number]
            if min(cell.right, right) > max(cell.left, left):
                names[number].append(cell.text)
                continue
            # Centred over several columns, it has as many of them on its other side.
            mirrored = 2 * cell.middle - middle
            others = [m for other, m in zip(nearest, middles, strict=True) if other is cell]
            if any(abs(other - mirrored) < 0.6 * pitch for other in others):
                names[number].append(cell.text)
    return [" ".join(parts) for parts in names]


def _labelled(body: Sequence[_Line], columns: Sequence[tuple[float, float]]) -> list[list[str]]:
    """Rows with complete labels: wrapped ones joined, and those of a group with the group's name before them."""
    rows: list[list[str]] = []
    groups: list[_Group] = []
    held, begun = "", 0.0
    empty = [""] * len(columns)
    for number, line in enumerate(body):
        label = line.label.text if line.label else ""
        left = line.label.left if line.label else 0.0
        whole = f"{held} {label}".strip()
        left = begun if held else left
        if line.label:
            rows += [[group.name, *empty] for group in groups if group.left >= left - _INDENT and group.items is None]
            groups = [group for group in groups if group.left < left - _INDENT]
        if line.label and not line.amounts:
            following = next((other.label for other in body[number + 1 : number + 2]), None)
            goes_on = following is not None and not following.text[:1].isupper()
            deeper = following is None or following.left > left + _INDENT
            if len(groups) < _DEEPEST and (label.endswith(":") or (deeper and not goes_on)):
                groups.append(_Group(left, whole.rstrip(":")))
                held = ""
            else:
                held, begun = whole, left
            continue
        cells = [*empty]
        for cell in line.amounts:
            where = _column(cell, columns)
            cells[where] = f"{cells[where]} {cell.text}".strip()
        held = ""
        inner = [*(group.left for group in groups[1:]), left]
        names = [group.name for group, within in zip(groups, inner, strict=False) if group.holds(within)]
        rows.append([": ".join([*names, whole]) if whole else "", *cells])
    return [*rows, *([group.name, *empty] for group in groups if group.items is None)]


@dataclass
class _Group:
    """A label that has rows below it, further to the right."""

    left: float
    name: str
    items: float | None = None
    """Where its first row begins; what begins further right is a sum over several groups' rows."""

    def holds(self, left: float) -> bool:
        if self.items is None:
            self.items = left
        return left <= self.items + _INDENT
