"""`roundtable halt` and `roundtable resume`, with real workers on a real Redis."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis

from cli import halt
from orchestration import Halted, Task
from orchestration.keys import GROUP, Keys
from orchestration.messages import Answer
from tests.cli.runs import ScriptedCouncil, Terminal, events
from tests.orchestration.worlds import Gate, registry, world


async def test_a_halt_ends_what_is_in_hand_and_a_resume_goes_on(
    tmp_path: Path, redis_url: str, keys: Keys, operator: Terminal
) -> None:
    """The step is given back in the middle of its work, nothing new is taken in, and afterwards it is answered."""
    gate = Gate()
    operator = replace(operator, council=ScriptedCouncil(events(), registry=registry(tmp_path)))
    async with world(tmp_path, redis_url, keys.prefix, answerer=gate.answerer()) as orchestrator:
        run = await orchestrator.submit(Task(question="@garden Who is there?"))
        await gate.arrived.wait()
        stopped = await asyncio.to_thread(operator.types, "halt", "--reason", "a fire\n drill")
        assert stopped.out == "All agents have stopped; 'roundtable resume' lets them work again.\n"
        assert gate.stopped == {"garden"}
        with pytest.raises(Halted, match=r"\(a fire drill\)"):
            await orchestrator.submit(Task(question="@kitchen And you?"))
        gate.opened.set()
        resumed = await asyncio.to_thread(operator.types, "resume")
        answered = [recorded.event async for recorded in orchestrator.follow(run, person="local")][-1]

    assert (stopped.code, resumed.code) == (0, 0)
    assert resumed.out == "All agents may work again.\n"
    assert isinstance(answered, Answer)
    assert answered.result.state == "answered"


def test_with_nobody_running_the_switch_is_set_all_the_same(operator: Terminal) -> None:
    """It lives in Redis: whoever starts later finds it."""
    assert operator.types("halt").out == (
        "All agents have stopped; no process runs any now, and those that start wait for 'roundtable resume'.\n"
    )
    assert operator.types("resume").out == "All agents may work again; no process runs any now.\n"


def test_a_second_halt_keeps_the_first(operator: Terminal) -> None:
    """Its time and its reason are what people were told."""
    operator.types("halt", "--reason", "first")
    ran = operator.types("halt", "--reason", "second")
    assert (ran.code, "UTC (first);" in ran.out) == (0, True)


def test_a_second_resume_says_that_nothing_was_stopped(operator: Terminal) -> None:
    """And is no failure: what was wanted is so."""
    ran = operator.types("resume")
    assert (ran.code, ran.out) == (0, "No agent was stopped; no process runs any now.\n")


def test_what_does_not_stop_in_time_is_said(
    operator: Terminal, redis: Redis, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step that a worker has in hand and does not let go of."""
    monkeypatch.setattr(halt, "PATIENCE_SECONDS", 0.0)
    stream = keys.tasks("security")
    redis.xgroup_create(stream, GROUP, "0", mkstream=True)
    redis.xadd(stream, {"m": "?"})
    redis.xreadgroup(GROUP, "busy", {stream: ">"}, count=1)
    ran = operator.types("halt")
    assert (ran.code, ran.out) == (0, "All agents were told to stop; 1 step is still in hand after 0 s.\n")


@pytest.mark.parametrize("found", ["yes", '{"v":"2.0","since":"now"}'])
def test_a_switch_that_cannot_be_read_stops_all_the_same(
    operator: Terminal, redis: Redis, keys: Keys, found: str
) -> None:
    """Another version of the program has set it, or a hand."""
    redis.set(keys.shards[0].halted, found)
    assert operator.types("halt").out.startswith("All agents have been stopped; ")
    assert operator.types("agents").out.startswith("All agents have been stopped; ")
    assert operator.types("resume").out.startswith("All agents may work again; ")


def test_without_redis_nothing_can_be_stopped(terminal: Terminal) -> None:
    """And nobody is told otherwise."""
    ran = terminal.without_redis().types("halt")
    assert (ran.code, ran.out, ran.complaint) == (1, "", "roundtable: Redis does not answer.")
