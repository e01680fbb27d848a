"""Brings the bases in line with the catalog's documents, in the background, at every start."""

import asyncio
import contextlib
import functools
import logging
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from knowledge.base import Base
from knowledge.embedding_thread import EmbeddingThread, Urgency
from knowledge.errors import KnowledgeError, StorageDamaged, UnreadableDocument
from knowledge.ingestion import Draft, chunking_recipe, draft, embed, read
from knowledge.leisure import SentenceVectors
from knowledge.lock import FolderLock
from knowledge.manifest import Entry, Manifest
from knowledge.progress import KnowledgeStatus
from knowledge.settings import KnowledgeSettings

log = logging.getLogger(__name__)


@dataclass
class _Plan:
    """What one base lacks."""

    base: Base
    embed: list[tuple[Draft, Entry | None]] = field(default_factory=list)
    """With the entry that it was before, where only its vectors are made again."""
    gone: list[str] = field(default_factory=list)
    unreadable: int = 0

    @property
    def to_embed(self) -> int:
        """In passages."""
        return sum(len(drafted.chunks) for drafted, _ in self.embed)


@dataclass(frozen=True)
class Seeding:
    """One run over all bases. Only one process seeds at a time; the next finds it done."""

    bases: Mapping[str, Base]
    seeds: Mapping[str, Sequence[Path]]
    settings: KnowledgeSettings
    embedder: str
    thread: EmbeddingThread
    threads: Executor
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
        loop = asyncio.get_running_loop()
        planning = loop.run_in_executor(self.threads, self._plans)
        # The first use loads the model, while the documents are read; the first question finds it warm.
        plans, _ = await asyncio.gather(planning, self.thread.embed(["ready?"], Urgency.DOCUMENT))
        await self._embed(plans)
        for plan in plans:
            await loop.run_in_executor(self.threads, plan.base.settle)
        for plan in plans:
            now = await loop.run_in_executor(self.threads, plan.base.snapshot)
            self.sentences.later(plan.base.artefacts, now.entries)
        return plans

    async def _embed(self, plans: list[_Plan]) -> None:
        total = sum(plan.to_embed for plan in plans)
        done = 0
        loop = asyncio.get_running_loop()
        for plan in plans:
            for drafted, before in plan.embed:
                name = f"{plan.base.name}: {drafted.source}"

                def count(more: int, name: str = name) -> None:
                    nonlocal done
                    done += more
                    self.publish(KnowledgeStatus(state="indexing", done=done, total=total, detail=name))

                count(0)
                prepared = await embed(drafted, self.thread, self.embedder, count)
                seed, added = (before.seed, before.added) if before else (True, datetime.now(UTC))
                put = functools.partial(plan.base.put, prepared, seed=seed, added=added)
                await loop.run_in_executor(self.threads, put)
            await loop.run_in_executor(self.threads, plan.base.drop, plan.gone)

    def _plans(self) -> list[_Plan]:
        plans = []
        for name, base in self.bases.items():
            base.open()
            plans.append(self._plan(base, self.seeds.get(name, ())))
            base.snapshot()
        return plans

    def _plan(self, base: Base, paths: Sequence[Path]) -> _Plan:
        """Raises StorageError. Blocking."""
        plan = _Plan(base)
        manifest = base.manifest()
        wanted: set[str] = set()
        for path in paths:
            own = manifest.named(path.name, "")
            wanted.add(path.name)
            if own is not None and not own.seed:
                continue  # what a person put in under this name stands in the seed's place
            try:
                file = read(path, "", self.settings)
                if own is None or own.id != file.id or not self._current(base, own):
                    plan.embed.append((draft(file, self.settings), None))
            except UnreadableDocument as error:
                log.warning("the document %s of %s cannot be read: %s", path.name, base.name, error)
                plan.unreadable += 1
        plan.gone = [e.id for e in manifest.documents if e.seed and e.source not in wanted]
        plan.embed.extend(self._of_another_embedder(base, manifest))
        return plan

    def _current(self, base: Base, entry: Entry) -> bool:
        return (
            entry.embedder == self.embedder
            and entry.chunking == chunking_recipe(self.settings)
            and base.artefacts.exists(entry.artefact)
        )

    def _of_another_embedder(self, base: Base, manifest: Manifest) -> list[tuple[Draft, Entry]]:
        """Uploads whose vectors are another model's: the file is not here any more, its passages are."""
        found: list[tuple[Draft, Entry]] = []
        for entry in manifest.documents:
            if entry.seed or entry.embedder == self.embedder:
                continue
            try:
                chunks = base.artefacts.chunks(entry.artefact)
            except StorageDamaged:
                log.exception("the document %s of %s is lost", entry.source, base.name)
                continue
            again = Draft(entry.id, entry.source, entry.person, entry.title, chunks, entry.chunking)
            found.append((again, entry))
        return found

    @contextlib.asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        self.publish(KnowledgeStatus(state="loading", detail="Waiting while another process indexes, if one does."))
        loop = asyncio.get_running_loop()
        held = await loop.run_in_executor(self.threads, self.lock.acquire, self.closing)
        try:
            yield
        finally:
            held.release()
