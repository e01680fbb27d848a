"""The log of runs that live in this process; the Redis one is tested by the runs themselves."""

import asyncio

import pytest

from orchestration.errors import UnknownRun
from orchestration.log import MemoryLog
from orchestration.messages import Accepted, Answer, AnyEvent, Recorded, Task, TaskResult, Token


def end(run: str) -> Answer:
    return Answer(run=run, result=TaskResult(task=run, mode="single", state="answered"))


async def all_of(log: MemoryLog, run: str, after: str = "") -> list[Recorded]:
    return [recorded async for recorded in log.follow(run, person="ada", after=after)]


async def test_a_reader_sees_what_was_and_what_comes() -> None:
    """Following starts at the first event and ends with the answer."""
    log = MemoryLog(clock=lambda: 1.0)
    await log.append(Accepted(run="r", task=Task(id="r", question="?", person="ada")))
    reader = asyncio.create_task(all_of(log, "r"))
    await asyncio.sleep(0)
    rest: list[AnyEvent] = [Token(run="r", channel="answer", text="Hi"), end("r")]
    for event in rest:
        await log.append(event)

    seen = await reader
    assert [r.event.kind for r in seen] == ["accepted", "token", "answer"]
    assert await all_of(log, "r", after=seen[0].id) == seen[1:]


async def test_other_people_see_nothing() -> None:
    """A run of somebody else is unknown."""
    log = MemoryLog()
    await log.append(Accepted(run="r", task=Task(id="r", question="?", person="bob")))
    with pytest.raises(UnknownRun):
        await all_of(log, "r")


async def test_old_ended_runs_are_forgotten() -> None:
    """Memory does not grow for ever; a run that is going on is kept."""
    log = MemoryLog(keep=1)
    for run in ("one", "two"):
        await log.append(Accepted(run=run, task=Task(id=run, question="?")))
        await log.append(end(run))
    assert "one" not in log
    assert "two" in log
