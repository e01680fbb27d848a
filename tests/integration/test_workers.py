"""Several workers of one agent: they share its steps, come and go."""

import asyncio
import logging
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from redis.asyncio import Redis

import orchestration.worker
from agents import Agent, Question
from agents.answerers.scripted import ScriptedAnswerer
from orchestration import Task, scaling
from orchestration.connections import open_connections
from orchestration.inbox import Inbox
from orchestration.keys import Keys
from orchestration.machine import Processor
from orchestration.messages import Answer, Restarted, Returned, Started
from orchestration.presence import PresenceReader
from orchestration.round_trips import WritesRefused
from orchestration.taking import Reply, Taker
from tests.orchestration.waiting import eventually
from tests.orchestration.worlds import Gate, events_until, kinds, world

LONG = 30.0
"""A lease that is never over in these tests: nothing here may need one to lapse."""


async def test_workers_share_an_agents_steps(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """Two processes with one slot each work on two steps at the same time, and each step is done once."""
    one, two = Gate(), Gate()
    async with (
        world(tmp_path / "a", redis_url, keys.prefix, answerer=one.answerer(), slots=1) as orchestrator,
        world(tmp_path / "b", redis_url, keys.prefix, answerer=two.answerer(), slots=1),
    ):
        tasks = [Task(question="@garden One?"), Task(question="@garden Two?")]
        for task in tasks:
            await orchestrator.submit(task)
        await one.arrived.wait()
        await two.arrived.wait()
        one.opened.set()
        two.opened.set()
        events = [[r.event async for r in orchestrator.follow(task.id, person="local")] for task in tasks]

    assert [kinds(found).count("started") for found in events] == [1, 1]
    assert [kinds(found).count("finished") for found in events] == [1, 1]


async def test_a_worker_that_joins_takes_work_at_once(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """What waits behind a busy worker is answered by the new one, while the busy one is still at its first step."""
    busy = Gate()
    async with world(
        tmp_path / "a", redis_url, keys.prefix, answerer=busy.answerer(), slots=1, lease_seconds=LONG
    ) as orchestrator:
        first, *others = [Task(question=f"@garden Number {n}?") for n in range(3)]
        await orchestrator.submit(first)
        await busy.arrived.wait()
        for task in others:
            await orchestrator.submit(task)
        async with world(tmp_path / "b", redis_url, keys.prefix, lease_seconds=LONG):
            ends = [(await events_until(orchestrator.follow(task.id, person="local"), "answer"))[-1] for task in others]
            assert not busy.opened.is_set()
            busy.opened.set()
            await events_until(orchestrator.follow(first.id, person="local"), "answer")

    assert [end.result.state for end in ends if isinstance(end, Answer)] == ["answered", "answered"]


@pytest.mark.parametrize("slots", [1, 2])
async def test_a_leaving_worker_finishes_what_it_can(tmp_path: Path, redis_url: str, keys: Keys, slots: int) -> None:
    """What it has begun is answered by itself, in time; nobody has to begin again."""
    gate = Gate()
    task = Task(question="@garden Before you go?")
    async with world(tmp_path / "a", redis_url, keys.prefix, workers=False, lease_seconds=LONG) as orchestrator:
        async with world(
            tmp_path / "b", redis_url, keys.prefix, answerer=gate.answerer(), slots=slots, lease_seconds=LONG
        ):
            await orchestrator.submit(task)
            await gate.arrived.wait()
            gate.opened.set()
        events = [recorded.event async for recorded in orchestrator.follow(task.id, person="local")]

    assert kinds(events).count("started") == 1
    assert {"returned", "restarted"}.isdisjoint(kinds(events))


async def test_a_leaving_worker_hands_back_what_it_cannot_finish(
    tmp_path: Path, redis_url: str, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker takes it at once, not after the lease, and the person sees why it began again."""
    monkeypatch.setattr(orchestration.worker, "GRACE_SECONDS", 0.05)
    gate, task = Gate(), Task(question="@garden Who answers?")
    answerer = ScriptedAnswerer("From its successor.")
    async with AsyncExitStack() as others:
        asking = world(tmp_path / "a", redis_url, keys.prefix, workers=False, lease_seconds=LONG)
        orchestrator = await others.enter_async_context(asking)
        async with world(tmp_path / "b", redis_url, keys.prefix, answerer=gate.answerer(), lease_seconds=LONG):
            await orchestrator.submit(task)
            await gate.arrived.wait()
            successor = world(tmp_path / "c", redis_url, keys.prefix, answerer=answerer, lease_seconds=LONG)
            await others.enter_async_context(successor)
        events = [recorded.event async for recorded in orchestrator.follow(task.id, person="local")]

    assert gate.stopped == {"garden"}
    started, returned, restarted = [e for e in events if isinstance(e, Started | Returned | Restarted)]
    assert isinstance(started, Started)
    assert isinstance(returned, Returned)
    assert isinstance(restarted, Restarted)
    assert returned.reason == "its worker was stopped"
    assert restarted.worker != started.worker
    assert isinstance(events[-1], Answer)
    assert [step.text for step in events[-1].result.steps] == ["From its successor."]


async def test_a_worker_takes_on_more_while_steps_wait(
    tmp_path: Path, redis_url: str, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where that is left to the machine, and it has time to spare; everybody sees how many slots there are."""

    async def prompt(seconds: float, probes: int) -> float:
        await asyncio.sleep(0)
        return 0.0

    monkeypatch.setattr(scaling, "lateness", prompt)
    monkeypatch.setattr(Processor, "spare", lambda processor: 0.9)
    monkeypatch.setattr("orchestration.presence.HEARTBEAT_SECONDS", 0.05)
    at_work: set[str] = set()
    enough, opened = asyncio.Event(), asyncio.Event()

    async def wait(question: Question) -> None:
        at_work.add(question.text)
        if len(at_work) == scaling.FIRST + 2:
            enough.set()
        await opened.wait()

    answerer = ScriptedAnswerer(before=wait)
    async with world(tmp_path, redis_url, keys.prefix, answerer=answerer, slots="auto") as orchestrator:
        tasks = [Task(question=f"@garden Number {n}?", person=f"person-{n}") for n in range(scaling.FIRST + 2)]
        for task in tasks:
            await orchestrator.submit(task)
        await enough.wait()
        presences = PresenceReader(orchestrator.connections.batcher, keys, ()) if orchestrator.connections else None

        async def is_seen() -> bool:
            assert presences is not None
            (process,) = await presences.alive()
            return process.slots >= scaling.FIRST + 2

        await eventually(is_seen, "its sign of life says how many slots it has")
        opened.set()
        for task in tasks:
            await events_until(orchestrator.follow(task.id, person=task.person), "answer")


async def test_a_server_that_refuses_for_a_while_is_told_of_once(
    redis_url: str, keys: Keys, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It greets whoever connects, and refuses the read: whoever reads again and again writes one line, not hundreds."""
    refusals = iter([WritesRefused("NOREPLICAS Not enough good replicas to write.")] * 3)
    reading = Taker.held

    async def held(self: Taker, reader: Redis) -> Reply:
        for refusal in refusals:
            raise refusal
        return await reading(self, reader)

    monkeypatch.setattr(Taker, "held", held)
    came = asyncio.Event()

    async def free() -> int:
        return 1

    async with open_connections(redis_url) as connections, asyncio.TaskGroup() as group:
        inbox = Inbox(
            "somebody",
            {"garden": Agent(name="garden", title="Gardener", description="Knows all about the garden.")},
            connections,
            keys,
        )
        await inbox.open()
        group.create_task(inbox.read(free, lambda delivery: came.set()))
        await connections.batcher("XADD", keys.tasks("garden"), "*", "m", b"")
        await came.wait()
        await inbox.leave()
    assert [line.getMessage() for line in caplog.records if line.levelno >= logging.WARNING] == [
        "somebody cannot read its messages: NOREPLICAS Not enough good replicas to write."
    ]
