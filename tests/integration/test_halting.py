"""Stop, and the kill switch: within a second everywhere, also when every hint is lost."""

import asyncio
from pathlib import Path

import pytest

from orchestration import AgentOrchestrator, Task, brake
from orchestration.brake import Halt
from orchestration.errors import Halted
from orchestration.hints import Hints
from orchestration.keys import Keys
from orchestration.messages import Answer, Returned
from tests.orchestration.worlds import Gate, kinds, world

A_SECOND = 1.0


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process hears a hint."""

    async def hear_nothing(self: Hints) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Hints, "run", hear_nothing)


async def pull(orchestrator: AgentOrchestrator, keys: Keys) -> None:
    assert orchestrator.connections is not None
    await brake.pull(orchestrator.connections.batcher, keys, Halt(since=1.0, reason="cost"))


async def release(orchestrator: AgentOrchestrator, keys: Keys) -> None:
    assert orchestrator.connections is not None
    assert await brake.release(orchestrator.connections.batcher, keys)


@pytest.mark.usefixtures("deaf")
async def test_a_halt_stops_every_agent_and_a_resume_goes_on(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """Steps in two processes are stopped and handed back; later the same runs are answered."""
    one, two = Gate(), Gate()
    async with (
        world(tmp_path / "a", redis_url, keys.prefix, answerer=one.answerer(), workers=["garden"]) as orchestrator,
        world(tmp_path / "b", redis_url, keys.prefix, answerer=two.answerer(), workers=["kitchen"]),
    ):
        tasks = [Task(question="@garden One?"), Task(question="@kitchen Two?")]
        for task in tasks:
            await orchestrator.submit(task)
        await one.arrived.wait()
        await two.arrived.wait()

        await pull(orchestrator, keys)
        async with asyncio.timeout(A_SECOND):
            await one.cancelled.wait()
            await two.cancelled.wait()
        with pytest.raises(Halted, match="cost"):
            await orchestrator.submit(Task(question="@garden Three?"))

        one.opened.set()
        two.opened.set()
        await release(orchestrator, keys)
        events = [[r.event async for r in orchestrator.follow(task.id, person="local")] for task in tasks]

    for found in events:
        (returned,) = [event for event in found if isinstance(event, Returned)]
        assert returned.reason == "all agents were stopped"
        assert kinds(found).count("finished") == 1
        assert isinstance(found[-1], Answer)
        assert found[-1].result.state == "answered"


async def test_nothing_is_begun_while_all_agents_are_stopped(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """Neither new steps nor those of a dead worker; a process that starts meanwhile stands still as well."""
    gate = Gate()
    task = Task(question="@garden When?")
    async with world(tmp_path / "a", redis_url, keys.prefix, workers=False) as orchestrator:
        await orchestrator.submit(task)
        await pull(orchestrator, keys)
        async with world(tmp_path / "b", redis_url, keys.prefix, answerer=gate.answerer()) as other:
            # The message is read, refused by the claim, and given back.
            assert other.connections is not None
            redis = other.connections.commands
            async with asyncio.timeout(5):
                while not await redis.exists(keys.tasks("garden")):
                    await asyncio.sleep(0)
            assert not gate.arrived.is_set()
            gate.opened.set()
            await release(orchestrator, keys)
            events = [r.event async for r in orchestrator.follow(task.id, person="local")]

    assert kinds(events).count("started") == 1
    assert isinstance(events[-1], Answer)


@pytest.mark.usefixtures("deaf")
async def test_stop_stops_the_agents_without_a_hint(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """Stop reaches a worker in another process within a second, and the message is gone."""
    gate = Gate()
    async with (
        world(tmp_path / "a", redis_url, keys.prefix, workers=False) as orchestrator,
        world(tmp_path / "b", redis_url, keys.prefix, answerer=gate.answerer()),
    ):
        task = Task(question="@garden Never mind?")
        await orchestrator.submit(task)
        await gate.arrived.wait()
        assert await orchestrator.cancel(task.id, person="local")
        async with asyncio.timeout(A_SECOND):
            await gate.cancelled.wait()
        events = [r.event async for r in orchestrator.follow(task.id, person="local")]

    assert kinds(events)[-1] == "answer"
    assert {"finished", "failed", "returned"}.isdisjoint(kinds(events))
