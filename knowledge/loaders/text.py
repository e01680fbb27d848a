"""Plain text by its blank lines, and delimited tables by their rows."""

import re
from pathlib import Path

from knowledge.blocks import Block, LoadedDocument
from knowledge.loaders.encoding import decode
from knowledge.sentences import starts_item

_BLANK = re.compile(r"\n\s*\n")


def load_text(content: bytes, name: str) -> LoadedDocument:
    blocks = tuple(
        Block("list" if starts_item(part) else "paragraph", part.strip("\n"))
        for part in _BLANK.split(decode(content))
        if part.strip()
    )
    return LoadedDocument(Path(name).stem, blocks)


def load_table(content: bytes, name: str) -> LoadedDocument:
    """Comma or tab separated values, as the rows of one table whose first row names the columns."""
    import csv
    import io

    delimiter = "\t" if name.lower().endswith(".tsv") else ","
    rows = [row for row in csv.reader(io.StringIO(decode(content)), delimiter=delimiter) if any(row)]
    lines = ["| " + " | ".join(cell.strip().replace("|", "/") for cell in row) + " |" for row in rows]
    return LoadedDocument(Path(name).stem, (Block("table", "\n".join(lines)),))
