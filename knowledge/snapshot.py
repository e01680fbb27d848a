"""One shelf as it was at one generation: everything a search needs, never changed."""

from dataclasses import dataclass, field
from itertools import accumulate

from knowledge.artefacts import Artefacts
from knowledge.chunking import Chunk
from knowledge.index import DenseIndex
from knowledge.lexical import IndexedPassage, LexicalIndex
from knowledge.manifest import Entry
from knowledge.passages import Passage, prefixed


@dataclass(frozen=True)
class LoadedEntry:
    """A document with its passages in memory; the vectors of its sentences stay on disk."""

    entry: Entry
    chunks: tuple[Chunk, ...]

    def indexed(self) -> list[IndexedPassage]:
        entry = self.entry
        return [
            IndexedPassage(row, entry.id, prefixed(entry.title, chunk.section, chunk.text))
            for row, chunk in zip(entry.rows, self.chunks, strict=True)
        ]

    def passage(self, base: str, ordinal: int, score: float = 0.0) -> Passage:
        chunk = self.chunks[ordinal]
        return Passage(
            id=f"{self.entry.id}#{ordinal}",
            base=base,
            document=self.entry.id,
            source=self.entry.source,
            title=self.entry.title,
            section=chunk.section,
            page=chunk.page,
            text=chunk.text,
            score=score,
        )

    def sentence_rows(self, ordinal: int) -> slice:
        """Where the sentences of a passage are among all of the document's."""
        ends = list(accumulate(len(chunk.sentences) for chunk in self.chunks))
        return slice(ends[ordinal] - len(self.chunks[ordinal].sentences), ends[ordinal])


@dataclass(frozen=True)
class Snapshot:
    base: str
    """The agent's name."""
    key: str
    """Names its documents and their rows; the indexes on disk carry it."""
    entries: tuple[LoadedEntry, ...]
    dense: DenseIndex
    lexical: LexicalIndex
    artefacts: Artefacts
    _by_row: dict[int, tuple[LoadedEntry, int]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        rows = {row: (loaded, ordinal) for loaded in self.entries for ordinal, row in enumerate(loaded.entry.rows)}
        object.__setattr__(self, "_by_row", rows)

    @property
    def passages(self) -> int:
        return len(self._by_row)

    def at(self, row: int) -> tuple[LoadedEntry, int] | None:
        """The document and ordinal of a row."""
        return self._by_row.get(row)

    def find(self, document: str) -> LoadedEntry | None:
        return next((loaded for loaded in self.entries if loaded.entry.id == document), None)
