"""Two versions of the program on one Redis: one takes the other's place, process by process, while questions go on.

The other version is this one with a higher schema; versions.py says what else it does differently.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from benchmarks.chaos.verification import Record, judge, read_records
from benchmarks.steps import three_agents
from orchestration import AgentOrchestrator, Settings, Task, open_operations, open_runtime
from orchestration.keys import Keys
from orchestration.messages import MAJOR, SCHEMA, Answer
from orchestration.versions import OtherVersion
from tests.integration.council_process import Assignment, gate_key
from tests.integration.versions import (
    NEEDS_ITS_OWN,
    NEW_EVENT,
    NEXT_MAJOR,
    NEXT_MINOR,
    Member,
    installation,
    make_version,
)
from tests.orchestration.waiting import eventually
from tests.orchestration.worlds import events_until, kinds


def quick(number: int) -> Task:
    return Task(question=f"@north @east What is the wind in report {number}?")


def held(number: int, gate: str = "gate") -> Task:
    """The agent in the north waits at a gate, the one in the east does not."""
    return Task(question=f"@north @east What is the wind in report {number} (north is held by {gate})?")


@dataclass(frozen=True)
class Onlooker:
    """Somebody outside of all these processes who opens gates and looks into Redis."""

    redis: Any
    keys: Keys
    settings: Settings

    async def opens(self, gate: str = "gate") -> None:
        """Whoever waits at the gate goes on, and so does everybody who comes later."""
        key = gate_key(self.keys.prefix, gate)
        await self.redis.xadd(key, {"open": "yes"})
        await self.redis.expire(key, 600)

    async def record(self, task: Task) -> Record:
        (record,) = await read_records(self.redis, self.keys, [task.id])
        return record

    async def until_held(self, task: Task, by: Member, kind: str = "started") -> None:
        """Until this process is in the middle of the run's one step that is left."""

        async def there() -> bool:
            record = await self.record(task)
            workers = [event.body["worker"] for event in record.of(kind) if event.body["agent"] == "north"]
            return any(f"-{by.pid}-" in worker for worker in workers) and len(record.of("finished")) == 1

        await eventually(there, f"{kind} by process {by.pid}")

    async def until_ended(self, *tasks: Task) -> None:
        async def ended() -> bool:
            return all([(await self.record(task)).of("answer") for task in tasks])

        await eventually(ended, "all of them have ended")

    async def sees_all_answered(self, *tasks: Task) -> None:
        """Each run ended once, answered by both agents, each step once, and no message was given up."""
        await self.until_ended(*tasks)
        for task in tasks:
            record = await self.record(task)
            assert judge(record).good, judge(record)
            assert record.state == "answered"
            assert sorted(event.body["result"]["agent"] for event in record.of("finished")) == ["east", "north"]
        for agent in three_agents():
            assert await self.redis.xlen(self.keys.dead(agent)) == 0

    async def ids(self, *members: Member) -> tuple[str, ...]:
        """What these processes are called in Redis."""
        known = [name.decode() for name in await self.redis.hkeys(self.keys.presence)]
        return tuple(sorted(name for name in known for member in members if f"-{member.pid}-" in name))

    async def others(self) -> list[OtherVersion]:
        """What an operator who has this version is shown of others."""
        async with open_operations(self.settings, registry=three_agents(), prefix=self.keys.prefix) as operations:
            return await operations.other_versions()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AgentOrchestrator]:
        """This version as a process that watches, and drives nothing; somebody else of it has to."""
        async with open_runtime(
            self.settings, registry=three_agents(), kind="ask", join=True, prefix=self.keys.prefix
        ) as orchestrator:
            yield orchestrator


@asynccontextmanager
async def onlooker(folder: Path, url: str, keys: Keys) -> AsyncIterator[Onlooker]:
    given = Assignment(role="web", url=url, prefix=keys.prefix, data=folder / "onlooker")
    async with Redis.from_url(url) as redis:
        yield Onlooker(redis, keys, given.settings())


def schemas(record: Record, kind: str) -> set[str]:
    """Which versions told of this."""
    return {event.body["v"] for event in record.of(kind)}


async def test_a_newer_minor_version_takes_over_in_the_middle_of_everything(
    tmp_path: Path, redis_url: str, keys: Keys
) -> None:
    """The workers first, then the chat: what either version wrote the other one reads, and nobody notices."""
    newer = await asyncio.to_thread(make_version, tmp_path / "newer", NEXT_MINOR)
    async with onlooker(tmp_path, redis_url, keys) as we, installation(tmp_path, redis_url, keys.prefix) as here:
        old_web, old_worker = await asyncio.gather(here.start("web"), here.start("worker"))
        before, in_the_middle = quick(1), held(2)
        await old_web.ask(before, in_the_middle)
        await we.until_held(in_the_middle, by=old_worker)

        new_worker = await here.start("worker", newer)
        # The step that is held is given back; meanwhile the new chat starts.
        new_web, _ = await asyncio.gather(here.start("web", newer), old_worker.drain())
        await we.until_held(in_the_middle, by=new_worker, kind="restarted")

        driven_by_the_old_one, driven_by_the_new_one, handed_over = quick(3), quick(4), held(5)
        await asyncio.gather(old_web.ask(driven_by_the_old_one, handed_over), new_web.ask(driven_by_the_new_one))
        await we.until_held(handed_over, by=new_worker)
        await we.until_ended(driven_by_the_old_one, driven_by_the_new_one)
        async with we.reading() as orchestrator:
            watched = asyncio.gather(
                *(
                    events_until(orchestrator.follow(task.id, person="local"), "answer")
                    for task in (driven_by_the_old_one, driven_by_the_new_one, in_the_middle, handed_over)
                )
            )
            await old_web.drain()
            await we.opens()
            seen = await watched

        everything = (before, in_the_middle, driven_by_the_old_one, driven_by_the_new_one, handed_over)
        await we.sees_all_answered(*everything)
        old_one, handed, middle = [
            await we.record(task) for task in (driven_by_the_old_one, handed_over, in_the_middle)
        ]

    assert (schemas(old_one, "finished"), schemas(old_one, "answer")) == ({NEXT_MINOR}, {SCHEMA})
    assert (schemas(handed, "planned"), schemas(handed, "answer")) == ({SCHEMA}, {NEXT_MINOR})
    assert schemas(middle, "finished") == {SCHEMA, NEXT_MINOR}, "one step by either version"
    assert old_one.of(NEW_EVENT), "the older version left out what it did not know"
    for events in seen:
        assert isinstance(events[-1], Answer)
        assert {step.state for step in events[-1].result.steps} == {"answered"}
        assert kinds(events).count("finished") == 2


async def test_going_back_to_the_older_version(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """It goes on with what it may. What needs the newer one waits for it, and the operator sees that."""
    newer = await asyncio.to_thread(make_version, tmp_path / "newer", NEXT_MINOR)
    async with onlooker(tmp_path, redis_url, keys) as we, installation(tmp_path, redis_url, keys.prefix) as here:
        new_web, new_worker, _ = await asyncio.gather(
            here.start("web", newer), here.start("worker", newer), here.start("web")
        )
        in_the_middle, not_for_the_older = held(1), held(2).model_copy(update=NEEDS_ITS_OWN)
        await new_web.ask(in_the_middle, not_for_the_older)
        await we.until_held(in_the_middle, by=new_worker)
        await we.until_held(not_for_the_older, by=new_worker)
        assert await we.others() == [OtherVersion(NEXT_MINOR, 1, await we.ids(new_web, new_worker))]

        await asyncio.gather(new_web.drain(), new_worker.drain(), here.start("worker"))
        await we.opens()
        await we.sees_all_answered(in_the_middle)
        assert schemas(await we.record(in_the_middle), "answer") == {SCHEMA}
        assert await we.others() == [OtherVersion(NEXT_MINOR, 1, ())]
        left_alone = await we.record(not_for_the_older)
        assert (left_alone.state, left_alone.of("resumed")) == ("running", [])

        await here.start("web", newer)
        await we.sees_all_answered(not_for_the_older)
        assert await we.others() == []


async def test_a_newer_major_version_beside_the_older_one(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """Each answers what it was asked, over streams of its own, and the older one goes when it has nothing left."""
    newer = await asyncio.to_thread(make_version, tmp_path / "newer", NEXT_MAJOR)
    async with (
        onlooker(tmp_path, redis_url, keys) as we,
        installation(tmp_path, redis_url, keys.prefix, places=2) as here,
    ):
        old_web, old_worker, new_web, new_worker, operator = await asyncio.gather(
            here.start("web"),
            here.start("worker"),
            here.start("web", newer),
            here.start("worker", newer),
            here.start("operator", newer),
        )
        old, new, waiting = held(1, "old"), held(2, "new"), quick(3)
        await old_web.ask(old)
        await we.until_held(old, by=old_worker)
        await new_web.ask(new)
        await we.until_held(new, by=new_worker)
        await new_web.ask(waiting)
        for major in (MAJOR, MAJOR + 1):
            assert await we.redis.exists(f"{keys.prefix}:{{agent:north}}:tasks:{major}")

        assert await we.others() == [OtherVersion(str(MAJOR + 1), 2, await we.ids(new_web, new_worker))]
        old_ones = await we.ids(old_web, old_worker)
        assert await operator.sees() == [OtherVersion(str(MAJOR), 1, old_ones)]

        # The older one ends its last run, and lets the one begin that has waited for a place.
        await we.opens("old")
        await we.sees_all_answered(old, waiting)
        (begun,) = schemas(await we.record(waiting), "begun")
        assert begun.partition(".")[0] == str(MAJOR + 1), "its own version can read that"
        assert await operator.sees() == [OtherVersion(str(MAJOR), 0, old_ones)]
        await asyncio.gather(old_web.drain(), old_worker.drain())
        assert await operator.sees() == []

        await we.opens("new")
        await we.sees_all_answered(new)
        record = await we.record(new)
    assert schemas(record, "finished") == schemas(record, "answer") == {NEXT_MAJOR}
    assert record.fields["fence"] == "1", "nobody but its owner has touched it"
