"""Files to blocks. A new format is one module here and one line in `LOADERS`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from knowledge.blocks import LoadedDocument
from knowledge.errors import UnreadableDocument
from knowledge.loaders.markdown import load_markdown
from knowledge.loaders.pdf import load_pdf
from knowledge.loaders.text import load_table, load_text


class Loader(Protocol):
    def __call__(self, content: bytes, name: str) -> LoadedDocument:
        """Blocks of the file's content; `name` is its file name. Raises UnreadableDocument. Blocking."""


LOADERS: Mapping[str, Loader] = {
    ".md": load_markdown,
    ".markdown": load_markdown,
    ".txt": load_text,
    ".text": load_text,
    ".rst": load_text,
    ".log": load_text,
    ".json": load_text,
    ".eml": load_text,
    ".csv": load_table,
    ".tsv": load_table,
    ".pdf": load_pdf,
}
"""By lower-case file extension."""


def load(content: bytes, name: str) -> LoadedDocument:
    """The document in a file. Raises UnreadableDocument with the reason for a person."""
    if not content.strip():
        raise UnreadableDocument("The file is empty.")
    extension = Path(name).suffix.lower()
    loader = LOADERS.get(extension)
    if loader is None:
        known = ", ".join(sorted(LOADERS))
        kind = f"{extension} files" if extension else "Files without an extension"
        raise UnreadableDocument(f"{kind} cannot be read; these can: {known}.")
    document = loader(content, name)
    if not any(character.isalnum() for block in document.blocks for character in block.text):
        raise UnreadableDocument("There is no text in it.")
    return document


__all__ = ["LOADERS", "Loader", "load"]
