"""Several processes on one folder."""

import asyncio
import sys
from pathlib import Path

from knowledge import HashEmbedder, KnowledgeSettings, open_knowledge
from knowledge.lock import FolderLock
from tests.knowledge.asking import ask, put, ready, sources
from tests.knowledge.conftest import BACKUPS, LEASES, CountingEmbedder, Write

PASSAGE = "without a heartbeat. Another worker"
"""Two sentences of a passage."""

INGESTS = """
import asyncio, sys
from pathlib import Path
from knowledge import HashEmbedder, KnowledgeSettings, Upload, open_knowledge

async def main(folder, *paths):
    async with open_knowledge(Path(folder), KnowledgeSettings(), HashEmbedder(), {}) as knowledge:
        for path in paths:
            await knowledge.ingest("operations", [Upload(Path(path))])
        await knowledge.sentences.settled()

asyncio.run(main(*sys.argv[1:]))
"""


async def in_another_process(program: str, *arguments: Path) -> None:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    process = await asyncio.create_subprocess_exec(*command, cwd=Path(__file__).parents[2])
    assert await process.wait() == 0


async def test_what_another_process_put_in_is_found(folder: Path, write: Write, embedder: CountingEmbedder) -> None:
    """The next search sees it, and embeds nothing for it."""
    async with ready(folder, {"operations": [write("leases.md", LEASES)]}, embedder) as knowledge:
        assert sources(await ask(knowledge, "weekly backup")) == ["leases.md"] * 3
        await in_another_process(INGESTS, folder, write("backups.md", BACKUPS))
        embedder.texts.clear()
        assert sources(await ask(knowledge, "weekly backup"))[0] == "backups.md"
        assert embedder.texts == ["weekly backup"]


async def test_two_writers_lose_nothing(folder: Path, write: Write) -> None:
    """Both put documents into the same base at the same time; all of them are in."""
    one, two = (
        [write(f"{name}-{n}.md", f"# {name} {n}\n\nText of {name} number {n}.\n") for n in range(8)]
        for name in ("apple", "pear")
    )
    async with ready(folder) as knowledge:
        other = asyncio.create_task(in_another_process(INGESTS, folder, *one))
        await put(knowledge, *two)
        await other
        assert len(knowledge.documents("operations")) == 16
        assert sources(await ask(knowledge, "apple number 3"))[0] == "apple-3.md"
        assert sources(await ask(knowledge, "pear number 5"))[0] == "pear-5.md"


async def test_only_one_of_two_seeds(folder: Path, write: Write) -> None:
    """The second to start waits for the first, and finds its work done."""
    seeds = {"operations": [write("leases.md", LEASES), write("backups.md", BACKUPS)]}
    first, second = CountingEmbedder(), CountingEmbedder()
    async with (
        open_knowledge(folder, KnowledgeSettings(), first, seeds) as one,
        open_knowledge(folder, KnowledgeSettings(), second, seeds) as two,
    ):
        await one.wait_ready()
        await two.wait_ready()
        # Passages are embedded by whoever seeds; the vectors of sentences both make at leisure.
        seeded = [any(PASSAGE in text for text in each.texts) for each in (first, second)]
        assert sorted(seeded) == [False, True]
        assert sources(await ask(two, "weekly backup"))[0] == "backups.md"


async def test_closing_ends_the_wait_for_another_seeder(tmp_path: Path) -> None:
    """A process that is told to stop does not hang on the lock of another."""
    with FolderLock(tmp_path / ".seeding.lock").held():
        async with open_knowledge(tmp_path, KnowledgeSettings(), HashEmbedder(), {}) as knowledge:
            assert knowledge.status.state == "loading"
    assert knowledge.status.detail == "The knowledge was closed before it was ready."
