"""One shelf as it was at one generation: everything a search needs, never changed."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from knowledge.artefacts import Artefacts
from knowledge.chunking import Chunk
from knowledge.facets import OPENING, Facets, facets_of
from knowledge.index import DenseIndex
from knowledge.lexical import IndexedPassage, LexicalIndex, terms
from knowledge.manifest import Entry
from knowledge.mentions import Names, names_of
from knowledge.passages import Passage, figures, prefixed, spoken
from knowledge.stretch import joined, passage_id

_COMMON = 0.02
"""A word in a larger share of the passages is a word and not the name of a document, whatever that is called."""
_RARE = 3


@dataclass(frozen=True)
class LoadedEntry:
    """A document with its passages in memory; the vectors of its sentences stay on disk."""

    entry: Entry
    chunks: tuple[Chunk, ...]

    @cached_property
    def facets(self) -> Facets:
        opening = ""
        for chunk in self.chunks:
            opening += f"{chunk.section}\n{chunk.text}\n"
            if len(opening) >= OPENING:
                break
        return facets_of(self.entry.title, self.entry.source, opening[:OPENING])

    @cached_property
    def tables(self) -> frozenset[int]:
        """The ordinals of passages with a table."""
        told = enumerate(chunk.sentences for chunk in self.chunks)
        return frozenset(ordinal for ordinal, sentences in told if any(each.kind == "row" for each in sentences))

    def text(self, ordinal: int) -> str:
        """A passage with its title and section."""
        chunk = self.chunks[ordinal]
        return prefixed(self.entry.title, chunk.section, chunk.text)

    def indexed(self) -> list[IndexedPassage]:
        entry = self.entry
        return [
            IndexedPassage(
                row,
                entry.id,
                prefixed(entry.title, chunk.section, spoken(chunk.text)),
                figures(chunk.text),
            )
            for row, chunk in zip(entry.rows, self.chunks, strict=True)
        ]

    def stretch(self, ordinals: range) -> Chunk:
        """Neighbouring passages as one."""
        return joined(self.chunks[ordinals.start : ordinals.stop])

    def passage(self, base: str, ordinals: range, score: float = 0.0) -> Passage:
        chunk = self.stretch(ordinals)
        return Passage(
            id=passage_id(self.entry.id, ordinals),
            base=base,
            document=self.entry.id,
            source=self.entry.source,
            title=self.entry.title,
            section=chunk.section,
            page=chunk.page,
            text=chunk.text,
            score=score,
        )

    def sentence_rows(self, ordinals: range) -> slice:
        """Where the sentences of neighbouring passages are among all of the document's."""
        return slice(self._ends[ordinals.start], self._ends[ordinals.stop])

    @cached_property
    def _ends(self) -> tuple[int, ...]:
        """Where the sentences of each passage end, from 0 before the first."""
        return tuple(accumulate((len(chunk.sentences) for chunk in self.chunks), initial=0))


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

    @cached_property
    def companies(self) -> frozenset[str]:
        """Those that its documents are about."""
        return frozenset(name for loaded in self.entries for name in loaded.facets.companies)

    @cached_property
    def formats(self) -> frozenset[str]:
        """What its documents' files are."""
        return frozenset(loaded.entry.format for loaded in self.entries if loaded.entry.format)

    @cached_property
    def names(self) -> Names[LoadedEntry]:
        """Documents by what a text may call them."""
        named: dict[str, tuple[LoadedEntry, ...]] = {}
        for loaded in self.entries:
            for name in {*names_of(loaded.entry.title, loaded.entry.source)}:
                if not self._is_common(name, loaded):
                    named[name] = (*named.get(name, ()), loaded)
        return Names(named)

    def _is_common(self, name: str, loaded: LoadedEntry) -> bool:
        """Whether a name of one word is a word that other documents use."""
        words = terms(name)
        if " " in name or not words:
            return not words
        elsewhere = self.lexical.frequency(words[0]) - loaded.entry.passages
        return elsewhere > max(_RARE, _COMMON * self.passages)

    def at(self, row: int) -> tuple[LoadedEntry, int] | None:
        """The document and ordinal of a row."""
        return self._by_row.get(row)

    def rows_of(self, entries: Iterable[LoadedEntry]) -> NDArray[np.bool_]:
        """By row, whether it belongs to one of these documents."""
        rows = np.zeros(max(self._by_row, default=-1) + 1, dtype=np.bool_)
        for loaded in entries:
            rows[loaded.entry.first_row : loaded.entry.rows.stop] = True
        return rows

    def find(self, document: str) -> LoadedEntry | None:
        return next((loaded for loaded in self.entries if loaded.entry.id == document), None)
