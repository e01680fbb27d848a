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
    """What a loader gives."""

    title: str
    blocks: tuple[Block, ...]
    pages: int | None = None
    """Pages, slides or sheets; None for formats without them."""
    remarks: tuple[str, ...] = ()
    """What was left out and why, one clear sentence each."""
    format: str = ""
    """What the file is, by its content, such as "PDF"; set by `knowledge.loaders.load`."""

    @property
    def text(self) -> str:
        """Everything that was read, blocks parted by a blank line."""
        texts = [block.text for block in self.blocks]
        return "\n\n".join(texts if self.title in texts else [self.title, *texts])
