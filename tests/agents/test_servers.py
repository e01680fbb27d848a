"""Tools of MCP servers that the operator configured: for whom he named, and without holding anybody up."""

import json
import sys
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
