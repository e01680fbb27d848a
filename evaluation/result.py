"""What a measurement takes and gives."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel

from knowledge import Knowledge

Tell = Callable[[str], None]
"""Takes a line about how far it is."""


class Result(BaseModel, frozen=True):
    """The figures of one set."""

    set: str
    figures: dict[str, float]
    """Shares from 0 to 1, unless the name says otherwise."""
    counts: dict[str, int]
    """How many items the figures rest on."""
    embedder: str = ""
    seconds: float = 0.0


class EvaluationSet(Protocol):
    """Questions with known answers."""

    async def measure(self, folder: Path, knowledge: Knowledge, limit: int | None, tell: Tell) -> Result:
        """Ask at most `limit` questions of each kind; `knowledge` begins empty. Raises WrongData."""
