"""A terminal in front of a runtime that plays back a run."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from redis import Redis

from orchestration import Settings
from orchestration.keys import Keys
from tests.cli.runs import ScriptedCouncil, Terminal, events


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """By default the council answers."""
    return Terminal(ScriptedCouncil(events()), Settings(data=tmp_path))


@pytest.fixture
def operator(tmp_path: Path, redis_url: str, keys: Keys) -> Iterator[Terminal]:
    """The same council, and a real Redis with keys of this test's own; a halt ends with the test."""
    settings = Settings(data=tmp_path, redis_url=SecretStr(redis_url))
    terminal = Terminal(ScriptedCouncil(events()), settings, prefix=keys.prefix)
    yield terminal
    terminal.types("resume")


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """What the operator's commands look at, for a test to prepare."""
    with Redis.from_url(redis_url, decode_responses=True) as client:
        yield client


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Commands decide where log lines go; the next test must not inherit that."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    for handler in set(root.handlers) - set(handlers):
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
