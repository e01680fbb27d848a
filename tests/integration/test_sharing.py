"""Whole processes that share what people put in: the chat on one machine, workers on others, commands anywhere."""

import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.answerers import ANSWERERS
from orchestration import AgentOrchestrator, Task
from orchestration.keys import Keys
from tests.integration.redis_server import RedisServer
from tests.knowledge.asking import put
from tests.knowledge.disk import files_with
from tests.knowledge.machines import found, machine
from tests.orchestration.waiting import PATIENCE_SECONDS, eventually
from tests.orchestration.worlds import world

LILIES = "# Lilies\n\n## Planting\n\nPlant lilies fifteen centimetres deep in autumn.\n"
QUESTION = "@garden How deep are lilies planted?"


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A server of its own: commands know no other prefix than the product's."""
    with tempfile.TemporaryDirectory(prefix="rt-") as folder:
        server = RedisServer(Path(folder))
        server.start()
        yield server
        server.close()


@pytest.fixture
def lilies(tmp_path: Path) -> Path:
    path = tmp_path / "lilies.md"
    path.write_text(LILIES)
    return path


async def test_a_worker_on_another_machine_answers_from_it(
    redis_url: str, keys: Keys, tmp_path: Path, lilies: Path
) -> None:
    """Put in where the chat is, answered where the worker is, until it is taken out."""
    answerer = ANSWERERS["extractive"]()
    here, there = tmp_path / "here", tmp_path / "there"
    async with (
        world(here, redis_url, keys.prefix, workers=False) as chat,
        world(there, redis_url, keys.prefix, answerer=answerer, workers=["garden"]),
    ):
        taken = (await put(chat.knowledge, lilies, base="garden"))[0]

        async def says(words: str) -> bool:
            return words in await _answer(chat)

        await eventually(lambda: says("fifteen centimetres"), "the worker knows it")
        await chat.knowledge.remove("garden", taken.document, person="")

        async def silent() -> bool:
            return not await says("fifteen centimetres")

        await eventually(silent, "the worker knows it no more")


async def test_the_command_puts_it_in_for_every_machine(server: RedisServer, tmp_path: Path, lilies: Path) -> None:
    """`roundtable ingest` ends when it is in the record, not only in its own folder."""
    async with machine(tmp_path / "there", server.url, Keys()) as two:
        code, _ = await _types("ingest", "--agent", "operations", lilies, data=tmp_path / "here", redis=server.url)
        assert code == 0
        await found(two, "lilies.md", "lilies planted")


async def test_the_command_says_that_redis_is_away(tmp_path: Path, lilies: Path) -> None:
    """And puts nothing in."""
    url = f"unix://{tmp_path}/nobody.sock"
    code, said = await _types("ingest", "--agent", "operations", lilies, data=tmp_path / "here", redis=url)
    assert code == 1
    assert said.splitlines()[-1] == (
        "roundtable: Redis, which keeps the documents, does not answer; please try again in a moment."
    )
    assert files_with(b"lilies", tmp_path / "here") == []


async def test_without_an_address_the_command_needs_no_redis(tmp_path: Path, lilies: Path) -> None:
    """The folder is all there is."""
    code, _ = await _types("ingest", "--agent", "operations", lilies, data=tmp_path / "here", redis="")
    assert code == 0
    assert not (tmp_path / "here" / "redis").exists()
    assert files_with(b"lilies", tmp_path / "here" / "knowledge" / "operations" / "team" / "originals")


async def _answer(orchestrator: AgentOrchestrator) -> str:
    return (await orchestrator.dispatch_task(Task(question=QUESTION))).answer


async def _types(*words: object, data: Path, redis: str) -> tuple[int, str]:
    """The exit code of a command, and its standard error."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.cli.installation", *map(str, words),
        cwd=Path(__file__).parents[2], env={**os.environ, "ROUNDTABLE_DATA": str(data), "REDIS_URL": redis},
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return process.returncode, said.decode()
