"""What a person can watch while documents are indexed."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from knowledge import (
    HashEmbedder,
    KnowledgeSettings,
    KnowledgeUnavailable,
    Matrix,
    ModelUnavailable,
    Progress,
    Upload,
    open_knowledge,
)
from knowledge.embedding_thread import EmbeddingThread, Urgency
from tests.knowledge.asking import ask, ready, sources
from tests.knowledge.conftest import BACKUPS, LEASES, Write
from tests.orchestration.waiting import in_time


class BrokenEmbedder(HashEmbedder):
    def embed(self, texts: Sequence[str]) -> Matrix:
        raise ModelUnavailable("The embedding model cannot be loaded: it is not there.")


async def test_the_seeding_is_watched_passage_by_passage(folder: Path, write: Write) -> None:
    """From loading over indexing to ready, never backwards, and the watch ends there."""
    seeds = {"operations": [write("leases.md", LEASES), write("backups.md", BACKUPS)]}
    async with open_knowledge(folder, KnowledgeSettings(), HashEmbedder(), seeds) as knowledge:
        assert knowledge.status.state == "loading"
        seen = [status async for status in knowledge.watch()]
        indexing = [status for status in seen if status.state == "indexing"]
        assert [status.total for status in indexing] == [5] * len(indexing)
        assert [status.done for status in indexing] == sorted(status.done for status in indexing)
        assert indexing[0].detail == "operations: leases.md"
        assert (seen[-1].state, seen[-1].done, seen[-1].total) == ("ready", 5, 5)
        assert [status async for status in knowledge.watch()] == [knowledge.status]


async def test_each_file_of_an_ingestion_is_followed(folder: Path, write: Write) -> None:
    """Stage by stage, and a rejected one ends too."""
    seen: list[Progress] = []
    async with ready(folder) as knowledge:
        paths = [write("leases.md", LEASES), write("empty.md", "")]
        await knowledge.ingest("operations", [Upload(path) for path in paths], on_progress=seen.append)
    assert list(dict.fromkeys((progress.source, progress.stage, progress.done) for progress in seen)) == [
        ("leases.md", "reading", 0),
        ("leases.md", "splitting", 0),
        ("leases.md", "embedding", 3),
        ("leases.md", "indexing", 3),
        ("leases.md", "finished", 3),
        ("empty.md", "reading", 0),
        ("empty.md", "finished", 0),
    ]


async def test_a_model_that_cannot_be_loaded_is_said_in_one_sentence(folder: Path) -> None:
    """By the status, and to whoever waits."""
    async with open_knowledge(folder, KnowledgeSettings(), BrokenEmbedder(), {}) as knowledge:
        with pytest.raises(KnowledgeUnavailable, match="it is not there"):
            await knowledge.wait_ready()
        assert knowledge.status.state == "failed"
        with pytest.raises(ModelUnavailable, match="it is not there"):
            await knowledge.embed(["question"])


async def test_closing_at_the_moment_of_a_failure(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who ends the seeding just when the model turns out not to be there waits for nothing."""

    async def fails(self: EmbeddingThread, texts: Sequence[str], urgency: Urgency) -> Matrix:
        [seeding] = [task for task in asyncio.all_tasks() if task.get_name() == "knowledge-seeding"]
        # After the failure, and before anybody has heard of it.
        asyncio.get_running_loop().call_soon(seeding.cancel)
        ended.set_result(seeding)
        raise ModelUnavailable("The embedding model cannot be loaded: it is not there.")

    monkeypatch.setattr(EmbeddingThread, "embed", fails)
    ended: asyncio.Future[asyncio.Task[None]] = asyncio.get_running_loop().create_future()
    async with open_knowledge(folder, KnowledgeSettings(), HashEmbedder(), {}), in_time("the seeding ends"):
        await asyncio.wait([await ended])


async def test_what_is_stored_answers_while_seeding_goes_on(folder: Path, write: Write) -> None:
    """A failed or unfinished seeding takes nothing away."""
    leases = write("leases.md", LEASES)
    async with ready(folder, {"operations": [leases]}):
        pass
    vector = HashEmbedder().embed(["fence"])[0]
    seeds = {"operations": [leases, write("backups.md", BACKUPS)]}
    async with open_knowledge(folder, KnowledgeSettings(), BrokenEmbedder(), seeds) as knowledge:
        hits = await knowledge.search(["operations"], "fence", vector)
        assert sources(hits)[0] == "leases.md"


async def test_an_unreadable_seed_is_told_and_the_others_are_there(folder: Path, write: Write) -> None:
    """The catalog is a person's work too."""
    seeds = {"operations": [write("empty.md", ""), write("leases.md", LEASES)]}
    async with ready(folder, seeds) as knowledge:
        assert knowledge.status.detail == "1 document(s) of the catalog could not be read."
        assert await ask(knowledge, "fence")


async def test_whoever_waits_hears_of_the_end(folder: Path) -> None:
    """Closing before the seeding is done leaves nobody waiting for ever."""
    async with open_knowledge(folder, KnowledgeSettings(), HashEmbedder(), {}) as knowledge:
        waiting = asyncio.create_task(knowledge.wait_ready())
        statuses = knowledge.watch()
        assert (await anext(statuses)).state == "loading"
    with pytest.raises(KnowledgeUnavailable, match="closed before it was ready"):
        await waiting
    assert [status.state async for status in statuses][-1] == "failed"


async def test_a_closed_knowledge_refuses(folder: Path) -> None:
    """A search that comes too late is told so, and is not taken for a cancelled one."""
    async with ready(folder) as knowledge:
        vector = (await knowledge.embed(["fence"]))[0]
    with pytest.raises(KnowledgeUnavailable, match="closed"):
        await knowledge.search(["operations"], "fence", vector)
