"""Keys, passwords in addresses and what providers say of them are nowhere in what the product keeps, logs or shows."""

import json
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis

from agents.models.opening import open_models
from agents.models.settings import ModelSettings
from api import create_app
from chat import host
from chat.commands.status import language_models
from chat.german import GERMAN
from chat.picture import draw
from chat.story import Story, tell
from chat.words import ENGLISH
from cli.logs import log_to_file
from cli.main import main
from cli.outcome import FAILED
from history import open_history
from knowledge import HashEmbedder, KnowledgeSettings, open_knowledge
from orchestration import Settings, Task
from orchestration.keys import Keys
from orchestration.messages import Answer
from people import Accounts, People
from tests.api.test_application import Running
from tests.api.test_documents import KnownPage
from tests.chat.scripted import ScriptedOrchestrator
from tests.openai_server import Asked, BreakOff, Piece, Raw, Refusal, openai_server
from tests.orchestration.worlds import registry, world

KEY, PASSWORD, TOLD = "sk-PLANTEDKEY", "PLANTEDPASSWORD", "PLANTEDWORDS"
SECRETS = (KEY, PASSWORD, TOLD)
SAID = f"Incorrect API key provided: {KEY}. You are user:{PASSWORD}@ and said {TOLD}."


def refuses(asked: Asked) -> Iterable[Piece]:
    raise Refusal(401, SAID, x_request_id=TOLD, www_authenticate=f"Basic {KEY}")


def has_too_much_to_do(asked: Asked) -> Iterable[Piece]:
    raise Refusal(429, SAID, retry_after="60", x_request_id=TOLD)


def breaks_inside(asked: Asked) -> Iterable[Piece]:
    raise Refusal(500, SAID, x_request_id=TOLD)


def says_so_in_the_middle(asked: Asked) -> Iterable[Piece]:
    yield "Prune roses"
    yield Raw(json.dumps({"error": {"message": SAID, "type": TOLD, "code": KEY}}))
    yield BreakOff()


def talks_nonsense(asked: Asked) -> Iterable[Piece]:
    yield "Prune roses"
    yield Raw(f"{{{SAID}")
    yield BreakOff()


WAYS = (refuses, has_too_much_to_do, breaks_inside, says_so_in_the_middle, talks_nonsense)


def with_password(base_url: str) -> str:
    return base_url.replace("http://", f"http://user:{PASSWORD}@")


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_a_failing_provider_says_nothing_of_them_anywhere(
    way: object, tmp_path: Path, redis_url: str, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in the log, Redis, the events, the history and its files, the page's pictures, metrics, or over HTTP."""
    assert callable(way)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr("agents.models.resilient.FIRST_WAIT", 0.0)
    log = log_to_file(tmp_path / "data")
    with openai_server(way) as server:
        configured = ModelSettings.model_validate(
            {"model": "openai:planted", "base_url": with_password(server.base_url)}
        )
        async with (
            open_models(configured, registry(tmp_path), tmp_path / "data") as models,
            world(tmp_path, redis_url, keys.prefix, models=models) as orchestrator,
            open_history(tmp_path / "data") as history,
        ):
            shown: list[str] = [repr(configured), repr(models), str(models)]
            runs = []
            for mode in ("council", "single"):
                task = Task.model_validate(
                    {"question": "When are roses pruned, and how is bread baked?", "mode": mode, "conversation": mode}
                )
                await orchestrator.submit(task)
                story, events = Story(task.id), []
                async for recorded in orchestrator.follow(task.id, person="local"):
                    events.append(recorded)
                    shown.append(recorded.model_dump_json())
                    story = tell(story, recorded)
                    shown += [repr(draw(story, {}, words, models=models)) for words in (ENGLISH, GERMAN)]
                assert isinstance(events[-1].event, Answer)
                result = events[-1].event.result
                assert result.state == "answered"
                assert result.notes, "the model was to be asked, and failed"
                await history.keep(events)
                runs.append(task)
            shown.append(language_models(models, orchestrator.usage, ENGLISH))
            shown.append((await orchestrator.metrics()).decode())
            shown += await over_http(tmp_path, runs)
            shown += await in_redis(redis_url, keys)
        assert server.asked
    assert "openai:planted" in log.read_text(), "that it failed is logged"
    kept = {path.name: path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file()}
    for secret in SECRETS:
        assert not [text for text in shown if secret in text]
        assert not [name for name, content in kept.items() if secret.encode() in content]


async def over_http(folder: Path, runs: Iterable[Task]) -> list[str]:
    """What a browser gets of them."""

    @asynccontextmanager
    async def opening() -> AsyncIterator[Running]:
        async with (
            open_history(folder / "data") as history,
            open_knowledge(folder / "empty", KnowledgeSettings(), HashEmbedder(), {}) as knowledge,
        ):
            people = People(Accounts(folder / "people.json"))
            host.install(ScriptedOrchestrator(), registry(folder), knowledge, history, people)
            yield Running()
            await host.uninstall()

    app = create_app(Settings(data=folder / "data"), page=KnownPage(), opening=opening)
    told = []
    async with app.running():
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        headers = {"x-person": "local"}
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000", headers=headers) as client:
            for task in runs:
                for path in (f"runs/{task.id}", f"runs/{task.id}/answer", f"conversations/{task.conversation}/export"):
                    response = await client.get(f"/api/{path}")
                    assert response.status_code == 200
                    told.append(response.text)
    return told


async def in_redis(redis_url: str, keys: Keys) -> list[str]:
    """Everything that is there, as it is there."""
    async with Redis.from_url(redis_url) as redis:
        told = []
        async for name in redis.scan_iter(f"{keys.prefix}*"):
            kind = await redis.type(name)
            if kind == b"hash":
                told.append(repr(await redis.hgetall(name)))
            elif kind == b"stream":
                told.append(repr(await redis.xrange(name)))
            elif kind == b"string":
                told.append(repr(await redis.get(name)))
        assert told
        return told


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_the_command_that_tries_a_model_says_nothing_of_them(
    way: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not even where it shows how an error came about."""
    assert callable(way)
    monkeypatch.setattr("agents.models.resilient.FIRST_WAIT", 0.0)
    monkeypatch.setenv("ROUNDTABLE_DATA", str(tmp_path))
    monkeypatch.setenv("ROUNDTABLE_MODEL", "openai:planted")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with openai_server(way) as server:
        monkeypatch.setenv("ROUNDTABLE_MODEL_BASE_URL", with_password(server.base_url))
        for arguments in (["models", "--try"], ["models", "--try", "--json"], ["--debug", "models", "--try"]):
            assert main(arguments) == FAILED
    said = "".join(capsys.readouterr())
    assert "openai:planted" in said
    assert not [secret for secret in SECRETS if secret in said]


@pytest.mark.parametrize("client", ["httpx", "httpx2"])
def test_what_http_clients_log_of_each_request_is_left_out(tmp_path: Path, client: str) -> None:
    """It has the whole address."""
    file = log_to_file(tmp_path)
    logging.getLogger(client).info("HTTP Request: POST http://user:%s@host", PASSWORD)
    assert file.read_text() == ""
