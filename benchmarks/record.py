"""What a document of 30 pages costs in the record, and how soon it is found on another machine.

    python -m benchmarks.record [--documents N] [--json]

Two machines in one process, each with a folder of its own, over the embedded Redis; no model is used, as vectors have
the same size whatever they say. Each document is generated: 30 pages of 450 words in sentences of about 15. The time
runs from when the first machine says that the document is in until a question on the second one finds it.
"""

import argparse
import asyncio
import json
import random
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from redis.asyncio import Redis

from benchmarks.measure import Spread, spread
from knowledge import HashEmbedder, Knowledge, KnowledgeSettings, Upload, open_knowledge
from orchestration.embedded import open_embedded
from orchestration.keys import Keys
from orchestration.redis_record import open_redis_record

BASE = "operations"
PAGES = 30
SENTENCES = 30
"""A page."""
LONGEST_SECONDS = 30.0


@dataclass(frozen=True)
class Cost:
    """Of one document, in bytes."""

    passages: int
    sentences: int
    original: int
    stored: int
    """All its files together."""
    redis: int
    """What Redis needs for them, by its own account."""


def document(number: int) -> str:
    """Thirty pages; the word "note<number>" is in this one only."""
    chance = random.Random(number)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(2, 10))) for _ in range(3000)]
    pages = [f"# Note{number}"]
    for page in range(PAGES):
        sentences = [" ".join(chance.choices(words, k=chance.randint(10, 20))).capitalize() for _ in range(SENTENCES)]
        paragraphs = [". ".join(sentences[start : start + 5]) + "." for start in range(0, SENTENCES, 5)]
        pages.append("\n\n".join([f"## Page {page + 1}", *paragraphs]))
    return "\n\n".join(pages)


async def measure(documents: int) -> tuple[Cost, Spread]:
    with tempfile.TemporaryDirectory(prefix="rt-bench-") as name:
        folder = Path(name)
        async with AsyncExitStack() as stack:
            server = await stack.enter_async_context(open_embedded(folder))
            machines = []
            for place in ("one", "two"):
                record = await stack.enter_async_context(open_redis_record(server.url, Keys()))
                opened = open_knowledge(folder / place, KnowledgeSettings(), HashEmbedder(), {}, record)
                machines.append(await stack.enter_async_context(opened))
            for knowledge in machines:
                await knowledge.wait_ready()
            took = [await _until_found(folder, number, *machines) for number in range(documents)]
            redis = await stack.enter_async_context(Redis.from_url(server.url))
            return await _cost(redis, machines[0]), spread(took)


async def _until_found(folder: Path, number: int, one: Knowledge, two: Knowledge) -> float:
    path = folder / f"note{number}.md"
    path.write_text(document(number))
    await one.ingest(BASE, [Upload(path)])
    begun = time.monotonic()
    word = f"Note{number}"
    vector = (await two.embed([word]))[0]
    while not any(hit.passage.title == word for hit in await two.search([BASE], word, vector)):
        if time.monotonic() - begun > LONGEST_SECONDS:
            raise RuntimeError(f"{path.name} was not found on the other machine in {LONGEST_SECONDS:g} s")
        await asyncio.sleep(0.01)
    return time.monotonic() - begun


async def _cost(redis: Redis, knowledge: Knowledge) -> Cost:
    shelf = knowledge.shelves.get(BASE)
    entry = shelf.manifest().documents[0]
    chunks = shelf.artefacts.chunks(entry.artefact)
    return Cost(
        passages=entry.passages,
        sentences=sum(len(chunk.sentences) for chunk in chunks),
        original=entry.size,
        stored=sum(path.stat().st_size for path in shelf.files(entry).values()),
        redis=await redis.memory_usage(Keys().document(entry.upload), samples=0) or 0,
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.record", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--documents", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    cost, found = asyncio.run(measure(args.documents))
    if args.json:
        print(json.dumps({"document": asdict(cost), "found_elsewhere_ms": found.as_dict()}, indent=2))
        return
    print(f"{cost.passages} passages, {cost.sentences} sentences, a file of {cost.original:,} bytes")
    print(f"{cost.stored:,} bytes of files, {cost.redis:,} bytes in Redis")
    print(f"found elsewhere after (ms): p50 {found.p50:.0f}, p99 {found.p99:.0f}, longest {found.max:.0f}")


if __name__ == "__main__":
    main()
