"""Asking a question in one line, and waiting for a seeded knowledge in another."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from knowledge import (
    Embedder,
    HashEmbedder,
    Hit,
    Ingested,
    Knowledge,
    KnowledgeSettings,
    Upload,
    open_knowledge,
)


@asynccontextmanager
async def ready(
    folder: Path,
    seeds: Mapping[str, Sequence[Path]] | None = None,
    embedder: Embedder | None = None,
    settings: KnowledgeSettings | None = None,
) -> AsyncIterator[Knowledge]:
    """An open knowledge whose seeding is done, with all vectors made before and after."""
    opened = open_knowledge(folder, settings or KnowledgeSettings(), embedder or HashEmbedder(), seeds or {})
    async with opened as knowledge:
        await knowledge.wait_ready()
        await knowledge.sentences.settled()
        yield knowledge
        await knowledge.sentences.settled()


async def ask(knowledge: Knowledge, question: str, *bases: str, person: str = "local", limit: int = 6) -> list[Hit]:
    vector = (await knowledge.embed([question]))[0]
    return await knowledge.search(bases or ("operations",), question, vector, person=person, limit=limit)


async def put(knowledge: Knowledge, *paths: Path, base: str = "operations", person: str = "") -> list[Ingested]:
    return await knowledge.ingest(base, [Upload(path) for path in paths], person=person)


def sources(hits: Sequence[Hit]) -> list[str]:
    return [hit.passage.source for hit in hits]


def texts(hits: Sequence[Hit]) -> str:
    return "\n".join(hit.passage.text for hit in hits)
