"""What is told while a person waits, and what is written down for later."""

import json
import logging
from pathlib import Path

from cli.logs import log_to_file
from cli.progress import Progress
from orchestration.messages import Planned, Preparing, Restarted, Selected, Selection
from tests.cli.runs import PLAN, REGISTRY


def test_a_long_preparation_is_told_a_few_times() -> None:
    """Not once for each of a thousand passages."""
    told: list[str] = []
    progress = Progress(REGISTRY, told.append)
    for done in range(1001):
        progress.show(Preparing(run="r", text="Reading the knowledge", done=done, total=1000))
    assert len(told) == 11
    assert told[-1] == "Reading the knowledge (1000 of 1000 passages)"


def test_waiting_steps_and_new_attempts_are_explained() -> None:
    """In words, with the agents' titles."""
    told: list[str] = []
    progress = Progress(REGISTRY, told.append)
    progress.show(Selected(run="r", selection=Selection(parts=(), threshold=0.3)))
    progress.show(Planned(run="r", plan=PLAN))
    progress.show(Restarted(run="r", step="s1", agent="single_agent", worker="w"))
    assert told == [
        "Asking nobody",
        "Planned 2 steps, 1 of them after others",
        "Single agent starts again: its worker went away",
    ]


def test_the_servers_log_is_one_json_object_a_line(tmp_path: Path) -> None:
    """Also with line breaks and a traceback in it; the folder is its owner's alone."""
    file = log_to_file(tmp_path / "data")
    logging.getLogger("a.b").info("two\nlines %s", "here")
    try:
        raise ValueError("boom")
    except ValueError:
        logging.getLogger("a.b").exception("it broke")
    first, second = (json.loads(line) for line in file.read_text().splitlines())
    assert (first["level"], first["logger"], first["message"]) == ("INFO", "a.b", "two\nlines here")
    assert "ValueError: boom" in second["exception"]
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0
