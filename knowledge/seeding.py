"""Brings the shelves in line with the catalog's documents, in the background, at every start."""

import asyncio
import contextlib
import hashlib
import logging
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from knowledge.embedding_thread import EmbeddingThread, Urgency
from knowledge.errors import KnowledgeError, StorageDamaged, UnreadableDocument
from knowledge.incoming import SourceFile, Upload
from knowledge.ingestion import Draft
from knowledge.intake import Intake
from knowledge.leisure import SentenceVectors
from knowledge.lock import FolderLock
from knowledge.manifest import Entry
from knowledge.progress import KnowledgeStatus, Progress
from knowledge.shelf import Shelf
from knowledge.shelves import Shelves
from knowledge.threads import Threads

log = logging.getLogger(__name__)

_KEPT = {"seed", "added", "upload", "recorded", "origin"}
"""What making a document again does not change."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What shapes the passages and vectors of a document."""

    embedder: str
    chunking: str

    def made(self, entry: Entry) -> bool:
        return (entry.embedder, entry.chunking) == (self.embedder, self.chunking)


@dataclass
class _Plan:
    """What one shelf lacks."""

    shelf: Shelf
    read: list[Path] = field(default_factory=list)
    """Of the catalog."""
    again: list[Entry] = field(default_factory=list)
    """What people put in, made by another recipe."""
    gone: list[str] = field(default_factory=list)
    drafts: list[tuple[Draft, Entry | None]] = field(default_factory=list)
    """Read, and to be embedded; with the entry that is made again."""
    unreadable: int = 0

    @property
    def to_embed(self) -> int:
        """In passages."""
        return sum(len(drafted.chunks) for drafted, _ in self.drafts)


@dataclass(frozen=True)
class Seeding:
    """One run over all shelves. Only one process seeds at a time; the next finds it done."""

    shelves: Shelves
    seeds: Mapping[str, Sequence[Path]]
    """By base."""
    recipe: Recipe
    intake: Intake
    embedding: EmbeddingThread
    threads: Threads
    lock: FolderLock
    closing: threading.Event
    publish: Callable[[KnowledgeStatus], None]
    sentences: SentenceVectors

    async def run(self) -> None:
        """Ends with the status "ready" or "failed"."""
        try:
            async with self._alone():
                plans = await self._seed()
        except KnowledgeError as error:
            log.warning("seeding ended: %s", error)
            self.publish(KnowledgeStatus(state="failed", detail=str(error)))
        except Exception:
            # The boundary of a background task: whoever waits for it hears of it.
            log.exception("seeding failed")
            self.publish(
                KnowledgeStatus(state="failed", detail="The knowledge could not be indexed; the log has the cause.")
            )
        else:
            unreadable = sum(plan.unreadable for plan in plans)
            detail = f"{unreadable} document(s) of the catalog could not be read." if unreadable else ""
            total = sum(plan.to_embed for plan in plans)
            self.publish(KnowledgeStatus(state="ready", done=total, total=total, detail=detail))

    async def _seed(self) -> list[_Plan]:
        self.publish(KnowledgeStatus(state="loading", detail="Reading the documents and the embedding model."))
        async with AsyncExitStack() as copies:
            # The first use loads the model, while the documents are read; the first question finds it warm.
            plans, _ = await asyncio.gather(self._planned(copies), self.embedding.embed(["ready?"], Urgency.DOCUMENT))
            await self._embed(plans)
        for plan in plans:
            await self.threads.run(plan.shelf.settle)
            now = await self.threads.run(plan.shelf.snapshot)
            self.sentences.later(plan.shelf.artefacts, now.entries)
        return plans

    async def _planned(self, copies: AsyncExitStack) -> list[_Plan]:
        plans = await self.threads.run(self._plans)
        for plan in plans:
            for path in plan.read:
                try:
                    file = await copies.enter_async_context(self.intake.copy(Upload(path), ""))
                    plan.drafts.append((await self.intake.draft(file, _nobody), None))
                except UnreadableDocument as error:
                    log.warning("the document %s of %s cannot be read: %s", path.name, plan.shelf.name.base, error)
                    plan.unreadable += 1
            for entry in plan.again:
                if (drafted := await self._again(plan.shelf, entry)) is not None:
                    plan.drafts.append((drafted, entry))
        return plans

    async def _embed(self, plans: list[_Plan]) -> None:
        total = sum(plan.to_embed for plan in plans)
        done = 0
        for plan in plans:
            for drafted, before in plan.drafts:
                # Everybody sees this, so what people put in is not named.
                name = plan.shelf.name.base + (f": {drafted.file.source}" if before is None else "")

                def tell(progress: Progress, already: int = done, name: str = name) -> None:
                    status = KnowledgeStatus(state="indexing", done=already + progress.done, total=total, detail=name)
                    self.publish(status)

                tell(Progress(source=drafted.file.source, stage="embedding"))
                prepared = await self.intake.prepare(drafted, tell)
                done += len(drafted.chunks)
                entry = prepared.entry(seed=True, added=datetime.now(UTC))
                if before is not None:
                    entry = entry.model_copy(update=before.model_dump(include=_KEPT))
                async with self.intake.package() as package:
                    await self.threads.finish(prepared.pack, package, original=before is None)
                    await self.threads.finish(plan.shelf.put, entry, package, again=before)
            await self.threads.run(plan.shelf.drop, plan.gone)

    def _plans(self) -> list[_Plan]:
        """Raises StorageError. Blocking."""
        plans = {base: self._of_the_catalog(base, paths) for base, paths in self.seeds.items()}
        every = [plan.shelf for plan in plans.values()]
        every += [shelf for shelf in self.shelves.everything() if shelf not in every]
        found: list[_Plan] = []
        for shelf in every:
            plan = plans[shelf.name.base] if not shelf.name.person and shelf.name.base in plans else _Plan(shelf)
            entries = shelf.manifest().documents
            plan.again = [entry for entry in entries if not entry.seed and self._outdated(shelf, entry)]
            shelf.snapshot()
            found.append(plan)
        return found

    def _of_the_catalog(self, base: str, paths: Sequence[Path]) -> _Plan:
        shelf = self.shelves.get(base)
        shelf.open()
        plan = _Plan(shelf)
        manifest = shelf.manifest()
        for path in paths:
            own = manifest.named(path.name)
            if path.name in manifest.unwanted or (own is not None and not own.seed):
                continue  # taken out by a person, or what a person put in under this name stands in its place
            if any(missing.source == path.name for missing in manifest.missing):
                continue  # the same, as soon as it is fetched
            if own is None or not self._current(shelf, own, path):
                plan.read.append(path)
        wanted = {path.name for path in paths}
        plan.gone = [entry.id for entry in manifest.documents if entry.seed and entry.source not in wanted]
        return plan

    def _current(self, shelf: Shelf, entry: Entry, path: Path) -> bool:
        if not self.recipe.made(entry) or not shelf.artefacts.exists(entry.artefact):
            return False
        try:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == entry.content
        except OSError:
            return False  # reading it will say why

    def _outdated(self, shelf: Shelf, entry: Entry) -> bool:
        """Of what is there without its file only the vectors can be made again."""
        return entry.embedder != self.recipe.embedder or (
            entry.chunking != self.recipe.chunking and shelf.original(entry) is not None
        )

    async def _again(self, shelf: Shelf, entry: Entry) -> Draft | None:
        """What a person put in, from its file; without one, from its passages, which then stay as they were cut."""
        original = shelf.original(entry)
        file = SourceFile(entry.source, entry.person, original or Path(), entry.content, entry.size)
        try:
            if original is not None:
                return await self.intake.draft(file, _nobody)
            chunks = await self.threads.run(shelf.artefacts.chunks, entry.artefact)
        except (UnreadableDocument, StorageDamaged) as error:
            log.warning("the document %s of %s is lost: %s", entry.id, shelf.name.base, error)
            return None
        return Draft(file, entry.title, chunks, entry.chunking, entry.format, entry.pages, entry.language)

    @contextlib.asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        self.publish(KnowledgeStatus(state="loading", detail="Waiting while another process indexes, if one does."))
        held = await self.threads.run(self.lock.acquire, self.closing)
        try:
            yield
        finally:
            held.release()


def _nobody(progress: Progress) -> None:
    """Reading is told by the status of the whole."""
