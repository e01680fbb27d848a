"""Reads the lines of a set's files."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from evaluation.errors import WrongData

R = TypeVar("R", bound=BaseModel)
T = TypeVar("T")


def read_records(file: Path, kind: type[R]) -> list[R]:
    """One record a line; raises WrongData, which names the file and the line."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise WrongData(f"The questions in {file} cannot be read: {reason}.") from error
    records = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            records.append(kind.model_validate_json(line))
        except ValidationError as error:
            raise WrongData(f"Line {number} of {file} is not what this set consists of.") from error
    if not records:
        raise WrongData(f"There are no questions in {file}.")
    return records


def spread(items: Sequence[T], limit: int | None) -> list[T]:
    """At most `limit` items, evenly over all of them: files are often sorted by agent."""
    if limit is None or limit >= len(items):
        return list(items)
    return [items[number * len(items) // limit] for number in range(limit)]
