"""What a loader makes of a file: a title and the blocks of its text, in reading order."""

from dataclasses import dataclass
from typing import Literal

BlockKind = Literal["heading", "paragraph", "list", "code", "table"]


@dataclass(frozen=True, slots=True)
class Block:
    """One structural piece of a document."""

    kind: BlockKind
    text: str
    """As it is shown to a person: list items and table rows one a line, code with its fences."""
    level: int = 0
    """Of a heading: 1 is the outermost."""
    page: int | None = None


@dataclass(frozen=True, slots=True)
class LoadedDocument:
    title: str
    blocks: tuple[Block, ...]
    pages: int | None = None
    remarks: tuple[str, ...] = ()
    """What was left out and why, a clear sentence each."""
