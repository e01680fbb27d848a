"""Plain text by its blank lines."""

import re
from collections.abc import Callable, Iterator

from knowledge.blocks import Block, LoadedDocument
from knowledge.loaders.encoding import decode
from knowledge.names import stem_of
from knowledge.sentences import starts_item

_BLANK = re.compile(r"\n[^\S\n]*\n")


def load_text(content: bytes, name: str, progress: Callable[[int, int], None]) -> LoadedDocument:
    """Raises UnreadableDocument for what is not text."""
    return LoadedDocument(stem_of(name), tuple(text_blocks(decode(content))))


def text_blocks(text: str) -> Iterator[Block]:
    """Paragraphs, and lists where a paragraph begins with an item."""
    for part in _BLANK.split(text):
        if part.strip():
            yield Block("list" if starts_item(part) else "paragraph", part.strip("\n"))
