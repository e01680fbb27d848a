"""A model on this machine, as far as no model has to be loaded for it; a real one is in tests/integration."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from agents.errors import ModelFailed, ModelMisconfigured
from agents.models import Prompt, Said
from agents.models.local import LocalModel, LocalServer, model_of
from agents.models.scripted import ScriptedModel
from tests.integration.processes import kill, runs
from tests.orchestration.waiting import eventually

PROMPT = Prompt((Said("person", "When are roses pruned?"),))
CHILD = """
import os, sys, threading
from http.server import BaseHTTPRequestHandler, HTTPServer

class Healthy(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

print(sorted(os.environ), flush=True)
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
HTTPServer(("127.0.0.1", int(sys.argv[2])), Healthy).serve_forever()
"""
"""Answers at once that it is there."""


@asynccontextmanager
async def running(data: Path, program: str = CHILD) -> AsyncIterator[LocalServer]:
    server = LocalServer("local:some/model", data, (sys.executable, "-c", program))
    task = asyncio.create_task(server.run())
    try:
        yield server
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def there(server: LocalServer) -> bool:
    return bool(server.base_url)


async def test_it_is_there_as_long_as_somebody_wants_it(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        assert (await server.wait_ready(60)).startswith("http://127.0.0.1:")
        child = server.pid
        assert child is not None and runs(child)
    assert not runs(child)
    assert list((tmp_path / "models").glob("*.port")) == []


async def test_two_on_a_data_folder_share_one_and_the_second_takes_over(tmp_path: Path) -> None:
    async with running(tmp_path) as second:
        async with running(tmp_path) as first:
            assert await first.wait_ready(60) == await second.wait_ready(60)
            owner, other = (first, second) if first.pid else (second, first)
            assert (owner.pid is not None, other.pid) == (True, None)
        await eventually(lambda: there(second), "the one that is left serves")
        assert second.pid is not None


async def test_one_that_dies_is_started_again(tmp_path: Path) -> None:
    async def another() -> bool:
        return bool(server.base_url) and server.pid != first

    async with running(tmp_path) as server:
        await server.wait_ready(60)
        first = server.pid
        assert first is not None
        await asyncio.to_thread(kill, first)
        await eventually(another, "it is started again")


class Asker(ScriptedModel):
    """Knows whether its connections were closed."""

    closed = False

    async def close(self) -> None:
        self.closed = True


async def test_its_connections_are_closed_when_it_is_somewhere_else_and_at_the_end(tmp_path: Path) -> None:
    made: list[Asker] = []

    def at(base_url: str) -> Asker:
        made.append(Asker("In March."))
        return made[-1]

    async with running(tmp_path) as server:
        model = LocalModel(server, at, seconds=60)
        for port in (1, 1, 2):
            await server.wait_ready(60)
            server.base_url = f"http://127.0.0.1:{port}/v1"
            async for _ in model.reply(PROMPT):
                pass
        assert [asker.closed for asker in made] == [True, False]
        await model.close()
    assert [asker.closed for asker in made] == [True, True]


async def test_while_it_loads_whoever_asks_is_told_that_it_cannot_be_reached(tmp_path: Path) -> None:
    """Soon enough to be answered without it."""
    async with running(tmp_path, "import sys; sys.stdin.read()") as server:
        model = LocalModel(server, lambda base_url: Asker("In March."), seconds=0.05)
        with pytest.raises(ModelFailed, match="unreachable"):
            await anext(model.reply(PROMPT))


async def test_keys_of_providers_are_not_given_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = ("OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY_2", "DB_PASSWORD", "REDIS_URL", "ROUNDTABLE_MODEL_BASE_URL")
    for name in secrets:
        monkeypatch.setenv(name, "http://user:very-secret@host")
    async with running(tmp_path) as server:
        await server.wait_ready(60)
        variables = server.log.read_text()
    assert "HF_HUB_DISABLE_TELEMETRY" in variables
    assert not [name for name in secrets if name in variables]


def test_a_folder_is_one_that_exists(tmp_path: Path) -> None:
    assert model_of(f"local:{tmp_path}") == str(tmp_path.resolve())
    assert model_of("local:org/name") == "org/name"
    with pytest.raises(ModelMisconfigured, match="a folder that does not exist"):
        model_of("local:/no/such/folder")
