"""Machines that share what people put in: each has a folder of its own, and Redis has the record."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from knowledge import Embedder, HashEmbedder, Knowledge, KnowledgeSettings, open_knowledge
from orchestration.keys import Keys
from orchestration.redis_record import open_redis_record
from tests.knowledge.asking import ask, sources
from tests.orchestration.waiting import eventually


@asynccontextmanager
async def machine(
    folder: Path,
    redis_url: str,
    keys: Keys,
    *,
    seeds: Mapping[str, Sequence[Path]] | None = None,
    embedder: Embedder | None = None,
    bases: Collection[str] | None = None,
) -> AsyncIterator[Knowledge]:
    """A process on a machine, ready."""
    async with open_redis_record(redis_url, keys) as record:
        opened = open_knowledge(folder, KnowledgeSettings(), embedder or HashEmbedder(), seeds or {}, record, bases)
        async with opened as knowledge:
            await knowledge.wait_ready()
            yield knowledge


async def found(
    knowledge: Knowledge, source: str, question: str, *, base: str = "operations", person: str = "local"
) -> None:
    """Wait until a question finds this document first, for as long as it may take."""

    async def holds() -> bool:
        return sources(await ask(knowledge, question, base, person=person))[:1] == [source]

    await eventually(holds, f"{source} is found")


async def gone(knowledge: Knowledge, source: str, question: str, *, base: str = "operations", person: str = "") -> None:
    """Wait until no question finds it, and it is listed no more."""

    async def holds() -> bool:
        hits = sources(await ask(knowledge, question, base, person=person, limit=50))
        listed = [document.source for document in knowledge.documents(base, person)]
        return source not in hits and source not in listed

    await eventually(holds, f"{source} is gone")
