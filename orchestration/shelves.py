"""The knowledge of a process: what is in its data folder, or a copy there of what Redis has."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager

from agents import AgentRegistry, load_catalog
from knowledge import Embedder, Knowledge, KnowledgeStatus, MiniLM, Record, open_knowledge
from orchestration.keys import PREFIX, Keys
from orchestration.redis_record import open_redis_record
from orchestration.settings import Settings, make_data_folder


@asynccontextmanager
async def open_shelves(
    settings: Settings,
    *,
    registry: AgentRegistry | None = None,
    embedder: Embedder | None = None,
    prefix: str = PREFIX,
    bases: Collection[str] | None = None,
) -> AsyncIterator[Knowledge]:
    """The knowledge as it is shared. With REDIS_URL Redis has the record of what people put in and the data folder is
    a copy of it, of all `bases` or of these; without it the folder is all there is, and no Redis is needed.
    """
    registry = registry or load_catalog()
    await asyncio.to_thread(make_data_folder, settings.data)
    async with AsyncExitStack() as stack:
        record = None
        if settings.redis_url is not None:
            url = settings.redis_url.get_secret_value()
            record = await stack.enter_async_context(open_redis_record(url, Keys(prefix), settings.durability))
        yield await stack.enter_async_context(open_folder(settings, registry, embedder, record, bases))


@asynccontextmanager
async def open_folder(
    settings: Settings,
    registry: AgentRegistry,
    embedder: Embedder | None,
    record: Record | None = None,
    bases: Collection[str] | None = None,
) -> AsyncIterator[Knowledge]:
    """What is in the data folder; without a `record` whatever is there is all there is."""
    seeds = {agent.name: agent.seeds() for agent in registry.values()}
    folder = settings.data / "knowledge"
    embedder = embedder or MiniLM(exports=folder / ".model")
    async with open_knowledge(folder, settings.knowledge, embedder, seeds, record, bases) as knowledge:
        yield knowledge


async def preparation(knowledge: Knowledge) -> AsyncIterator[KnowledgeStatus]:
    """Each change while the knowledge is being read; nothing when it is ready. Raises KnowledgeUnavailable."""
    if knowledge.status.state != "ready":
        async for status in knowledge.watch():
            if status.state in ("ready", "failed"):
                break
            yield status
        await knowledge.wait_ready()
