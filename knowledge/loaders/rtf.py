"""Rich Text Format, with striprtf; it knows paragraphs and table rows and no headings."""

import re
from collections.abc import Callable, Iterator

from knowledge.blocks import Block, LoadedDocument
from knowledge.loaders.tables import table
from knowledge.loaders.titles import titled
from knowledge.names import stem_of
from knowledge.sentences import starts_item

_TITLE = re.compile(r"\{\\title ([^{}\\]{1,200})\}")


def load_rtf(content: bytes, name: str, progress: Callable[[int, int], None]) -> LoadedDocument:
    """Raises whatever striprtf raises for a damaged file."""
    from striprtf.striprtf import rtf_to_text

    source = content.decode("latin-1")  # RTF is ASCII; other characters are written as escapes
    text: str = rtf_to_text(source, encoding="cp1252", errors="ignore")  # type: ignore[no-untyped-call]
    title = _TITLE.search(source[:20_000])
    named, rest = titled(list(_blocks(text)), title.group(1) if title else "", stem_of(name))
    return LoadedDocument(named, rest)


def _blocks(text: str) -> Iterator[Block]:
    """A line is a paragraph; rows of a table have a bar after each cell, items of a list follow each other."""
    rows: list[list[str]] = []
    items: list[str] = []
    for line in [*text.split("\n"), ""]:
        stripped = line.strip()
        if rows and not stripped.endswith("|"):
            if block := table(rows):
                yield block
            rows = []
        if items and not starts_item(stripped):
            yield Block("list", "\n".join(items))
            items = []
        if stripped.endswith("|"):
            rows.append(stripped[:-1].split("|"))
        elif starts_item(stripped):
            items.append(stripped)
        elif stripped:
            yield Block("paragraph", stripped)
