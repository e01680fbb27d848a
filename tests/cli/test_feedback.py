"""`roundtable feedback`: what people said of their answers."""

import asyncio
import json
from pathlib import Path

from history import open_history
from orchestration.messages import Answer, Recorded, TaskResult
from tests.chat.events import RUN, accepted
from tests.cli.runs import Terminal

ENDED = TaskResult(task=RUN, mode="council", state="answered", answer="Copy the folder.")
EVENTS = [
    Recorded(id="1-0", at=100.0, event=accepted(person="ana")),
    Recorded(id="2-0", at=101.0, event=Answer(run=RUN, result=ENDED)),
]


async def say(data: Path, comment: str) -> None:
    async with open_history(data, clock=lambda: 1_772_000_000.0) as history:
        await history.keep(EVENTS)
        assert await history.give_feedback("ana", RUN, good=False, comment=comment)


def test_who_said_what_of_which_answer(operator: Terminal, tmp_path: Path) -> None:
    """A comment of several lines stays one line of the table."""
    assert operator.types("feedback").out == "Nobody has said anything of an answer yet.\n"
    asyncio.run(say(tmp_path, "It names\nthe wrong port."))
    header, row = operator.types("feedback").out.splitlines()
    assert header.split() == ["AT", "PERSON", "ANSWER", "RUN", "COMMENT"]
    assert row.split(maxsplit=6) == ["2026-02-25", "06:13", "UTC", "ana", "bad", RUN, "It names the wrong port."]
    told = {"at": 1_772_000_000.0, "person": "ana", "good": False, "run": RUN, "comment": "It names\nthe wrong port."}
    assert json.loads(operator.types("feedback", "--json").out) == {"feedback": [told]}
