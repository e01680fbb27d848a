"""All knowledge bases of one process: what the other packages use."""

import asyncio
import contextlib
import functools
import logging
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import ParamSpec, TypeVar

import numpy as np

from knowledge.base import Base
from knowledge.embedding import Embedder
from knowledge.embedding_thread import EmbeddingThread, Urgency
from knowledge.errors import KnowledgeUnavailable, StorageDamaged, UnreadableDocument
from knowledge.files import make_folder
from knowledge.ingestion import draft, embed, read
from knowledge.kept import KeptVectors
from knowledge.leisure import Quoted, SentenceVectors
from knowledge.lock import FolderLock
from knowledge.passages import Hit, Matrix, Passage, Vector
from knowledge.progress import Document, Ingested, KnowledgeStatus, Progress
from knowledge.retrieval import search
from knowledge.seeding import Seeding
from knowledge.settings import KnowledgeSettings
from knowledge.snapshot import LoadedEntry
from knowledge.status_board import StatusBoard

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

_THREADS = 4
_TEXTS_A_BATCH = 32


class Knowledge:
    """Made by `open_knowledge`. Nothing here blocks the event loop for longer than reading one small file."""

    def __init__(self, folder: Path, settings: KnowledgeSettings, embedder: Embedder) -> None:
        self.folder = folder
        self.settings = settings
        self.lock = FolderLock(folder / ".lock")
        self.board = StatusBoard()
        self.embedder = embedder
        self.threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="knowledge")
        self.embedding = EmbeddingThread(embedder)
        self.sentences = SentenceVectors(self.embedding, self.threads)
        self._kept = KeptVectors(folder / ".kept.sqlite", embedder.name)
        self._bases: dict[str, Base] = {}

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
        vectors = await self._run(self._kept.find, texts)
        missing = [text for text in dict.fromkeys(texts) if text not in vectors]
        if missing:
            made = dict(zip(missing, await self.embed(missing), strict=True))
            await self._run(self._kept.keep, made)
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
    ) -> list[Hit]:
        """The passages that answer `question`, best first, over all of `bases` at once.

        `vector` is the question's embedding. Without `sentences` the hits have no vectors: whoever only ranks
        need not wait until they are made. Only the team's documents and `person`'s own are looked at.
        A base without documents gives nothing. Raises StorageError where a base cannot be loaded at all.
        """
        count = self.settings.passages if limit is None else limit
        asked = tuple(dict.fromkeys(bases)), question, vector, person, count
        hits = await self._run(self._search, *asked)
        if not sentences:
            return hits
        try:
            return await self._with_sentences(hits)
        except StorageDamaged:
            # A document was replaced or removed between finding it and reading its vectors.
            return await self._with_sentences(await self._run(self._search, *asked))

    async def ingest(
        self,
        base: str,
        paths: Sequence[Path],
        *,
        person: str = "",
        on_progress: Callable[[Progress], None] | None = None,
    ) -> list[Ingested]:
        """Put files into a base, for everybody or for one person; a file that cannot be read stops no other.

        Raises StorageError (StorageFull) and ModelUnavailable: what was put in before stays in.
        """
        target = self.base(base)
        await self._run(target.open)
        before = {entry.artefact for entry in target.manifest().documents}
        report = on_progress or (lambda progress: None)
        try:
            return [await self._ingest(target, path, person, report) for path in paths]
        finally:
            await self._run(target.settle)
            now = await self._run(target.snapshot)
            added = [loaded for loaded in now.entries if loaded.entry.artefact not in before]
            self.sentences.later(target.artefacts, added)

    def documents(self, base: str, person: str = "local") -> list[Document]:
        """The team's documents and the person's own, by name; also what another process just put in."""
        visible = [entry for entry in self.base(base).manifest().documents if entry.visible_to(person)]
        return [
            Document(
                id=entry.id,
                source=entry.source,
                title=entry.title,
                passages=entry.passages,
                added=entry.added,
                person=entry.person,
            )
            for entry in sorted(visible, key=lambda entry: (entry.source, entry.person))
        ]

    def passage(self, base: str, passage_id: str, *, person: str | None = None) -> Passage | None:
        """A passage by its id; None where it is gone, or where a `person` is named who may not see it."""
        found = self._find(base, passage_id, person)
        return found[0].passage(base, found[1]) if found else None

    def context(self, base: str, passage_id: str, *, person: str | None = None) -> str:
        """The text around a passage: its neighbours' before and after. Empty where `passage` gives None."""
        found = self._find(base, passage_id, person)
        if found is None:
            return ""
        loaded, ordinal = found
        return "\n\n".join(chunk.text for chunk in loaded.chunks[max(ordinal - 1, 0) : ordinal + 2])

    def _find(self, base: str, passage_id: str, person: str | None) -> tuple[LoadedEntry, int] | None:
        document, _, number = passage_id.rpartition("#")
        here = self.base(base)
        entry = here.manifest().find(document)
        if entry is None or not number.isdecimal() or int(number) >= entry.passages:
            return None
        if person is not None and not entry.visible_to(person):
            return None
        try:
            return LoadedEntry(entry, here.artefacts.chunks(entry.artefact)), int(number)
        except StorageDamaged:
            return None  # replaced between the two reads

    def _search(self, bases: tuple[str, ...], question: str, vector: Vector, person: str, limit: int) -> list[Hit]:
        targets = [base for name in bases if (base := self.base(name)).exists()]
        return search([base.snapshot() for base in targets], question, vector, person, limit)

    async def _with_sentences(self, hits: list[Hit]) -> list[Hit]:
        """With the vectors of all their sentences; without those whose document was removed since."""
        quoted = await self._run(self._quoted, hits)
        vectors = await self.sentences.of(list(quoted.values()))
        return [replace(hits[number], vectors=found) for number, found in zip(quoted, vectors, strict=True)]

    def _quoted(self, hits: Sequence[Hit]) -> dict[int, Quoted]:
        """By the number of the hit."""
        found: dict[int, Quoted] = {}
        for number, hit in enumerate(hits):
            base = self.base(hit.passage.base)
            loaded = base.snapshot().find(hit.passage.document)
            if loaded is not None:
                found[number] = Quoted(base.artefacts, loaded, int(hit.passage.id.rpartition("#")[2]))
        return found

    async def _ingest(self, base: Base, path: Path, person: str, report: Callable[[Progress], None]) -> Ingested:
        source = path.name
        report(Progress(source=source, stage="reading"))
        try:
            file = await self._run(read, path, person, self.settings)
            known = base.manifest().find(file.id)
            if known is not None and known.embedder == self.embedder.name:
                report(Progress(source=source, stage="finished", done=known.passages, total=known.passages))
                return Ingested(path=path, status="unchanged", passages=known.passages, title=known.title)
            drafted = await self._run(draft, file, self.settings)
        except UnreadableDocument as error:
            report(Progress(source=source, stage="finished"))
            return Ingested(path=path, status="rejected", reason=str(error))
        total, done = len(drafted.chunks), 0

        def count(more: int) -> None:
            nonlocal done
            done += more
            report(Progress(source=source, stage="embedding", done=done, total=total))

        prepared = await embed(drafted, self.embedding, self.embedder.name, count)
        report(Progress(source=source, stage="storing", done=total, total=total))
        status = await self._run(base.put, prepared, seed=False, added=datetime.now(UTC))
        report(Progress(source=source, stage="finished", done=total, total=total))
        return Ingested(path=path, status=status, passages=total, title=drafted.title)

    def base(self, name: str) -> Base:
        """For this package's own modules. Raises InvalidBase."""
        base = self._bases.get(name)
        if base is None:
            base = self._bases.setdefault(name, Base(self.folder, name, self.lock, self.embedder.name))
        return base

    def close(self) -> None:
        """Ends the threads. Blocking, for at most the batch and the file at hand."""
        self.embedding.close()
        self.threads.shutdown(wait=True)

    async def _run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        try:
            running = loop.run_in_executor(self.threads, functools.partial(work, *args, **kwargs))
        except RuntimeError as error:  # only from handing it over: the threads have ended
            raise KnowledgeUnavailable("The knowledge is closed.") from error
        return await running


@contextlib.asynccontextmanager
async def open_knowledge(
    folder: Path, settings: KnowledgeSettings, embedder: Embedder, seeds: Mapping[str, Sequence[Path]]
) -> AsyncIterator[Knowledge]:
    """The bases under `folder`, seeded with the catalog's documents (by base) in the background.

    Returns at once: `status`, `watch` and `wait_ready` tell how far it is; what is stored answers already.
    Raises StorageError where the folder cannot be made, InvalidBase for a base that cannot be a folder.
    """
    make_folder(folder)
    closing = threading.Event()
    knowledge = Knowledge(folder, settings, embedder)
    try:
        seeding = Seeding(
            bases={name: knowledge.base(name) for name in seeds},
            seeds=seeds,
            settings=settings,
            embedder=embedder.name,
            thread=knowledge.embedding,
            threads=knowledge.threads,
            lock=FolderLock(folder / ".seeding.lock"),
            closing=closing,
            publish=knowledge.board.publish,
            sentences=knowledge.sentences,
        )
        leisure = asyncio.create_task(knowledge.sentences.run(), name="knowledge-leisure")
        # Not a TaskGroup: it would wrap every error of the caller's body in an exception group.
        task = asyncio.create_task(seeding.run(), name="knowledge-seeding")
        try:
            yield knowledge
        finally:
            closing.set()
            task.cancel()
            leisure.cancel()
            await asyncio.wait([task, leisure])
    finally:
        detail = "The knowledge was closed before it was ready."
        knowledge.board.publish(KnowledgeStatus(state="failed", detail=detail))
        await asyncio.to_thread(knowledge.close)
