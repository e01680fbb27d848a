"""How a file gets onto a shelf: copied, read, cut, embedded, put."""

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from knowledge.embedding_thread import EmbeddingThread
from knowledge.errors import UnreadableDocument
from knowledge.incoming import Incoming, SourceFile, Upload, packing
from knowledge.ingestion import Draft, Prepared, chunking_recipe, embed
from knowledge.keeping import Keeping
from knowledge.manifest import Entry
from knowledge.package import Package
from knowledge.progress import Ingested, Progress
from knowledge.reading import Reader, ReadingProgress
from knowledge.settings import KnowledgeSettings
from knowledge.shelf import Shelf
from knowledge.shelves import Shelves
from knowledge.threads import Threads

Report = Callable[[Progress], None]


class Intake:
    """One for all that a process takes in, what the catalog brings included."""

    def __init__(
        self,
        shelves: Shelves,
        keeping: Keeping,
        incoming: Incoming,
        settings: KnowledgeSettings,
        embedder: str,
        embedding: EmbeddingThread,
        threads: Threads,
    ) -> None:
        self._shelves = shelves
        self._keeping = keeping
        self._incoming = incoming
        self._settings = settings
        self._embedder = embedder
        self._embedding = embedding
        self._threads = threads
        self._reader = Reader(settings)

    async def start_ahead(self) -> None:
        """Start the process that reads before there is a file: that takes longer than reading most of them."""
        await self._reader.start_ahead()

    async def close(self) -> None:
        """Ends the processes that read."""
        await self._reader.close()

    async def take_in(self, shelf: Shelf, upload: Upload, report: Report) -> Ingested:
        """Raises StorageError and ModelUnavailable; a file that cannot be read is told in the result."""
        begun = time.monotonic()
        report(Progress(source=upload.source, stage="reading"))
        try:
            async with self.copy(upload, shelf.name.person) as file:
                done = await self._known(shelf, file, upload.path)
                if done is None:
                    done = await self._put(shelf, await self.draft(file, report), upload.path, report)
        except UnreadableDocument as error:
            done = Ingested(
                path=upload.path, source=upload.source, status="rejected", reason=str(error), read=error.status
            )
        report(Progress(source=upload.source, stage="finished", done=done.passages, total=done.passages))
        return done.model_copy(update={"seconds": time.monotonic() - begun})

    async def keep(self, shelf: Shelf, drafted: Draft, report: Report) -> Ingested:
        """The rest of `take_in` for what is read already. Raises StorageError and ModelUnavailable."""
        begun = time.monotonic()
        file = replace(drafted.file, person=shelf.name.person)
        done = await self._known(shelf, file, file.path)
        if done is None:
            done = await self._put(shelf, replace(drafted, file=file), file.path, report)
        report(Progress(source=file.source, stage="finished", done=done.passages, total=done.passages))
        return done.model_copy(update={"seconds": time.monotonic() - begun})

    async def _known(self, shelf: Shelf, file: SourceFile, path: Path) -> Ingested | None:
        """What is told of a file that is there already."""
        known = await self._threads.run(self._shelves.known, shelf.name, file.content)
        if known is None:
            return None
        another = "" if known.source == file.source else f"It is there already, as “{known.source}”."
        return _ingested(path, known).model_copy(update={"status": "unchanged", "reason": another})

    async def _put(self, shelf: Shelf, drafted: Draft, path: Path, report: Report) -> Ingested:
        prepared = await self.prepare(drafted, report)
        total = len(drafted.chunks)
        report(Progress(source=drafted.file.source, stage="indexing", done=total, total=total))
        entry = prepared.entry(seed=False, added=datetime.now(UTC))
        async with self.package() as package:
            await self._threads.finish(prepared.pack, package, original=True)
            status = await self._keeping.put(shelf, entry, package)
        told = _ingested(path, entry)
        return told.model_copy(update={"status": status, "remarks": drafted.remarks})

    @contextlib.asynccontextmanager
    async def copy(self, upload: Upload, person: str) -> AsyncIterator[SourceFile]:
        """A copy that does not change while it is read. Raises UnreadableDocument, StorageError."""
        copying = self._incoming.copy(upload, person, self._settings.max_file_megabytes * 1_000_000)
        file = await self._threads.run(copying.__enter__)
        try:
            yield file
        finally:
            await self._threads.run(copying.__exit__, None, None, None)

    def package(self) -> AbstractAsyncContextManager[Package]:
        """An empty one; what was not put onto a shelf is gone afterwards. Raises StorageError."""
        return packing(self._incoming, self._threads)

    async def draft(self, file: SourceFile, report: Report) -> Draft:
        """Read and cut it, in a process of its own. Raises UnreadableDocument."""

        def tell(progress: ReadingProgress) -> None:
            report(Progress(source=file.source, stage=progress.stage, done=progress.done, total=progress.total))

        reading = await self._reader.read(file.path, file.source, tell)
        return Draft(
            file,
            reading.title,
            reading.chunks,
            chunking_recipe(self._settings),
            reading.format,
            reading.pages,
            reading.language,
            reading.remarks,
        )

    async def prepare(self, drafted: Draft, report: Report) -> Prepared:
        """Embed a document that is cut. Raises ModelUnavailable."""
        total, done = len(drafted.chunks), 0

        def count(more: int) -> None:
            nonlocal done
            done += more
            report(Progress(source=drafted.file.source, stage="embedding", done=done, total=total))

        return await embed(drafted, self._embedding, self._embedder, count, sentences_too=self._keeping.shared)


def _ingested(path: Path, entry: Entry) -> Ingested:
    return Ingested(
        path=path,
        source=entry.source,
        status="added",
        document=entry.id,
        title=entry.title,
        format=entry.format,
        pages=entry.pages,
        language=entry.language,
        passages=entry.passages,
    )
