"""Where people's documents are when several machines share them: what a record can do, and what it says.

The folders of all processes are copies of it. Redis keeps one (orchestration/redis_record.py); without one the folder
is all there is.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from pydantic import BaseModel

from knowledge.manifest import Entry, Manifest
from knowledge.shelf_name import ShelfName


class Mark(NamedTuple):
    """Which record it is, and how many changes it has seen."""

    record: str
    generation: int


class Recorded(NamedTuple):
    """A document that was brought in."""

    entry: Entry
    replaced: bool
    """Whether it took the place of another one."""


class Listing(BaseModel, frozen=True):
    """What the record says of one shelf at one moment."""

    record: str
    generation: int
    """Of the whole record."""
    documents: tuple[Entry, ...] = ()
    unwanted: frozenset[str] = frozenset()

    def named(self, source: str) -> Entry | None:
        return next((entry for entry in self.documents if entry.source == source), None)

    def applied_to(self, manifest: Manifest, person: str) -> Manifest:
        """The shelf in line with the record: what is gone there is gone, what is new there is `missing`.

        What was never in a record stays, and so does what came into this one after the listing was made.
        """
        listed = {entry.source: entry for entry in self.documents}
        kept: list[Entry] = []
        for entry in manifest.documents:
            here = listed.get(entry.source)
            newer = entry.recorded > self.generation and manifest.record in ("", self.record)
            if entry.seed:
                if here is None and entry.source not in self.unwanted:
                    kept.append(entry)
                continue
            if here is not None and here.id == entry.id and not newer:
                # The same content: whatever was made of it here serves.
                taken = {"upload": here.upload, "recorded": here.recorded, "added": here.added, "origin": here.origin}
                kept.append(entry.model_copy(update=taken))
            elif newer or not entry.upload:
                kept.append(entry)
            else:
                continue
            listed.pop(entry.source, None)
        in_line = manifest.model_copy(
            update={
                "person": person,
                "documents": tuple(kept),
                "unwanted": self.unwanted,
                "record": self.record,
                "recorded": self.generation,
                "missing": tuple(listed.values()),
            }
        )
        if in_line == manifest:
            return manifest
        return in_line.model_copy(update={"generation": manifest.generation + 1})


class Record(Protocol):
    """Every method raises RecordUnavailable where the record does not answer or refuses."""

    async def look(self) -> Mark:
        """The cheapest question. An empty record gets its id here."""

    async def refound(self, record: str) -> None:
        """Let this record go on as another one: it was put back to an older state, from a backup or a replica."""

    async def changed(self, since: int) -> dict[ShelfName, int]:
        """The shelves that changed after this generation, each with that of its latest change."""

    async def listing(self, shelf: ShelfName) -> Listing:
        """What is on a shelf."""

    async def put(
        self, shelf: ShelfName, entry: Entry, files: Mapping[str, Path], *, instead: str | None = None
    ) -> Recorded | None:
        """Bring in a document with its files, wholly or not at all, in place of the one of the same name.

        `instead`: only where that one is this upload, or none is there where it is empty; else None is returned.
        """

    async def remove(self, shelf: ShelfName, entry: Entry) -> bool:
        """Take a document out, if it is still the one of that name; whether it was."""

    async def move(self, shelf: ShelfName, entry: Entry, to: ShelfName) -> Entry:
        """Give a document to another base. Raises UnknownDocument where it is gone, NameTaken where another one is."""

    async def unwant(self, shelf: ShelfName, sources: Iterable[str]) -> None:
        """Let no machine bring these documents of its catalog again."""

    def fetch(self, entry: Entry) -> AsyncIterator[tuple[str, bytes]]:
        """The parts of a document's files, each with the file's name. Raises UnknownDocument where it is gone."""

    async def inherited(self, shelf: ShelfName, record: str) -> int:
        """Up to which generation the documents of an earlier record were brought into this one; -1 for none."""

    async def inherit(self, shelf: ShelfName, record: str, generation: int) -> None:
        """Say that they were, up to this one."""
