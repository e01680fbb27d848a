"""How a change is made: in the folder, or in the record first and then in the folder."""

import contextlib
from typing import Literal, Protocol

from knowledge.errors import StorageDamaged, UnknownDocument
from knowledge.manifest import Entry
from knowledge.mirror import Mirror
from knowledge.package import Package
from knowledge.record import Record
from knowledge.shelf import Shelf
from knowledge.shelves import Shelves
from knowledge.threads import Threads


class Keeping(Protocol):
    """Each change is made wholly or not at all. Raises StorageError, and RecordUnavailable where there is a record."""

    shared: bool
    """Whether other machines take over what is kept: then it is kept with all its vectors, so that they make none."""

    async def look(self, shelf: Shelf) -> None:
        """Before something is put in: see what others did meanwhile, and whether a change is possible at all."""

    async def put(self, shelf: Shelf, entry: Entry, package: Package) -> Literal["added", "replaced"]:
        """Put a document in, in place of the one of the same name."""

    async def remove(self, shelf: Shelf, entry: Entry) -> None:
        """Take a document out, one of the catalog for good."""

    async def move(self, shelf: Shelf, entry: Entry, to: Shelf) -> None:
        """Give a document to another base."""


class FolderKeeping:
    """The folder is all there is."""

    shared = False

    def __init__(self, threads: Threads) -> None:
        self._threads = threads

    async def look(self, shelf: Shelf) -> None:
        """The folder is read anew at each use."""

    async def put(self, shelf: Shelf, entry: Entry, package: Package) -> Literal["added", "replaced"]:
        return await self._threads.finish(shelf.put, entry, package)

    async def remove(self, shelf: Shelf, entry: Entry) -> None:
        await self._threads.run(shelf.drop, [entry.id], [entry.source] if entry.seed else [])

    async def move(self, shelf: Shelf, entry: Entry, to: Shelf) -> None:
        # What it was in a record is nothing here: the folder is all there is.
        if await self._threads.run(to.take, shelf, entry.model_copy(update={"upload": "", "recorded": 0})):
            await self.remove(shelf, entry)


class RecordKeeping:
    """What counts is what the record has accepted; a process that dies then, finds the rest there."""

    shared = True

    def __init__(self, record: Record, mirror: Mirror, shelves: Shelves, threads: Threads) -> None:
        self._record = record
        self._mirror = mirror
        self._shelves = shelves
        self._threads = threads

    async def look(self, shelf: Shelf) -> None:
        for person in {"", shelf.name.person}:
            await self._mirror.follow(self._shelves.get(shelf.name.base, person))

    async def put(self, shelf: Shelf, entry: Entry, package: Package) -> Literal["added", "replaced"]:
        recorded = await self._record.put(shelf.name, entry, package.files())
        assert recorded is not None, "it takes whoever's place"
        self._mirror.made(recorded.entry)
        here = await self._threads.finish(shelf.put, recorded.entry, package)
        # A look may have taken the version before off the shelf already.
        return "replaced" if recorded.replaced else here

    async def remove(self, shelf: Shelf, entry: Entry) -> None:
        if entry.seed:
            await self._record.unwant(shelf.name, [entry.source])
        elif entry.upload:
            removed = await self._record.remove(shelf.name, entry)
            await self._mirror.follow(shelf)
            if not removed:
                raise UnknownDocument("It is gone already, or somebody has just put in another version.")
        else:  # put in while there was no record, and not brought into it yet
            await self._threads.run(shelf.drop, [entry.id])
        await self._mirror.follow(shelf)

    async def move(self, shelf: Shelf, entry: Entry, to: Shelf) -> None:
        await self._mirror.follow(to)
        if entry.upload:
            moved = await self._record.move(shelf.name, entry, to.name)
            # It has moved; where a look was faster here, its files are gone and are fetched for the other shelf.
            with contextlib.suppress(StorageDamaged):
                await self._threads.run(to.take, shelf, moved)
            await self._mirror.follow(to)
            await self._mirror.follow(shelf)
        else:
            files = await self._threads.run(shelf.files, entry)
            put = await self._record.put(to.name, entry.model_copy(update={"seed": False}), files)
            assert put is not None, "it takes whoever's place"
            if await self._threads.run(to.take, shelf, put.entry):
                await self.remove(shelf, entry)
