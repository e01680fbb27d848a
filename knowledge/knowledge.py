"""All knowledge bases of one process: what the other packages use."""

import asyncio
import contextlib
import logging
import operator
import threading
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from knowledge.embedding import Embedder
from knowledge.embedding_thread import EmbeddingThread, Urgency
from knowledge.errors import NameTaken, StorageDamaged, UnknownDocument
from knowledge.files import make_folder
from knowledge.incoming import Incoming, SourceFile, Upload
from knowledge.ingestion import Draft, chunking_recipe
from knowledge.intake import Intake
from knowledge.keeping import FolderKeeping, Keeping, RecordKeeping
from knowledge.kept import KeptVectors
from knowledge.leisure import Quoted, SentenceVectors
from knowledge.lock import FolderLock
from knowledge.manifest import Entry
from knowledge.mirror import Mirror
from knowledge.passages import Hit, Matrix, Passage, Vector
from knowledge.progress import Document, Ingested, KnowledgeStatus, Progress
from knowledge.record import Record
from knowledge.retrieval import rarity, search
from knowledge.seeding import Recipe, Seeding
from knowledge.settings import KnowledgeSettings
from knowledge.shelf import Shelf
from knowledge.shelves import Shelves
from knowledge.snapshot import LoadedEntry, Snapshot
from knowledge.status_board import StatusBoard
from knowledge.stretch import parse_passage_id
from knowledge.threads import Threads

log = logging.getLogger(__name__)

_TEXTS_A_BATCH = 32


class Knowledge:
    """Made by `open_knowledge`. Nothing here blocks the event loop for longer than reading one small file."""

    def __init__(
        self,
        folder: Path,
        settings: KnowledgeSettings,
        embedder: Embedder,
        record: Record | None = None,
        bases: Collection[str] | None = None,
    ) -> None:
        self.settings = settings
        self.board = StatusBoard()
        self.embedder = embedder
        self.threads = Threads()
        self.embedding = EmbeddingThread(embedder)
        self.shelves = Shelves(folder, embedder.name)
        self.incoming = Incoming(folder, self.shelves.lock)
        self.keeping: Keeping = FolderKeeping(self.threads)
        self.mirror: Mirror | None = None
        if record is not None:
            self.mirror = Mirror(record, self.shelves, self.incoming, self.threads, bases)
            self.keeping = RecordKeeping(record, self.mirror, self.shelves, self.threads)
        self.intake = Intake(
            self.shelves, self.keeping, self.incoming, settings, embedder.name, self.embedding, self.threads
        )
        self.sentences = SentenceVectors(self.embedding, self.threads)
        self.documents_expected = asyncio.Event()
        self._kept = KeptVectors(folder / ".kept.sqlite", embedder.name)

    @property
    def status(self) -> KnowledgeStatus:
        """How far the seeding is, at this moment."""
        return self.board.status

    async def wait_ready(self) -> None:
        """Raises KnowledgeUnavailable with one clear sentence if the seeding failed."""
        await self.board.wait_ready()

    def watch(self) -> AsyncIterator[KnowledgeStatus]:
        """The status now, then each change, up to "ready" or "failed"."""
        return self.board.watch()

    def expect_documents(self) -> None:
        """For a process into which people put documents: as soon as it is ready, the one that reads is started."""
        self.documents_expected.set()

    async def embed(self, texts: Sequence[str]) -> Matrix:
        """Shape (len(texts), 384), unit length. Goes before documents. Raises ModelUnavailable."""
        parts = [
            await self.embedding.embed(texts[start : start + _TEXTS_A_BATCH], Urgency.QUESTION)
            for start in range(0, len(texts), _TEXTS_A_BATCH)
        ]
        empty: Matrix = np.empty((0, self.embedder.dimensions), dtype=np.float32)
        return np.concatenate([empty, *parts])

    async def embed_kept(self, texts: Sequence[str]) -> Matrix:
        """Like `embed`, for texts that come back at every start: each is embedded once, ever."""
        vectors = await self.threads.run(self._kept.find, texts)
        missing = [text for text in dict.fromkeys(texts) if text not in vectors]
        if missing:
            made = dict(zip(missing, await self.embed(missing), strict=True))
            await self.threads.run(self._kept.keep, made)
            vectors.update(made)
        return np.stack([vectors[text] for text in texts]) if texts else await self.embed(())

    async def search(
        self,
        bases: Sequence[str],
        question: str,
        vector: Vector,
        *,
        person: str = "local",
        limit: int | None = None,
        sentences: bool = True,
        prefers: Collection[str] = (),
    ) -> list[Hit]:
        """The passages that answer `question`, best first, over all of `bases` at once; neighbours are one hit.

        `vector` is the question's embedding. Without `sentences` the hits have no vectors, and neighbours stay
        apart: whoever only ranks need not wait until they are made. Only the team's documents and `person`'s
        own are looked at; the documents `prefers` come forward among them. A base without documents gives nothing.
        Raises StorageError where a base cannot be loaded at all.
        """
        count = self.settings.passages if limit is None else limit
        where = tuple(dict.fromkeys(bases))
        before: list[Snapshot] | None = None
        while True:
            snapshots, hits = await self.threads.run(
                self._searched, where, question, vector, person, count, sentences, prefers
            )
            if not sentences:
                return hits
            try:
                return await self._with_sentences(hits, person)
            except StorageDamaged:
                # Somebody may have taken a document out between our look at the list and reading its vectors.
                if before is not None and len(snapshots) == len(before) and all(map(operator.is_, snapshots, before)):
                    raise
                before = snapshots

    async def rarity(self, bases: Sequence[str], words: Sequence[str], *, person: str = "local") -> dict[str, float]:
        """How much each word tells of what a passage of `bases` is about: the fewer have it, the more; 0 where none
        has.
        """
        snapshots = await self.threads.run(self._snapshots, tuple(bases), person)
        return await self.threads.run(rarity, snapshots, words)

    async def ingest(
        self,
        base: str,
        uploads: Sequence[Upload],
        *,
        person: str = "",
        on_progress: Callable[[Progress], None] | None = None,
    ) -> list[Ingested]:
        """Put files into a base, for everybody or for one person; a file that cannot be read stops no other.

        Raises StorageError (StorageFull), RecordUnavailable and ModelUnavailable: what was put in before stays in.
        """
        shelf = self.shelves.get(base, person)
        await self.threads.run(shelf.open)
        await self.keeping.look(shelf)
        before = {entry.artefact for entry in (await self.threads.run(shelf.manifest)).documents}
        report = on_progress or (lambda progress: None)
        try:
            return [await self.intake.take_in(shelf, upload, report) for upload in uploads]
        finally:
            await self.threads.run(shelf.settle)
            await self._complete(shelf, before)

    @contextlib.asynccontextmanager
    async def copy(self, upload: Upload) -> AsyncIterator[SourceFile]:
        """A copy of a file that may be gone soon, for as long as the block lasts.

        Raises UnreadableDocument where there is none or it is too large, StorageError.
        """
        async with self.intake.copy(upload, "") as file:
            yield file

    async def peek(self, file: SourceFile, *, on_progress: Callable[[Progress], None] | None = None) -> Draft:
        """Read a copied file, before it is known where it belongs. Raises UnreadableDocument."""
        return await self.intake.draft(file, on_progress or (lambda progress: None))

    async def keep(
        self, base: str, drafted: Draft, *, person: str = "", on_progress: Callable[[Progress], None] | None = None
    ) -> Ingested:
        """Put into a base what `peek` read; its copy must still be there. Searches find it from then on.

        `settle` is for after the last one. Raises StorageError, RecordUnavailable, ModelUnavailable.
        """
        shelf = self.shelves.get(base, person)
        await self.threads.run(shelf.open)
        await self.keeping.look(shelf)
        before = {entry.artefact for entry in (await self.threads.run(shelf.manifest)).documents}
        kept = await self.intake.keep(shelf, drafted, on_progress or (lambda progress: None))
        await self._complete(shelf, before)
        return kept

    async def settle(self, base: str, *, person: str = "") -> None:
        """Bring the indexes on the disk up to date after changes. Raises StorageError."""
        await self.threads.run(self.shelves.get(base, person).settle)

    async def holding(self, bases: Sequence[str], content: str, *, person: str) -> tuple[str, Document] | None:
        """The base and document with this content (SHA-256), among those that the person sees."""
        return await self.threads.run(self._holding, tuple(bases), content, person)

    def _holding(self, bases: tuple[str, ...], content: str, person: str) -> tuple[str, Document] | None:
        for base in bases:
            for shelf in self.shelves.seen_by(person, [base]):
                if (entry := shelf.manifest().with_content(content)) is not None:
                    return base, _document(entry)
        return None

    def documents(self, base: str, person: str = "local") -> list[Document]:
        """The team's documents and the person's own, by name; also what another process just put in. Blocking."""
        entries = [entry for shelf in self.shelves.seen_by(person, [base]) for entry in shelf.manifest().documents]
        return [_document(entry) for entry in sorted(entries, key=lambda entry: (entry.source, entry.person))]

    def removed_from_catalog(self, base: str) -> frozenset[str]:
        """Names of the catalog's documents that people took out, and that therefore stay out. Blocking."""
        return self.shelves.get(base).manifest().unwanted

    async def remove(self, base: str, document: str, *, person: str) -> Document:
        """Take a document out, for good. A catalog's document does not come back at the next start either.

        Raises UnknownDocument where it is gone already, or not for this person, and RecordUnavailable.
        """
        shelf, entry = await self.threads.run(self.shelves.find, base, document, person)
        await self.keeping.remove(shelf, entry)
        await self.threads.run(shelf.settle)
        return _document(entry)

    async def move(self, base: str, document: str, to: str, *, person: str) -> Document:
        """Give a document to another agent; nothing of it is embedded again.

        Raises UnknownDocument, NameTaken and RecordUnavailable.
        """
        shelf, entry = await self.threads.run(self.shelves.find, base, document, person)
        target = self.shelves.get(to, entry.person)
        if target is not shelf:
            await self.threads.run(target.open)
            await self.keeping.look(target)
            there = await self.threads.run(target.manifest)
            before = {other.artefact for other in there.documents}
            named = there.named(entry.source)
            if named is not None and named.content != entry.content:
                raise NameTaken(to, entry.source)
            if there.with_content(entry.content) is None:
                await self.keeping.move(shelf, entry, target)
            else:
                await self.keeping.remove(shelf, entry)
            await self.threads.run(target.settle)
            await self.threads.run(shelf.settle)
            await self._complete(target, before)
        return _document(entry)

    def original(self, base: str, document: str, *, person: str) -> Path:
        """The file as it was put in. Raises UnknownDocument, also where the file itself was not kept. Blocking."""
        shelf, entry = self.shelves.find(base, document, person)
        path = shelf.original(entry)
        if path is None:
            raise UnknownDocument(f"The file of “{entry.source}” was not kept.")
        return path

    def passage(self, base: str, passage_id: str, *, person: str) -> Passage | None:
        """A passage, or neighbours that were found as one, by id; None where it is gone, or not for this person.

        Blocking, and so is `context`.
        """
        found = self._find(base, passage_id, person)
        return found[0].passage(base, found[1]) if found else None

    def context(self, base: str, passage_id: str, *, person: str) -> str:
        """The text around a passage: its neighbours' before and after. Empty where `passage` gives None."""
        found = self._find(base, passage_id, person)
        if found is None:
            return ""
        loaded, own = found
        before = loaded.chunks[max(own.start - 1, 0) : own.start]
        after = loaded.chunks[own.stop : own.stop + 1]
        return "\n\n".join(chunk.text for chunk in (*before, loaded.stretch(own), *after))

    def _find(self, base: str, passage_id: str, person: str) -> tuple[LoadedEntry, range] | None:
        parsed = parse_passage_id(passage_id)
        if parsed is None:
            return None
        document, ordinals = parsed
        try:
            shelf, entry = self.shelves.find(base, document, person)
            if ordinals.stop > entry.passages:
                return None
            return LoadedEntry(entry, shelf.artefacts.chunks(entry.artefact)), ordinals
        except (UnknownDocument, StorageDamaged):
            return None  # the latter where it was replaced between the two reads

    def _searched(
        self,
        bases: tuple[str, ...],
        question: str,
        vector: Vector,
        person: str,
        limit: int,
        together: bool,
        prefers: Collection[str],
    ) -> tuple[list[Snapshot], list[Hit]]:
        """In one go: on a machine that is idle, handing over to a thread takes longer than a part of the search."""
        snapshots = self._snapshots(bases, person)
        return snapshots, search(snapshots, question, vector, limit, together, prefers)

    def _snapshots(self, bases: tuple[str, ...], person: str) -> list[Snapshot]:
        return [shelf.snapshot() for shelf in self.shelves.seen_by(person, bases)]

    async def _with_sentences(self, hits: list[Hit], person: str) -> list[Hit]:
        """With the vectors of all their sentences; without those whose document was removed since."""
        quoted = await self.threads.run(self._quoted, hits, person)
        vectors = await self.sentences.of(list(quoted.values()))
        return [replace(hits[number], vectors=found) for number, found in zip(quoted, vectors, strict=True)]

    def _quoted(self, hits: Sequence[Hit], person: str) -> dict[int, Quoted]:
        """By the number of the hit."""
        found: dict[int, Quoted] = {}
        for number, hit in enumerate(hits):
            parsed = parse_passage_id(hit.passage.id)
            for shelf in self.shelves.seen_by(person, [hit.passage.base]):
                if parsed is not None and (loaded := shelf.snapshot().find(parsed[0])) is not None:
                    found[number] = Quoted(shelf.artefacts, loaded, parsed[1])
        return found

    async def _complete(self, shelf: Shelf, before: set[str]) -> None:
        """Make the vectors of the sentences of what is new at leisure."""
        now = await self.threads.run(shelf.snapshot)
        added = [loaded for loaded in now.entries if loaded.entry.artefact not in before]
        self.sentences.later(shelf.artefacts, added)

    def close(self) -> None:
        """Ends the threads. Blocking, for at most the batch and the file at hand."""
        self.embedding.close()
        self.threads.close()
        self.incoming.close()


@contextlib.asynccontextmanager
async def open_knowledge(
    folder: Path,
    settings: KnowledgeSettings,
    embedder: Embedder,
    seeds: Mapping[str, Sequence[Path]],
    record: Record | None = None,
    bases: Collection[str] | None = None,
) -> AsyncIterator[Knowledge]:
    """The bases under `folder`, seeded with the catalog's documents (by base) in the background.

    With a `record` the folder is a copy of what people put in anywhere, of all bases or of those named, and is in line
    with it before it is ready. Returns at once:
    `status`, `watch` and `wait_ready` tell how far it is; what is stored answers already.
    Raises StorageError where the folder cannot be made, InvalidBase for a base that cannot be a folder.
    """
    await asyncio.to_thread(make_folder, folder)
    closing = threading.Event()
    knowledge = Knowledge(folder, settings, embedder, record, bases)
    try:
        await knowledge.threads.run(knowledge.incoming.open)
        seeding = Seeding(
            shelves=knowledge.shelves,
            seeds=seeds,
            recipe=Recipe(embedder.name, chunking_recipe(settings)),
            intake=knowledge.intake,
            embedding=knowledge.embedding,
            threads=knowledge.threads,
            lock=FolderLock(folder / ".seeding.lock"),
            closing=closing,
            publish=knowledge.board.publish,
            sentences=knowledge.sentences,
        )
        leisure = asyncio.create_task(knowledge.sentences.run(), name="knowledge-leisure")
        # Not a TaskGroup: it would wrap every error of the caller's body in an exception group.
        tasks = [asyncio.create_task(_made_ready(knowledge, seeding), name="knowledge-seeding")]
        if knowledge.mirror is not None:
            tasks.append(asyncio.create_task(knowledge.mirror.run(), name="knowledge-mirror"))
        try:
            yield knowledge
        finally:
            closing.set()
            for task in (*tasks, leisure):
                task.cancel()
            await asyncio.wait([*tasks, leisure])
    finally:
        detail = "The knowledge was closed before it was ready."
        knowledge.board.publish(KnowledgeStatus(state="failed", detail=detail))
        await knowledge.intake.close()
        await asyncio.to_thread(knowledge.close)


async def _made_ready(knowledge: Knowledge, seeding: Seeding) -> None:
    if knowledge.mirror is not None:
        detail = "Fetching the documents that were put in elsewhere."
        knowledge.board.publish(KnowledgeStatus(state="loading", detail=detail))
        await knowledge.mirror.caught_up()
    await seeding.run()
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        # Where a part of it fails at the moment of the cancellation, gather() tells of the failure only.
        raise asyncio.CancelledError
    await knowledge.documents_expected.wait()
    await knowledge.intake.start_ahead()


def _document(entry: Entry) -> Document:
    return Document(
        id=entry.id,
        source=entry.source,
        title=entry.title,
        passages=entry.passages,
        added=entry.added,
        person=entry.person,
        seed=entry.seed,
        size=entry.size,
        format=entry.format,
        pages=entry.pages,
        language=entry.language,
    )
