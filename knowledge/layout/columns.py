"""Reading order: which rows of a page are read one column after the other."""

from collections.abc import Sequence
from statistics import median

from knowledge.layout.words import Row, Segment

_FEWEST_LINES = 5
"""A column has at least so many lines of running text."""
_RUNNING_TEXT = 20
"""A segment of so many letters is running text rather than a cell."""
_FILLED = 0.55
"""Running text fills at least this share of its column; cells of a table do not."""
_MOST_CROSSING = 0.5
"""Lines over the whole width (a title, an abstract), for each line beside the gutter."""
_WIDE = 0.7
"""Where lines are mostly so wide a share of the page, there is one column."""
_NARROWEST = 40.0
"""What is narrower does not stand in two columns, however small its letters are."""
_STEP = 4.0
_MOST_STEPS = 400
"""Places where a gutter is looked for, also on a page that is much wider than paper."""
_CLEAR = 2.0


def in_reading_order(rows: Sequence[Row]) -> list[list[Row]]:
    """Runs of rows, each read from top to bottom before the next one."""
    gutter = _gutter(rows)
    if gutter is None:
        return [list(rows)] if rows else []
    runs: list[list[Row]] = []
    beside: list[Row] = []

    def settle() -> None:
        for half in (_half(beside, gutter, left=True), _half(beside, gutter, left=False)):
            runs.extend(in_reading_order(half))
        beside.clear()

    for number, row in enumerate(rows):
        if any(_crosses(segment, gutter) for segment in row.segments):
            settle()
            if runs and runs[-1] and runs[-1][-1] is rows[number - 1]:
                runs[-1].append(row)
            else:
                runs.append([row])
        else:
            beside.append(row)
    settle()
    return runs


def _half(rows: Sequence[Row], gutter: float, *, left: bool) -> list[Row]:
    halves = []
    for row in rows:
        segments = tuple(segment for segment in row.segments if (segment.right <= gutter + _CLEAR) == left)
        if segments:
            halves.append(Row(segments))
    return halves


def _crosses(segment: Segment, x: float) -> bool:
    return segment.left < x - _CLEAR and segment.right > x + _CLEAR


def _gutter(rows: Sequence[Row]) -> float | None:
    """Where two columns of running text part; None where there is one column, or a table."""
    segments = [segment for row in rows for segment in row.segments]
    running = [segment for segment in segments if len(segment.text) >= _RUNNING_TEXT]
    if len(running) < 2 * _FEWEST_LINES:
        return None
    left, right = min(s.left for s in segments), max(s.right for s in segments)
    if right - left < _NARROWEST or median(segment.width for segment in running) > _WIDE * (right - left):
        return None
    step = max(_STEP, (right - left) / _MOST_STEPS)
    best: tuple[int, float] | None = None
    x = left + (right - left) * 0.2
    while x < right - (right - left) * 0.2:
        crossing = sum(_crosses(segment, x) for segment in segments)
        before = [segment for segment in running if segment.right <= x + _CLEAR]
        behind = [segment for segment in running if segment.left >= x - _CLEAR]
        fewer = min(len(before), len(behind))
        if (
            fewer >= _FEWEST_LINES
            and crossing <= _MOST_CROSSING * fewer
            and _fills(before, left, x)
            and _fills(behind, x, right)
            and (best is None or fewer - crossing > best[0])
        ):
            best = (fewer - crossing, x)
        x += step
    return best[1] if best is not None else None


def _fills(segments: Sequence[Segment], left: float, right: float) -> bool:
    """Running text; it may itself stand in two columns, so the widths of its lines are not asked of a third."""
    return median(segment.width for segment in segments) >= _FILLED * (right - left) / 2
