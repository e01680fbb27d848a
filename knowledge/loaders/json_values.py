"""JSON and JSON lines as text that keeps the keys: a table where records are alike, else a line a value."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence

from knowledge.blocks import Block, LoadedDocument
from knowledge.errors import UnreadableDocument
from knowledge.loaders.encoding import decode
from knowledge.loaders.tables import table
from knowledge.loaders.text import text_blocks
from knowledge.names import stem_of

_DEEPEST = 100
_MOST_VALUES = 2_000_000
_MOST_COLUMNS = 12
_LONG_CELL = 200
_LONG_RECORD = 800
_LINES_A_BLOCK = 200
"""A list in a file of any length is made of blocks, so that none has to be handled as a whole."""


def load_json(content: bytes, name: str, progress: Callable[[int, int], None]) -> LoadedDocument:
    """What is not quite JSON is read as text, with a remark. Raises UnreadableDocument for what is nested too deep."""
    text = decode(content)
    try:
        value = _parse(text)
    except ValueError:
        remark = "It is not valid JSON; it was read as plain text."
        return LoadedDocument(stem_of(name), tuple(text_blocks(text)), remarks=(remark,))
    except RecursionError as error:
        raise UnreadableDocument(f"It is nested more than {_DEEPEST} levels deep.", status="unsupported") from error
    return LoadedDocument(stem_of(name), tuple(_blocks(value)))


def _parse(text: str) -> object:
    """Raises ValueError for what is neither JSON nor JSON lines."""
    try:
        # Numbers stay as they are written: a price keeps its zeros, and an endless one costs nothing.
        return json.loads(text, parse_int=str, parse_float=str)
    except json.JSONDecodeError:
        lines = [line for line in text.split("\n") if line.strip()]
        if len(lines) < 2:
            raise
        return [json.loads(line, parse_int=str, parse_float=str) for line in lines]


def _blocks(value: object) -> Iterator[Block]:
    """A heading for each key of the outermost object that holds more than a value."""
    if not isinstance(value, Mapping):
        yield from _part(value, "")
        return
    plain = {key: each for key, each in value.items() if not isinstance(each, Mapping | list)}
    yield from _lists(_lines(plain, "", 0))
    for key, each in value.items():
        if key not in plain and each:
            yield Block("heading", str(key), 1)
            yield from _part(each, str(key))


def _part(value: object, path: str) -> Iterator[Block]:
    if isinstance(value, list) and (rows := _rows(value)) is not None and (block := table(rows)):
        yield block
    else:
        yield from _lists(_lines(value, path, 0))


def _rows(records: Sequence[object]) -> list[list[str]] | None:
    """The records as rows, if they are alike, short and flat."""
    if len(records) < 2 or not all(isinstance(record, Mapping) for record in records):
        return None
    maps = [record for record in records if isinstance(record, Mapping)]
    keys = list(dict.fromkeys(key for record in maps for key in record))
    if len(keys) > _MOST_COLUMNS or sum(map(len, maps)) < len(keys) * len(maps) * 0.7:
        return None
    rows = [[_scalar(record.get(key)) for key in keys] for record in maps]
    if any(cell is None or len(cell) > _LONG_CELL for row in rows for cell in row):
        return None
    return [keys, *([cell or "" for cell in row] for row in rows)]


def _lines(value: object, path: str, depth: int) -> Iterator[str]:
    """``path: value`` for each value; a list of plain values is one line."""
    if depth > _DEEPEST:
        raise UnreadableDocument(f"It is nested more than {_DEEPEST} levels deep.", status="unsupported")
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _lines(each, f"{path}.{key}" if path else str(key), depth + 1)
    elif isinstance(value, list):
        scalars = [_scalar(each) for each in value]
        if all(each is not None and len(each) < _LONG_CELL for each in scalars) and len(value) <= _LINES_A_BLOCK:
            if value:
                yield _line(path, ", ".join(each or "" for each in scalars))
            return
        for number, each in enumerate(value, start=1):
            if isinstance(each, Mapping) and (record := _record(each, depth)):
                yield _line(f"{path}[{number}]", record)
                continue
            yield from _lines(each, f"{path}[{number}]", depth + 1)
    else:
        yield _line(path, _scalar(value) or "")


def _record(value: Mapping[object, object], depth: int) -> str:
    """A short object on one line, so that its values stay together; empty for a long one."""
    lines: list[str] = []
    length = 0
    for line in _lines(value, "", depth + 1):
        lines.append(line.removeprefix("- "))
        length += len(line)
        if length > _LONG_RECORD:
            return ""
    return "; ".join(lines)


def _line(path: str, text: str) -> str:
    text = " ".join(text.split())
    return f"- {path}: {text}" if path else f"- {text}"


def _scalar(value: object) -> str | None:
    """A plain value's text; None for an object or a list."""
    if isinstance(value, Mapping | list):
        return None
    return "" if value is None else ("true" if value else "false") if isinstance(value, bool) else str(value)


def _lists(lines: Iterator[str]) -> Iterator[Block]:
    held: list[str] = []
    for count, line in enumerate(lines):
        if count > _MOST_VALUES:
            raise UnreadableDocument(
                f"It has more than {_MOST_VALUES:,} values; put in the part that matters.", status="unsupported"
            )
        held.append(line)
        if len(held) == _LINES_A_BLOCK:
            yield Block("list", "\n".join(held))
            held = []
    if held:
        yield Block("list", "\n".join(held))
