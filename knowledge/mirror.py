"""Keeps a folder's shelves in line with the record: what is gone there goes, what is new there is fetched."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Collection

from knowledge.errors import KnowledgeError, StorageDamaged, StorageError, UnknownDocument
from knowledge.incoming import Incoming, packing
from knowledge.joining import join
from knowledge.lock import FolderLock
from knowledge.manifest import Entry, Manifest
from knowledge.record import Mark, Record
from knowledge.shelf import Shelf
from knowledge.shelf_name import ShelfName
from knowledge.shelves import Shelves
from knowledge.threads import Threads

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
"""What was put in or taken out elsewhere is noticed this often; it has to be found everywhere within two seconds."""
SETTLE_SECONDS = 1.0
"""Indexes are stored at most this often, for all changes together; a search does not wait for it."""
TRY_AGAIN_SECONDS = 2.0
"""Between attempts to fetch what could not be fetched: each of them may be many megabytes."""


class Mirror:
    """One per process. Several on one folder fetch each document once.

    Removals are followed at the next look, whatever is being fetched meanwhile. While the record is away the folder
    answers as it is.
    """

    def __init__(
        self,
        record: Record,
        shelves: Shelves,
        incoming: Incoming,
        threads: Threads,
        bases: Collection[str] | None,
    ) -> None:
        """`bases`: what this process answers from; None for all."""
        self._record = record
        self._shelves = shelves
        self._incoming = incoming
        self._threads = threads
        self._bases = bases
        self._fetching = FolderLock(shelves.folder / ".fetching.lock")
        self._mark = Mark("", 0)
        self._reached: dict[str, int] = {}
        """By record: the highest generation that was heard of."""
        self._lacking: set[ShelfName] = set()
        """Shelves with documents that are still to be fetched."""
        self._noted = 0
        """How often some were found."""
        self._lacks = asyncio.Event()
        self._unsettled: set[Shelf] = set()
        """Shelves that have changed since their indexes were stored."""
        self._unsettles = asyncio.Event()
        self._damaged: set[str] = set()
        """Uploads that cannot be fetched."""
        self._caught_up = asyncio.Event()
        self._troubles: set[str] = set()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look_on())
            group.create_task(self._fetch_on())
            group.create_task(self._settle_on())

    async def caught_up(self) -> None:
        """Wait until the folder was in line once; where the record is away, until that is known."""
        await self._caught_up.wait()

    async def follow(self, shelf: Shelf) -> None:
        """Bring a shelf in line now, except for what has to be fetched. Raises RecordUnavailable, StorageError."""
        listing = await self._record.listing(shelf.name)
        manifest = await self._threads.run(shelf.manifest)
        joining = manifest.record != listing.record
        if joining or _has_strangers(manifest):
            listing = await join(shelf, manifest, listing, self._record, self._threads)
        if await self._threads.run(shelf.follow, listing, joining=joining):
            self._unsettle(shelf)
        self._note_missing(shelf.name, await self._threads.run(shelf.manifest))

    async def _look_on(self) -> None:
        while True:
            async with self._tolerant("looking"):
                await self._look()
                if not self._lacking:
                    self._caught_up.set()
            if self._lacking:
                self._lacks.set()
            await asyncio.sleep(LOOK_SECONDS)

    async def _fetch_on(self) -> None:
        while True:
            await self._lacks.wait()
            self._lacks.clear()
            async with self._tolerant("fetching"):
                await self._fetch_missing()
                if not self._lacking:
                    self._caught_up.set()
            if "fetching" in self._troubles:
                await asyncio.sleep(TRY_AGAIN_SECONDS)

    async def _settle_on(self) -> None:
        while True:
            await self._unsettles.wait()
            self._unsettles.clear()
            while self._unsettled:
                async with self._tolerant("indexing"):
                    await self._threads.run(self._unsettled.pop().settle)
            await asyncio.sleep(SETTLE_SECONDS)

    def _unsettle(self, shelf: Shelf) -> None:
        """Indexing goes on beside looking and fetching, which it would hold up; a search that is faster does it."""
        self._unsettled.add(shelf)
        self._unsettles.set()

    @contextlib.asynccontextmanager
    async def _tolerant(self, what: str) -> AsyncIterator[None]:
        """Trouble is told once and outlived: the folder answers as it is."""
        try:
            yield
        except KnowledgeError as error:
            tell = log.debug if what in self._troubles else log.warning
            tell("the documents of others have to wait: %s", error)
            self._troubles.add(what)
            self._caught_up.set()
        except Exception:
            # The boundary of a background task: the next look may be better, and the folder answers meanwhile.
            log.exception("the record of the documents cannot be followed")
            self._troubles.add(what)
            self._caught_up.set()
        else:
            self._troubles.discard(what)

    async def _look(self) -> None:
        if not self._mark.record:
            self._reached = await self._threads.run(self._reached_before)
        mark = await self._record.look()
        reached = self._reached.get(mark.record, 0)
        # A change that was made here may have been faster than the look: the second one comes after it.
        if mark.generation < reached and (mark := await self._record.look()).generation < reached:
            log.warning("the record of the documents is older than this copy of it; what it lacks is brought again")
            await self._record.refound(mark.record)
            mark = await self._record.look()
        if mark == self._mark:
            return
        self._reached[mark.record] = max(mark.generation, self._reached.get(mark.record, 0))
        if mark.record == self._mark.record:
            changed = await self._record.changed(self._mark.generation)
        else:
            # The first look, or another record than before: everything here has to be compared.
            here = await self._threads.run(self._shelves.everything)
            changed = {shelf.name: 0 for shelf in here} | await self._record.changed(0)
        trouble: StorageError | None = None
        for name in sorted(changed, key=lambda name: (name.base, name.person)):
            if self._bases is None or name.base in self._bases:
                try:
                    await self._catch_up(self._shelves.get(name.base, name.person), mark.record, changed[name])
                except StorageError as error:
                    trouble = error  # of one shelf; the others go on
        if trouble is not None:
            raise trouble
        self._mark = mark

    def _reached_before(self) -> dict[str, int]:
        """How far this folder has followed each record."""
        reached: dict[str, int] = {}
        for shelf in self._shelves.everything():
            manifest = shelf.manifest()
            heard = (manifest.recorded, *(entry.recorded for entry in manifest.documents))
            reached[manifest.record] = max(reached.get(manifest.record, 0), *heard)
        return reached

    def made(self, entry: Entry) -> None:
        """Hear of a change that this process has made: the record may be put back before the next look."""
        self._reached[self._mark.record] = max(entry.recorded, self._reached.get(self._mark.record, 0))

    async def _catch_up(self, shelf: Shelf, record: str, generation: int) -> None:
        """Another process on this folder may have been faster."""
        manifest = await self._threads.run(shelf.manifest)
        if manifest.record != record or manifest.recorded < generation or _has_strangers(manifest):
            await self.follow(shelf)
        else:
            self._note_missing(shelf.name, manifest)

    def _note_missing(self, name: ShelfName, manifest: Manifest) -> None:
        if manifest.missing:
            self._lacking.add(name)
            self._noted += 1
            self._lacks.set()

    async def _fetch_missing(self) -> None:
        held = self._fetching.acquire_at_once()  # not in a thread: whoever is cancelled then would hold it for ever
        if held is None:
            return  # another process on this folder fetches; the next look tells what is left
        try:
            for name in sorted(self._lacking, key=lambda name: (name.base, name.person)):
                await self._fetch_for(self._shelves.get(name.base, name.person))
        finally:
            held.release()

    async def _fetch_for(self, shelf: Shelf) -> None:
        fetched = 0
        while True:
            noted = self._noted
            if (entry := await self._next(shelf)) is None:
                if noted == self._noted:
                    break
                continue  # a look has found more while the list was read
            try:
                async with packing(self._incoming, self._threads) as package:
                    async for name, part in self._record.fetch(entry):
                        await self._threads.finish(package.append, name, part)
                    await self._threads.finish(package.finish)
                    await self._threads.finish(shelf.put, entry, package)
                fetched += 1
            except (UnknownDocument, StorageDamaged):
                # Taken out while it was fetched, as the next look will tell; or damaged in the record.
                log.info("the document %s of %s could not be fetched", entry.id, shelf.name.base)
                self._damaged.add(entry.upload)
        self._lacking.discard(shelf.name)
        if fetched:
            self._unsettle(shelf)

    async def _next(self, shelf: Shelf) -> Entry | None:
        """Read anew each time: what is missing may have been taken out, or fetched by another process."""
        missing = (await self._threads.run(shelf.manifest)).missing
        wanted = [entry for entry in missing if entry.upload not in self._damaged]
        return min(wanted, key=lambda entry: entry.size, default=None)


def _has_strangers(manifest: Manifest) -> bool:
    """Whether something was put in while there was no record: it is not in the record either."""
    return any(not entry.seed and not entry.upload for entry in manifest.documents)
