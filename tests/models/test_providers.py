"""Each provider's library is asked with the provider's own protocol, and its reply understood."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import pytest

from agents import load_catalog
from agents.errors import ModelFailed, ModelMisconfigured
from agents.models import Prompt, Reply, Said
from agents.models.opening import open_models
from agents.models.providers import PROVIDERS, check, close, make, sends_to
from agents.models.settings import ModelSettings
from orchestration import read_settings
from orchestration.errors import ConfigurationError
from tests.openai_server import openai_server

NONE = ModelSettings()
PROMPT = Prompt((Said("system", "Be brief."), Said("person", "When are roses pruned?")), most_tokens=50)
HOSTED = [name for name, provider in PROVIDERS.items() if provider.key]
OLLAMA: list[dict[str, object]] = [
    {"message": {"role": "assistant", "content": "", "thinking": "Hm."}, "done": False},
    {"message": {"role": "assistant", "content": "In "}, "done": False},
    {"message": {"role": "assistant", "content": "March."}, "done": False},
    {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop",
     "prompt_eval_count": 11, "eval_count": 3},
]  # fmt: skip
ANTHROPIC: list[dict[str, object]] = [
    {"type": "message_start", "message": {
        "id": "m", "type": "message", "role": "assistant", "model": "claude", "content": [], "stop_reason": None,
        "stop_sequence": None, "usage": {"input_tokens": 11, "output_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": "", "signature": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Hm."}},
    {"type": "content_block_stop", "index": 0},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "In "}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "March."}},
    {"type": "content_block_stop", "index": 1},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None},
     "usage": {"input_tokens": 11, "output_tokens": 3}},
    {"type": "message_stop"},
]  # fmt: skip


@dataclass
class Recorder:
    """A server that answers everything with the same."""

    status: int
    kind: str
    said: bytes
    base_url: str = ""
    asked: list[tuple[str, bytes]] = field(default_factory=list)
    """Path and body of each request."""


@contextmanager
def recorder(said: bytes, kind: str = "application/json", status: int = 200) -> Iterator[Recorder]:
    kept = Recorder(status, kind, said)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.asked.append((self.path, self.rfile.read(int(self.headers["content-length"] or 0))))
            self.send_response(kept.status)
            self.send_header("content-type", kept.kind)
            self.send_header("content-length", str(len(kept.said)))
            self.end_headers()
            self.wfile.write(kept.said)

        do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None:
            """A test that fails says why itself."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        kept.base_url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield kept
        server.shutdown()
        thread.join()


async def asked(name: str, data: Path) -> Reply:
    async with open_models(ModelSettings(model=name), load_catalog(), data) as models:
        model = models.of()
        assert model is not None
        parts = [part async for part in model.reply(PROMPT)]
    assert isinstance(parts[-1], Reply)
    return parts[-1]


async def test_ollama(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines = "".join(
        json.dumps({"model": "qwen3", "created_at": "2026-01-01T00:00:00Z", **each}) + "\n" for each in OLLAMA
    )
    with recorder(lines.encode(), "application/x-ndjson") as server:
        monkeypatch.setenv("OLLAMA_HOST", server.base_url)
        reply = await asked("ollama:qwen3", tmp_path)
    assert (reply.text, reply.complete) == ("In March.", True)
    assert (reply.usage[0].tokens_in, reply.usage[0].tokens_out) == (11, 3)
    ((path, body),) = server.asked
    assert path == "/api/chat"
    assert json.loads(body)["options"] == {"num_predict": 50}


async def test_anthropic(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    events = "".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in ANTHROPIC)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "of-a-test")
    with recorder(events.encode(), "text/event-stream") as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.base_url)
        monkeypatch.setenv("ANTHROPIC_API_URL", server.base_url)
        reply = await asked("anthropic:claude-test", tmp_path)
    assert (reply.reasoning, reply.text, reply.complete) == ("Hm.", "In March.", True)
    assert reply.usage[0].tokens_in == 11
    ((path, body),) = server.asked
    assert path.startswith("/v1/messages")
    told = json.loads(body)
    assert (told["max_tokens"], told["stream"], told["messages"][0]["role"]) == (50, True, "user")


async def test_mistral(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It speaks nearly as OpenAI does."""
    monkeypatch.setenv("MISTRAL_API_KEY", "of-a-test")
    with openai_server(lambda asked: ["In ", "March."]) as server:
        monkeypatch.setenv("MISTRAL_BASE_URL", server.base_url)
        reply = await asked("mistral:small", tmp_path)
    assert reply.text == "In March."
    assert server.asked[0].body["max_tokens"] == 50


@pytest.mark.parametrize("provider", ["openai", "anthropic", "ollama", "mistral"])
async def test_at_the_end_its_connections_are_closed(
    provider: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its own: whoever opens the same model anew has others."""
    if PROVIDERS[provider].key:
        monkeypatch.setenv(PROVIDERS[provider].key, "of-a-test")
    with recorder(b'{"error": {"type": "x", "message": "no"}}', status=403) as server:
        for variable in PROVIDERS[provider].elsewhere:
            monkeypatch.setenv(variable, server.base_url)
        for number in (1, 2):
            async with open_models(ModelSettings(model=f"{provider}:small"), load_catalog(), tmp_path) as models:
                model = models.of()
                assert model is not None
                with pytest.raises(ModelFailed, match="refused"):
                    await anext(model.reply(PROMPT))
            with pytest.raises(ModelFailed, match=r"unusable|unreachable"):
                await anext(model.reply(replace(PROMPT, most_calls=1)))
            assert len(server.asked) == number, "nothing can be sent any more"


async def test_google_s_connections_are_closed_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that is there from the start, and the one that is opened when something is asked."""
    monkeypatch.setenv("GOOGLE_API_KEY", "of-a-test")
    unasked: Any = make("google:small", NONE)
    asked: Any = make("google:small", NONE)
    channel = asked.async_client.transport.grpc_channel
    await close("google:small", unasked)
    assert channel.get_state().name == "IDLE"
    await close("google:small", asked)
    assert channel.get_state().name == "SHUTDOWN"
    for model in (unasked, asked):
        with pytest.raises(ValueError, match="closed channel"):
            model.client.count_tokens(model=model.model, contents=[], timeout=0.1, retry=None)


@pytest.mark.parametrize("provider", ["anthropic", "mistral"])
async def test_no_library_tries_again_by_itself(provider: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A refusal is one request and one reason."""
    with recorder(b'{"error": {"type": "x", "message": "no"}}', status=403) as server:
        monkeypatch.setenv(PROVIDERS[provider].key, "of-a-test")
        for variable in PROVIDERS[provider].elsewhere:
            monkeypatch.setenv(variable, server.base_url)
        with pytest.raises(ModelFailed, match="refused"):
            await asked(f"{provider}:small", tmp_path)
    assert len(server.asked) == 1


@pytest.mark.parametrize("provider", HOSTED)
def test_every_hosted_one_can_be_made_with_a_key(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PROVIDERS[provider].key, "of-a-test")
    made = make(f"{provider}:some-model", NONE)
    assert "of-a-test" not in repr(made)


@pytest.mark.parametrize("provider", HOSTED)
def test_without_a_key_the_variable_is_named(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PROVIDERS[provider].key, raising=False)
    with pytest.raises(ModelMisconfigured, match=f"set {PROVIDERS[provider].key}"):
        check(f"{provider}:some-model", NONE)


def test_a_server_of_ones_own_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    check("openai:mine", ModelSettings.model_validate({"base_url": "http://127.0.0.1:1/v1"}))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_package_that_is_missing_is_named_by_its_extra(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PROVIDERS[provider].key or "UNUSED", "of-a-test")
    present = ModuleSpec("there", None)
    missing = PROVIDERS[provider].package
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == missing else present)
    with pytest.raises(ModelMisconfigured) as caught:
        check(f"{provider}:some-model", NONE)
    assert f"make install EXTRA={provider}" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "elsewhere", "host"),
    [
        ("openai:x", {}, "api.openai.com"),
        ("openai:x", {"OPENAI_BASE_URL": "https://gateway.example/v1"}, "gateway.example"),
        ("anthropic:x", {}, "api.anthropic.com"),
        ("ollama:x", {}, None),
        ("ollama:x", {"OLLAMA_HOST": "big.example:11434"}, "big.example"),
        ("ollama:x", {"OLLAMA_HOST": ":11434"}, None),
        ("openai:x", {"OPENAI_BASE_URL": "http://user:secret@[::1"}, "api.openai.com"),
        ("local:some/model", {}, None),
    ],
)
def test_where_what_is_asked_goes(
    name: str, elsewhere: dict[str, str], host: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for provider in PROVIDERS.values():
        for variable in provider.elsewhere:
            monkeypatch.delenv(variable, raising=False)
    for variable, value in elsewhere.items():
        monkeypatch.setenv(variable, value)
    assert sends_to(name, NONE) == host


ASKING = """
import asyncio, sys
from pathlib import Path
from agents import load_catalog
from agents.models import Prompt, Said
from agents.models.opening import open_models
from agents.models.settings import ModelSettings

async def main():
    settings = ModelSettings(model="openai:x", base_url=sys.argv[1])
    async with open_models(settings, load_catalog(), Path(sys.argv[2])) as models:
        print([part async for part in models.of().reply(Prompt((Said("person", "Hello?"),)))][-1].text)

asyncio.run(main())
"""


def test_nothing_is_traced_whatever_the_environment_says(tmp_path: Path) -> None:
    """Tracing would send every question to a service that nobody configured here."""
    with recorder(b"{}") as service, openai_server(lambda asked: ["In March."]) as server:
        tracing = {"LANGSMITH_TRACING": "true", "LANGCHAIN_TRACING_V2": "true", "LANGSMITH_API_KEY": "of-a-test"}
        tracing |= {"LANGSMITH_ENDPOINT": service.base_url, "LANGCHAIN_ENDPOINT": service.base_url}
        done = subprocess.run(
            [sys.executable, "-c", ASKING, server.base_url, str(tmp_path)],
            env={**os.environ, **tracing}, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2],
        )  # fmt: skip
    assert done.stdout.strip() == "In March.", done.stderr
    assert service.asked == []


@pytest.mark.parametrize(
    "address",
    ["user:secret@host", "http://user:sec/ret@host", "http://[secret", "ftp://secret/", "http://host:secret/"],
)
def test_a_wrong_address_is_said_to_be_one_without_its_password(address: str) -> None:
    """A mistyped one may have it anywhere."""
    with pytest.raises(ConfigurationError) as caught:
        read_settings({"ROUNDTABLE_MODEL": "openai:x", "ROUNDTABLE_MODEL_BASE_URL": address}, dotenv=None)
    assert "ROUNDTABLE_MODEL_BASE_URL is not usable" in str(caught.value)
    assert "sec" not in str(caught.value)


def test_a_wrong_address_of_a_library_is_not_repeated_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "of-a-test")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://user:sec/ret@host")
    with pytest.raises(ModelMisconfigured) as caught:
        make("openai:x", NONE)
    assert "sec" not in str(caught.value)
