"""What gets lost on the way is found: messages, workers' names, processes that fell silent."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import orchestration.inbox
from agents import Agent, Draft, Piece, Question
from agents.answerers.scripted import ScriptedAnswerer
from orchestration import AgentOrchestrator, Task
from orchestration.batching import Batcher
from orchestration.connections import open_connections
from orchestration.inbox import Inbox
from orchestration.keys import GROUP, Keys
from orchestration.messages import Answer, Sent, Started
from orchestration.presence import PresenceReader
from orchestration.settings import RunSettings
from orchestration.step_store import Claimed, StepStore
from orchestration.store import RunStore
from tests.orchestration.waiting import eventually
from tests.orchestration.worlds import SHORT_LEASE, events_until, kinds, world

GARDENER = Agent(name="garden", title="Gardener", description="Knows all about the garden.")


def batcher_of(orchestrator: AgentOrchestrator) -> Batcher:
    assert orchestrator.connections is not None
    return orchestrator.connections.batcher


def redis_of(orchestrator: AgentOrchestrator) -> Any:
    """A client beside the one under test."""
    assert orchestrator.connections is not None
    return orchestrator.connections.commands


async def sent(orchestrator: AgentOrchestrator, keys: Keys, task: Task) -> None:
    """The task is taken in, and its step lies on the gardener's stream."""
    await orchestrator.submit(task)
    await eventually(lambda: redis_of(orchestrator).xlen(keys.tasks("garden")), "the step is sent")


async def test_a_message_that_vanished_before_anybody_read_it(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """Somebody deleted the whole stream: the step is sent again."""
    task = Task(question="@garden Anybody?")
    async with world(tmp_path / "a", redis_url, keys.prefix, workers=False, lease_seconds=SHORT_LEASE) as orchestrator:
        await sent(orchestrator, keys, task)
        await redis_of(orchestrator).delete(keys.tasks("garden"))
        async with world(tmp_path / "b", redis_url, keys.prefix, lease_seconds=SHORT_LEASE):
            events = [r.event async for r in orchestrator.follow(task.id, person="local")]

    assert isinstance(events[-1], Answer)
    assert events[-1].result.state == "answered"
    assert kinds(events).count("started") == 1


async def test_a_message_that_vanished_with_its_worker(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """A worker claimed the step and died, and its message is gone: the step is sent again."""
    task = Task(question="@garden Anybody?")
    async with world(tmp_path / "a", redis_url, keys.prefix, workers=False, lease_seconds=SHORT_LEASE) as orchestrator:
        await sent(orchestrator, keys, task)
        redis, stream = redis_of(orchestrator), keys.tasks("garden")
        await redis.xgroup_create(stream, GROUP, id="0")
        ((_, ((entry, _),)),) = await redis.xreadgroup(GROUP, "dead", {stream: ">"}, count=1)
        async with open_connections(redis_url) as connections:
            store = StepStore(connections.batcher, keys, RunSettings(lease_seconds=0.5))
            claim = await store.claim(
                task.id,
                "s1",
                worker="dead",
                message=entry,
                sent=Sent(0, 0),
                alone=False,
                started=Started(run=task.id, step="s1", agent="garden", worker="dead"),
            )
        assert claim.status is Claimed.OK
        await redis.delete(stream)
        async with world(tmp_path / "b", redis_url, keys.prefix, lease_seconds=SHORT_LEASE):
            events = [r.event async for r in orchestrator.follow(task.id, person="local")]

    assert isinstance(events[-1], Answer)
    assert events[-1].result.state == "answered"
    assert kinds(events).count("restarted") == 1


async def test_a_run_of_which_less_is_known_than_before(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """A master died whose successor had not heard of the plan: the run is planned again, and does not wait in vain."""
    task = Task(question="@garden Anybody?")
    async with world(tmp_path / "a", redis_url, keys.prefix, workers=False, lease_seconds=SHORT_LEASE) as orchestrator:
        await sent(orchestrator, keys, task)
        redis = redis_of(orchestrator)
        await redis.hdel(keys.run(task.id), "selection", "plan", "s1.state", "s1.sent")
        await redis.delete(keys.tasks("garden"))
        async with world(tmp_path / "b", redis_url, keys.prefix, lease_seconds=SHORT_LEASE):
            events = [r.event async for r in orchestrator.follow(task.id, person="local")]

    assert isinstance(events[-1], Answer)
    assert events[-1].result.state == "answered"
    assert kinds(events).count("resumed") == 1


class Talkative:
    """An answerer whose baker talks, a word a beat, until the gardener has answered."""

    def __init__(self) -> None:
        self.talking = asyncio.Event()
        self.gardener_answered = asyncio.Event()
        self._brief = ScriptedAnswerer()

    async def answer(self, question: Question) -> AsyncGenerator[Piece | Draft, None]:
        while question.agent.name == "kitchen" and not self.gardener_answered.is_set():
            self.talking.set()
            yield Piece("answer", "Well, ")
            await asyncio.sleep(0.02)
        async for part in self._brief.answer(question):
            yield part
        if question.agent.name == "garden":
            self.gardener_answered.set()


async def test_a_talkative_agent_does_not_hide_that_another_ones_message_is_gone(
    tmp_path: Path, redis_url: str, keys: Keys
) -> None:
    """Lost messages are looked for however much is to be heard of the rest of the run."""
    answerer, task = Talkative(), Task(question="@garden @kitchen What is best?")
    async with (
        world(
            tmp_path / "a", redis_url, keys.prefix, answerer=answerer, workers=["kitchen"], lease_seconds=SHORT_LEASE
        ) as orchestrator,
    ):
        await sent(orchestrator, keys, task)
        await answerer.talking.wait()
        await redis_of(orchestrator).delete(keys.tasks("garden"))
        async with world(tmp_path / "b", redis_url, keys.prefix, answerer=answerer, workers=["garden"]):
            events = [r.event async for r in orchestrator.follow(task.id, person="local")]

    assert isinstance(events[-1], Answer)
    assert set(events[-1].result.contributed) == {"garden", "kitchen"}


async def test_what_is_only_slow_is_not_sent_again(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """A step that waits for a worker for several leases has one message."""
    task = Task(question="@garden Anybody?")
    async with world(tmp_path / "a", redis_url, keys.prefix, workers=False, lease_seconds=0.2) as orchestrator:
        await sent(orchestrator, keys, task)
        looked = 0
        store_record = RunStore.record

        async def record(self: RunStore, run: str) -> Any:
            nonlocal looked
            looked += 1
            return await store_record(self, run)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(RunStore, "record", record)

            async def thrice() -> bool:
                return looked >= 3

            await eventually(thrice, "its owner has looked three times")
        assert await redis_of(orchestrator).xlen(keys.tasks("garden")) == 1
        async with world(tmp_path / "b", redis_url, keys.prefix, lease_seconds=SHORT_LEASE):
            await events_until(orchestrator.follow(task.id, person="local"), "answer")


@asynccontextmanager
async def inbox(redis_url: str, keys: Keys, name: str) -> AsyncGenerator[tuple[Inbox, Any], None]:
    """A worker's side of the gardener's stream, and a client beside it."""
    async with open_connections(redis_url) as connections:
        one = Inbox(name, {"garden": GARDENER}, connections, keys)
        await one.open()
        yield one, connections.commands


async def test_a_message_that_was_deleted_while_somebody_had_it(redis_url: str, keys: Keys) -> None:
    """Redis 6.2 hands it from worker to worker for ever; tidying up clears it, and nothing else."""
    stream = keys.tasks("garden")
    async with inbox(redis_url, keys, "alive") as (alive, redis):
        gone, there = await redis.xadd(stream, {"m": "gone"}), await redis.xadd(stream, {"m": "there"})
        await redis.xreadgroup(GROUP, "dead", {stream: ">"})
        await redis.xdel(stream, gone)
        assert [delivery.entry for delivery in await alive.recover(0, 10)] == [there]
        await alive.reap()
        assert [one["message_id"] for one in await redis.xpending_range(stream, GROUP, "-", "+", 10)] == [there]


async def test_dead_workers_names_are_removed(redis_url: str, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that hold nothing: what somebody still has to recover is kept."""
    monkeypatch.setattr(orchestration.inbox, "GONE_MS", -1)
    stream = keys.tasks("garden")
    async with inbox(redis_url, keys, "alive") as (alive, redis):
        await redis.xadd(stream, {"m": "held"})
        await redis.xreadgroup(GROUP, "dead with a message", {stream: ">"})
        await redis.xreadgroup(GROUP, "dead", {stream: ">"})
        await alive.reap()
        assert [one["name"] for one in await redis.xinfo_consumers(stream, GROUP)] == [b"dead with a message"]


async def test_an_outcome_counts_once(redis_url: str, keys: Keys) -> None:
    """A reply that was lost makes the acknowledgement come twice; the agent failed once all the same."""
    stream = keys.tasks("garden")
    async with inbox(redis_url, keys, "alive") as (alive, redis):
        await redis.xadd(stream, {"m": "x"})
        await redis.xreadgroup(GROUP, "dead", {stream: ">"})
        (delivery,) = await alive.recover(0, 1)
        for _ in range(2):
            await alive.done(delivery, "failed")
        assert await redis.hget(keys.breaker("garden"), "failures") == b"1"


async def test_signs_of_life_are_dated_by_the_server(
    tmp_path: Path, redis_url: str, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process whose clock is a day behind is as alive as the others."""
    clock = time.time
    monkeypatch.setattr(time, "time", lambda: clock() - 86_400)
    async with world(tmp_path, redis_url, keys.prefix) as orchestrator:
        (presence,) = await PresenceReader(batcher_of(orchestrator), keys, ()).alive()
        seconds, _ = await redis_of(orchestrator).time()
    assert abs(presence.seen - seconds) < 60
