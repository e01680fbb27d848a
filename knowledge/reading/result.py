"""What reading a file gives."""

from dataclasses import dataclass
from typing import Literal

from knowledge.chunking import Chunk


@dataclass(frozen=True, slots=True)
class ReadingProgress:
    """`done` of `total` pages are read; both 0 where the format has no pages."""

    stage: Literal["reading", "splitting"]
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """A document that is read and cut, ready to be embedded."""

    title: str
    format: str
    """What it is by its content, such as "PDF"."""
    pages: int | None
    """Pages, slides or sheets; None for formats without them."""
    language: str
    """ISO 639-1; empty when it cannot be told."""
    remarks: tuple[str, ...]
    """What was left out and why, a sentence each."""
    chunks: tuple[Chunk, ...]
    text: str
    """All that was read, before it was cut."""
