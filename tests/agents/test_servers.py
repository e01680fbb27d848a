"""Tools of MCP servers that the operator configured: for whom he named, and without holding anybody up."""

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents import ToolFailed, ToolMisconfigured
from agents.tools import session
from agents.tools.servers import open_servers
from agents.tools.settings import read_servers
from agents.tools.tool import Tool

COMMAND = [sys.executable, "-m", "tests.agents.weather_server"]
AGENTS = ("garden", "kitchen")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """One server that works, one that is away; both for the garden alone."""
    path = tmp_path / "mcp.json"
    servers = {
        "weather": {"command": COMMAND, "agents": ["garden"], "environment": ["WEATHER_KEY"]},
        "away": {"command": ["/nowhere/at-all"], "agents": ["garden"]},
    }
    path.write_text(json.dumps({"servers": servers}))
    return path


def named(tools: tuple[Tool, ...], name: str) -> Tool:
    return next(tool for tool in tools if tool.offer.name == name)


async def test_an_agent_has_the_tools_that_the_operator_gave_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server starts when it is first needed, knows no key of ours, and starts again when it died."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("WEATHER_KEY", "its own")
    monkeypatch.setattr(session, "CALL_SECONDS", 3.0)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    async with open_servers(file, AGENTS) as servers:
        assert await servers.tools("kitchen") == ()
        tools = await servers.tools("garden")
        assert {tool.offer.name for tool in tools} == {
            f"weather__{name}" for name in ("now", "secrets", "fails", "never", "dies")
        }
        now = named(tools, "weather__now")
        assert now.offer.description == "The weather in a place."
        assert (await now.call({"place": "the garden"})).text == "It is raining in the garden."
        assert (await named(tools, "weather__secrets").call({})).text == "WEATHER_KEY"
        with pytest.raises(ToolFailed, match="the sky is closed"):
            await named(tools, "weather__fails").call({})
        with pytest.raises(ToolFailed, match="validation error"):
            await now.call({"place": 7, "other": "x"})
        with pytest.raises(ToolFailed, match="longer than 3 seconds"):
            await named(tools, "weather__never").call({})
        with pytest.raises(ToolFailed):
            await named(tools, "weather__dies").call({})
        again = named(await servers.tools("garden"), "weather__now")
        assert (await again.call({"place": "the garden"})).text == "It is raining in the garden."


@pytest.fixture(scope="module")
def over_http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    """A file that names a server on loopback, with the token of WEATHER_TOKEN, and the server; it wants "right"."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen([*COMMAND, str(port), "right"], env=environment, stderr=subprocess.DEVNULL)
    path = tmp_path_factory.mktemp("http") / "mcp.json"
    weather = {"url": f"http://127.0.0.1:{port}/mcp", "agents": ["garden"], "token": "WEATHER_TOKEN"}
    path.write_text(json.dumps({"servers": {"weather": weather}}))
    try:
        while process.poll() is None:
            with contextlib.suppress(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
        yield path, process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("token", ["wrong", ""])
async def test_a_server_that_refuses_its_token(
    over_http: tuple[Path, "subprocess.Popen[bytes]"],
    token: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """There are no tools, and the log names the variable, not what is in it."""
    monkeypatch.setenv("WEATHER_TOKEN", token)
    async with open_servers(over_http[0], AGENTS) as servers:
        assert await servers.tools("garden") == ()
    assert "The server weather refuses the token of WEATHER_TOKEN." in caplog.text
    assert not token or token not in caplog.text


async def test_a_server_over_http_is_asked_with_its_token(
    over_http: tuple[Path, "subprocess.Popen[bytes]"], monkeypatch: pytest.MonkeyPatch
) -> None:
    """When it goes away in between, a call ends at once."""
    file, process = over_http
    monkeypatch.setenv("WEATHER_TOKEN", "right")
    async with open_servers(file, AGENTS) as servers:
        now = named(await servers.tools("garden"), "weather__now")
        assert (await now.call({"place": "the garden"})).text == "It is raining in the garden."
        process.kill()
        process.wait()
        with pytest.raises(ToolFailed, match=r"^The server weather cannot be reached\.$"):
            await now.call({"place": "the garden"})
        assert await servers.tools("garden") == ()


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("{", "no JSON"),
        ("[]", "not usable"),
        ('{"servers": {"x": {"agents": ["garden"]}}}', "either a command or a url"),
        ('{"servers": {"x": {"command": ["a"], "url": "http://b", "agents": ["*"]}}}', "either a command or a url"),
        ('{"servers": {"x": {"command": ["a"]}}}', "servers.x.agents"),
        ('{"servers": {"x": {"command": ["a"], "agents": ["nobody"]}}}', "'nobody', which does not exist"),
        ('{"servers": {"X Y": {"command": ["a"], "agents": ["garden"]}}}', "not usable"),
        ('{"servers": {"x": {"command": ["a"], "agents": ["*"], "token": "T"}}}', "token with a url"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_file_is_said(tmp_path: Path, text: str, wrong: str) -> None:
    path = tmp_path / "mcp.json"
    path.write_text(text)
    with pytest.raises(ToolMisconfigured, match=wrong):
        read_servers(path, AGENTS)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ToolMisconfigured, match="cannot be read"):
        read_servers(tmp_path / "none.json", AGENTS)
