"""A run that awaits its person's approval costs nothing, outlives everybody, and loses neither time nor its turn."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from orchestration import AgentOrchestrator, Task
from orchestration.approvals import TOO_LATE, Approvals
from orchestration.connections import open_connections
from orchestration.errors import NotAwaiting, Overloaded
from orchestration.keys import Keys
from orchestration.messages import Answer, AnyEvent, Begun, TaskResult, Waiting, encode
from orchestration.settings import RunSettings
from tests.integration.deadlines import watched_deadlines
from tests.integration.scrapes import scrape
from tests.orchestration.waiting import eventually
from tests.orchestration.worlds import Gate, events_until, kinds, world

QUESTION = "@garden When do I prune roses?"
A_DAY_MS = 86_400_000


def first_asked(person: str = "local", **changes: Any) -> Task:
    return Task(question=QUESTION, person=person, approval=True, **changes)


async def until_offered(orchestrator: AgentOrchestrator, task: Task) -> None:
    await orchestrator.submit(task)
    await events_until(orchestrator.follow(task.id, person=task.person), "proposed")


async def events_of(orchestrator: AgentOrchestrator, task: Task) -> list[AnyEvent]:
    return [recorded.event async for recorded in orchestrator.follow(task.id, person=task.person)]


def end_of(events: list[AnyEvent]) -> TaskResult:
    assert isinstance(events[-1], Answer)
    return events[-1].result


@dataclass(frozen=True)
class Inside:
    """What Redis has, and a way to change it behind everybody's back."""

    redis: Any
    keys: Keys

    async def run(self, task: Task) -> dict[str, str]:
        found = await self.redis.hgetall(self.keys.run(task.id))
        return {name.decode(): value.decode() for name, value in found.items()}

    async def looked(self) -> int:
        """When somebody last looked for runs that nobody owns."""
        return int(await self.redis.get(self.keys.shards[0].looked) or 0)

    async def let_lapse(self, task: Task) -> None:
        await self.redis.hset(self.keys.run(task.id), "until", 1)
        await self.redis.zadd(self.keys.shards[0].active, {task.id: 1})


@pytest.fixture
async def inside(redis_url: str, keys: Keys) -> AsyncIterator[Inside]:
    async with Redis.from_url(redis_url) as redis:
        yield Inside(redis, keys)


async def test_approved_while_nobody_is_there(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """The process that offered the plan is gone; it is approved, and whoever comes next goes on, uninterrupted."""
    task = first_asked()
    async with world(tmp_path, redis_url, keys.prefix) as orchestrator:
        await until_offered(orchestrator, task)
    async with open_connections(redis_url) as connections:
        approvals = Approvals(connections.batcher, keys, RunSettings())
        offered = await approvals.proposal(task.id, "local")
        await approvals.approve(task.id, "local", offered, edited=False)
    async with world(tmp_path, redis_url, keys.prefix) as orchestrator:
        events = await events_of(orchestrator, task)
    assert end_of(events).state == "answered"
    assert "resumed" not in kinds(events)


async def test_approved_in_another_process(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """Whoever hears of it first goes on with it."""
    task = first_asked()
    async with (
        world(tmp_path / "a", redis_url, keys.prefix, workers=False) as one,
        world(tmp_path / "b", redis_url, keys.prefix) as other,
    ):
        await until_offered(one, task)
        await other.approve(task.id, person="local")
        events = await events_of(one, task)
    assert end_of(events).state == "answered"


async def test_nothing_is_written_while_it_waits(tmp_path: Path, redis_url: str, keys: Keys, inside: Inside) -> None:
    """Longer than a lease: nobody holds it, adopts it or renews anything."""
    task = first_asked()
    async with world(tmp_path, redis_url, keys.prefix, lease_seconds=0.2) as orchestrator:
        await until_offered(orchestrator, task)
        before = await inside.run(task)
        looked = await inside.looked()

        async def a_lease_is_over() -> bool:
            return await inside.looked() > looked + 400

        await eventually(a_lease_is_over, "everybody has looked for work for two leases")
        assert await inside.run(task) == before
        assert before["owner"] == ""
        await orchestrator.cancel(task.id, person="local")


async def test_the_deadline_stands_still(
    tmp_path: Path, redis_url: str, keys: Keys, inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would have been over long ago; after the approval there is as much time as there was before."""
    task = first_asked(deadline_seconds=60)
    deadlines = watched_deadlines(monkeypatch, inside.redis, keys)
    async with world(tmp_path, redis_url, keys.prefix, workers=False) as orchestrator:
        await until_offered(orchestrator, task)
        offered = await inside.run(task)
        assert int(offered["left"]) == int(offered["accepted"]) + 60_000 - int(offered["proposed"])
        for moment in ("accepted", "proposed"):
            await inside.redis.hincrby(keys.run(task.id), moment, -A_DAY_MS)
        waiting = await inside.run(task)
        await inside.redis.set(keys.shards[0].looked, 1)  # As if nobody had been there for years, up to now.
        await orchestrator.approve(task.id, person="local")
        approved = await inside.run(task)
        assert "left" not in approved
        # Only an outage after the approval would add to it.
        assert 0 <= int(approved["deadline"]) - int(approved["approved"]) - int(waiting["left"]) < A_DAY_MS
        assert int(approved["waited"]) == int(approved["approved"]) - int(waiting["proposed"])
        await events_until(orchestrator.follow(task.id, person=task.person), "planned")
        await deadlines.pass_by(task.id)
        result = end_of(await events_of(orchestrator, task))
    assert result.state == "expired"  # Nobody works here, and then its time really is over.
    assert result.total_seconds < A_DAY_MS / 1000, "the time in which it was offered does not count"


async def test_a_plan_that_nobody_approves_ends(tmp_path: Path, redis_url: str, keys: Keys, inside: Inside) -> None:
    """After a day, by itself; not before, whoever looks after it meanwhile."""
    task = first_asked()
    async with world(tmp_path, redis_url, keys.prefix) as orchestrator:
        await until_offered(orchestrator, task)
        day = await inside.run(task)
        assert int(day["deadline"]) == int(day["until"]) == int(day["proposed"]) + 86_400_000

        async def waits_on() -> bool:
            now = await inside.run(task)
            return (now["owner"], now["until"]) == ("", day["until"]) and int(now["fence"]) > int(day["fence"])

        await inside.let_lapse(task)
        await eventually(waits_on, "somebody looked after it, and let it wait on")
        await inside.redis.hset(keys.run(task.id), "deadline", 1)
        await inside.let_lapse(task)
        events = await events_of(orchestrator, task)
        with pytest.raises(NotAwaiting, match="is over"):
            await orchestrator.approve(task.id, person="local")
    assert kinds(events) == ["accepted", "selected", "proposed", "answer"]
    assert (end_of(events).state, end_of(events).reason) == ("expired", TOO_LATE)


async def test_it_holds_no_place_and_takes_its_turn(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """With one place: another question is answered meanwhile, and the approved plan waits for the next one."""
    gate = Gate()
    async with world(tmp_path, redis_url, keys.prefix, answerer=gate.answerer(), places=1, waiting=3) as orchestrator:
        plans = [first_asked(person) for person in ("ada", "bob")]
        for task in plans:
            await until_offered(orchestrator, task)
        read = await scrape(orchestrator)
        names = ("runs_in_flight", "runs_waiting", "runs_awaiting_approval")
        assert [read.value(name) for name in names] == [0, 0, 2]

        other = Task(question=QUESTION, person="cyd")
        await orchestrator.submit(other)
        await gate.arrived.wait()
        for task in plans:
            await orchestrator.approve(task.id, person=task.person)
        waits = []
        for task in plans:
            *_, event = await events_until(orchestrator.follow(task.id, person=task.person), "waiting")
            assert isinstance(event, Waiting)
            waits.append(event.ahead)
        assert waits == [0, 1]
        gate.opened.set()
        ends = [await events_of(orchestrator, task) for task in (other, *plans)]
    assert [end_of(events).state for events in ends] == ["answered"] * 3
    assert all(any(isinstance(event, Begun) for event in events) for events in ends[1:])


async def test_plans_that_are_forgotten_hold_up_nobody_else(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """They count for the person who left them, not for others: two places in all, and two plans lie about."""
    async with world(tmp_path, redis_url, keys.prefix, places=1, waiting=1) as orchestrator:
        plans = [first_asked(person) for person in ("ada", "bob")]
        for task in plans:
            await until_offered(orchestrator, task)
        with pytest.raises(Overloaded, match="1 questions of yours"):
            await orchestrator.submit(first_asked("ada"))
        result = await orchestrator.dispatch_task(Task(question=QUESTION, person="cyd"))
        for task in plans:
            await orchestrator.cancel(task.id, person=task.person)
    assert result.state == "answered"


async def test_a_program_that_would_not_ask_leaves_it_alone(
    tmp_path: Path, redis_url: str, keys: Keys, inside: Inside
) -> None:
    """The run names the oldest version that may drive it; once it is approved, any of the same major version may."""
    task = first_asked()
    async with world(tmp_path, redis_url, keys.prefix) as orchestrator:
        await until_offered(orchestrator, task)
        assert (await inside.run(task))["schema"] == "1.2"
        await orchestrator.approve(task.id, person="local")
        assert (await inside.run(task))["schema"] == "1"
        await events_of(orchestrator, task)
    newer = Task(question=QUESTION)
    async with world(tmp_path, redis_url, keys.prefix) as orchestrator:
        run = {"state": "running", "task": encode(newer), "person": "local", "schema": "1.99", "fence": 0, "until": 0}
        await inside.redis.hset(keys.run(newer.id), mapping={**run, "accepted": 1, "deadline": 2})
        await inside.redis.zadd(keys.shards[0].active, {newer.id: 0})
        looked = await inside.looked()

        async def somebody_looked() -> bool:
            return await inside.looked() > looked

        await eventually(somebody_looked, "somebody looked for runs without an owner")
        await orchestrator.dispatch_task(Task(question=QUESTION))
        assert (await inside.run(newer))["state"] == "running"
        await inside.redis.delete(keys.run(newer.id))
        await inside.redis.zrem(keys.shards[0].active, newer.id)
