"""A real server of language models on this machine: `transformers serve` with a tiny model of random numbers.

It is our own child and is waited for on its port; what it says is gibberish, how it says it is the real protocol.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from agents.errors import ModelFailed
from agents.models import Delta, LanguageModel, Prompt, Reply, Said, StartedAnew
from agents.models.chat_model import ChatModel
from agents.models.local import LocalModel, LocalServer, open_local
from agents.models.providers import make_at
from agents.models.resilient import Chain, Link
from tests.integration.processes import kill, runs
from tests.models.tiny import make_tiny_model
from tests.orchestration.waiting import eventually

PATIENCE = 120.0
"""Seconds; a busy machine takes most of a minute to import and to load."""
PROMPT = Prompt((Said("system", "Be brief."), Said("person", "When are roses pruned?")), most_tokens=24)
LONG = Prompt(PROMPT.said, most_tokens=4_000)
FOUND = """
import asyncio, sys
from pathlib import Path
from agents.models.local import open_local

async def main():
    async with open_local(sys.argv[1], Path(sys.argv[2])) as server:
        print(await server.wait_ready(float(sys.argv[3])), server.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""
"""Prints where the model is, and the child's process if it has one."""
BEGUN = """
import asyncio, sys
from pathlib import Path
from agents.models.local import open_local

async def main():
    async with open_local(sys.argv[1], Path(sys.argv[2])) as server:
        while server.pid is None:
            await asyncio.sleep(0.01)
        print(server.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""
"""Prints the child's process as soon as there is one."""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The model's name as it is configured."""
    folder = tmp_path_factory.mktemp("tiny")
    make_tiny_model(folder)
    return f"local:{folder}"


@pytest.fixture(scope="module")
def machine() -> Iterator[asyncio.Runner]:
    """One event loop for the whole file, so that the server is loaded once."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def server(machine: asyncio.Runner, tiny: str, data: Path) -> Iterator[LocalServer]:
    context = open_local(tiny, data)
    server = machine.run(context.__aenter__())
    yield server
    while _made:
        machine.run(_made.pop().close())
    machine.run(context.__aexit__(None, None, None))


_made: list[ChatModel] = []
"""What they keep open is closed at the end, and not when they happen to be collected."""


def asking(server: LocalServer, silence: float = PATIENCE) -> LanguageModel:
    def at(base_url: str) -> ChatModel:
        made = ChatModel(server.name, make_at(server.model, base_url), silence_seconds=silence)
        _made.append(made)
        return made

    return LocalModel(server, at, PATIENCE)


async def reply(model: LanguageModel, prompt: Prompt = PROMPT) -> Reply:
    parts = [part async for part in model.reply(prompt)]
    assert isinstance(parts[-1], Reply)
    return parts[-1]


def pid_of(server: LocalServer) -> int:
    assert server.pid is not None
    return server.pid


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """It is there and does nothing."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_what_it_says_is_streamed_and_counted(machine: asyncio.Runner, server: LocalServer) -> None:
    async def asked() -> None:
        *pieces, whole = [part async for part in asking(server).reply(PROMPT)]
        assert len(pieces) > 3
        assert isinstance(whole, Reply)
        assert whole.text == "".join(piece.text for piece in pieces if isinstance(piece, Delta))
        (usage,) = whole.usage
        assert (usage.tokens_out, usage.estimated, whole.complete) == (24, False, False)
        assert usage.tokens_in > 0

    machine.run(asked())


def test_eight_are_answered_at_the_same_time(machine: asyncio.Runner, server: LocalServer) -> None:
    async def asked() -> None:
        model = asking(server)
        replies = await asyncio.gather(*(reply(model) for _ in range(8)))
        assert [reply.usage[0].tokens_out for reply in replies] == [24] * 8

    machine.run(asked())


def test_who_goes_away_in_the_middle_stops_it(machine: asyncio.Runner, server: LocalServer) -> None:
    """It would write for minutes; the next one is answered all the same, and no connection is left."""

    async def asked() -> None:
        model = asking(server)
        parts = model.reply(LONG)
        assert isinstance(await anext(parts), Delta)
        await parts.aclose()
        await eventually(lambda: nobody_asks(server), "the connection is closed")
        assert (await reply(model)).usage[0].tokens_out == 24

    machine.run(asked())


def test_silence_ends_the_wait(machine: asyncio.Runner, server: LocalServer) -> None:
    """The process is there, its port too, and nothing comes."""

    async def asked() -> None:
        await server.wait_ready(PATIENCE)
        with stopped(pid_of(server)), pytest.raises(ModelFailed, match="timeout"):
            await reply(asking(server, silence=0.5))
        parts = asking(server, silence=2.0).reply(LONG)
        assert isinstance(await anext(parts), Delta)
        with stopped(pid_of(server)), pytest.raises(ModelFailed, match="timeout"):
            async for _ in parts:
                pass
        assert (await reply(asking(server))).usage[0].tokens_out == 24

    machine.run(asked())


def test_another_process_uses_the_same_one(machine: asyncio.Runner, server: LocalServer, data: Path) -> None:
    """Two that share a data folder do not load a model twice."""

    async def asked() -> None:
        here = await server.wait_ready(PATIENCE)
        async with another_process(server.name, data) as (_, there):
            assert there == [here, "None"]

    machine.run(asked())


def test_one_that_is_killed_in_the_middle_is_started_again(machine: asyncio.Runner, server: LocalServer) -> None:
    """What it was saying starts anew."""

    async def asked() -> None:
        await server.wait_ready(PATIENCE)
        first, parts = pid_of(server), Chain([Link(asking(server))]).reply(Prompt(PROMPT.said, most_tokens=400))
        heard: list[Delta | StartedAnew | Reply] = []
        async for part in parts:
            if not heard:
                kill(first)
            heard.append(part)
        assert StartedAnew(server.name, "interrupted") in heard
        assert isinstance(heard[-1], Reply)
        assert heard[-1].usage[0].calls == 2
        assert pid_of(server) != first

    machine.run(asked())


def test_it_ends_with_whoever_started_it(machine: asyncio.Runner, tiny: str, tmp_path: Path) -> None:
    """Also with one that was killed, who could not end anything, and while it is still loading."""

    async def asked() -> None:
        async with another_process(tiny, tmp_path, BEGUN) as (process, there):
            serving = int(there[0])
            assert runs(serving)
            kill(process.pid)
            await eventually(lambda: ended(serving), "the server ends with its owner")

    machine.run(asked())


async def ended(pid: int) -> bool:
    return not runs(pid)


async def nobody_asks(server: LocalServer) -> bool:
    """No connection to its port is established, as the system's table has them."""
    port = int(server.base_url.rpartition(":")[2].removesuffix("/v1"))
    rows = (await asyncio.to_thread(Path("/proc/net/tcp").read_text)).splitlines()[1:]
    return not [row for row in map(str.split, rows) if row[2].endswith(f":{port:04X}") and row[3] == "01"]


@asynccontextmanager
async def another_process(
    name: str, data: Path, program: str = FOUND
) -> AsyncIterator[tuple[asyncio.subprocess.Process, list[str]]]:
    """A second program that uses the model, and what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, name, str(data), str(PATIENCE), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield process, (await process.stdout.readline()).decode().split()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
