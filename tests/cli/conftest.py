"""A terminal in front of a runtime that plays back a run."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration import Settings
from tests.cli.runs import ScriptedCouncil, Terminal, events


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """By default the council answers."""
    return Terminal(ScriptedCouncil(events()), Settings(data=tmp_path))


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
