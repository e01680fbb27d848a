"""Stop, and the kill switch: within a second everywhere, also when every hint is lost."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from orchestration import AgentOrchestrator, Task, brake
from orchestration.brake import Brake, Halt
from orchestration.errors import Halted
from orchestration.hints import Hints
from orchestration.inbox import Delivery, Inbox
from orchestration.keys import GROUP, Keys
from orchestration.messages import Answer, Returned
from tests.integration.deadlines import watched_deadlines
from tests.orchestration.waiting import eventually
from tests.orchestration.worlds import SHORT_LEASE, Gate, events_until, kinds, world

LONG = 600.0
"""A lease that is never over in these tests, so that no renewal tells what a hint should have told."""
SOON = 60.0
"""Long before the first renewal of such a lease; with nothing else to do it is well under a second."""


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
    first = world(
        tmp_path / "a", redis_url, keys.prefix, answerer=one.answerer(), workers=["garden"], lease_seconds=LONG
    )
    second = world(
        tmp_path / "b", redis_url, keys.prefix, answerer=two.answerer(), workers=["kitchen"], lease_seconds=LONG
    )
    async with first as orchestrator, second:
        tasks = [Task(question="@garden One?"), Task(question="@kitchen Two?")]
        for task in tasks:
            await orchestrator.submit(task)
        await one.arrived.wait()
        await two.arrived.wait()

        await pull(orchestrator, keys)
        async with asyncio.timeout(SOON):
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


async def hears_of_no_halt(self: Brake) -> None:
    await asyncio.Event().wait()


async def test_nothing_is_begun_while_all_agents_are_stopped(
    tmp_path: Path, redis_url: str, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither new steps nor those of a dead worker; a process that starts meanwhile stands still as well."""
    gate = Gate()
    task = Task(question="@garden When?")
    async with world(tmp_path / "a", redis_url, keys.prefix, workers=False) as orchestrator:
        await orchestrator.submit(task)
        await pull(orchestrator, keys)
        monkeypatch.setattr(Brake, "run", hears_of_no_halt)
        async with world(tmp_path / "b", redis_url, keys.prefix, answerer=gate.answerer()) as other:
            assert other.connections is not None
            redis: Any = other.connections.commands

            async def given_back() -> bool:
                try:
                    pending = await redis.xpending_range(keys.tasks("garden"), GROUP, "-", "+", 1)
                except ResponseError:
                    return False  # the first worker is still to come
                return [one["time_since_delivered"] > 3_600_000 for one in pending] == [True]

            await eventually(given_back, "the step is refused and its message given back")
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
        world(tmp_path / "a", redis_url, keys.prefix, workers=False, lease_seconds=LONG) as orchestrator,
        world(tmp_path / "b", redis_url, keys.prefix, answerer=gate.answerer(), lease_seconds=LONG),
    ):
        task = Task(question="@garden Never mind?")
        await orchestrator.submit(task)
        await gate.arrived.wait()
        assert await orchestrator.cancel(task.id, person="local")
        async with asyncio.timeout(SOON):
            await gate.cancelled.wait()
        events = [r.event async for r in orchestrator.follow(task.id, person="local")]

    assert kinds(events)[-1] == "answer"
    assert {"finished", "failed", "returned"}.isdisjoint(kinds(events))


@pytest.mark.usefixtures("deaf")
async def test_nobody_keeps_a_message_that_was_given_back(
    tmp_path: Path, redis_url: str, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the reply takes: a renewal at that moment would hide the message from everybody for a lease."""
    given_back: list[Delivery] = []
    kept: list[Delivery] = []
    renewed = asyncio.Event()
    keep, give_back = Inbox.keep, Inbox.give_back

    async def keep_and_tell(self: Inbox, held: Sequence[Delivery]) -> None:
        # The same worker may take the same message again: that is another delivery.
        kept.extend(delivery for delivery in held if any(delivery is one for one in given_back))
        await keep(self, held)
        renewed.set()

    async def give_back_and_wait(self: Inbox, delivery: Delivery) -> None:
        given_back.append(delivery)
        await give_back(self, delivery)
        for _ in range(2):
            renewed.clear()
            await renewed.wait()

    monkeypatch.setattr(Inbox, "keep", keep_and_tell)
    monkeypatch.setattr(Inbox, "give_back", give_back_and_wait)
    task = Task(question="@garden Now or later?")
    async with world(tmp_path / "a", redis_url, keys.prefix, workers=False) as orchestrator:
        await orchestrator.submit(task)
        await pull(orchestrator, keys)
        monkeypatch.setattr(Brake, "run", hears_of_no_halt)
        async with world(tmp_path / "b", redis_url, keys.prefix, lease_seconds=SHORT_LEASE):

            async def refused() -> bool:
                return bool(given_back)

            await eventually(refused, "a worker that has not heard of the halt has given the message back")
            await release(orchestrator, keys)
            await events_until(orchestrator.follow(task.id, person="local"), "answer")

    assert not kept


async def test_the_single_agent_stops_as_well(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """The kill switch leaves nobody at work; what the single agent had begun ends as stopped."""
    gate = Gate(held=frozenset({"single_agent"}))
    async with world(tmp_path, redis_url, keys.prefix, answerer=gate.answerer()) as orchestrator:
        task = Task(question="How long do I bake rye bread?", mode="single")
        run = await orchestrator.submit(task)
        await gate.arrived.wait()
        await pull(orchestrator, keys)
        async with asyncio.timeout(SOON):
            events = [recorded.event async for recorded in orchestrator.follow(run, person="local")]
        await release(orchestrator, keys)

    assert isinstance(events[-1], Answer)
    assert (events[-1].result.state, events[-1].result.reason) == ("cancelled", "All agents were stopped.")


async def test_the_time_of_a_halt_does_not_count(
    tmp_path: Path, redis_url: str, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A halt that is longer than a run's time leaves the run as much time as it had."""
    gate = Gate()
    async with (
        Redis.from_url(redis_url) as redis,
        world(tmp_path, redis_url, keys.prefix, answerer=gate.answerer()) as orchestrator,
    ):
        assert orchestrator.connections is not None
        batcher = orchestrator.connections.batcher
        deadlines = watched_deadlines(monkeypatch, redis, keys)
        task = Task(question="@garden How long?", deadline_seconds=60)
        await orchestrator.submit(task)
        await gate.arrived.wait()
        await pull(orchestrator, keys)
        first = int(await batcher("HGET", keys.run(task.id), "deadline"))

        await batcher("DECRBY", keys.shards[0].looked, 100_000)  # As if it had been pulled that much before.

        async def longer_than_its_time() -> bool:
            return int(await batcher("HGET", keys.run(task.id), "deadline")) >= first + 100_000

        await eventually(longer_than_its_time, "the halt was added to the deadline")
        await deadlines.seem_to_pass(task.id)
        gate.opened.set()
        await release(orchestrator, keys)
        events = [recorded.event async for recorded in orchestrator.follow(task.id, person="local")]

    assert isinstance(events[-1], Answer)
    assert events[-1].result.state == "answered"
