"""The verdict on a run: a real one is good, and whatever is done to it in Redis is noticed."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from benchmarks.chaos.faults import Death
from benchmarks.chaos.verification import Happening, Judgement, Record, Recovery, judge, read_records, recoveries, tally
from orchestration import Task
from orchestration.keys import Keys
from tests.orchestration.worlds import world


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Any]:
    """A client of the test's own."""
    async with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
async def run(tmp_path: Path, redis_url: str, keys: Keys) -> str:
    """A run of two steps that was answered."""
    async with world(tmp_path, redis_url, keys.prefix) as orchestrator:
        result = await orchestrator.dispatch_task(Task(question="@garden @kitchen What is best in March?"))
    assert result.state == "answered"
    return result.task


async def verdict(redis: Any, keys: Keys, run: str) -> Judgement:
    (record,) = await read_records(redis, keys, [run])
    return judge(record)


async def repeat(redis: Any, keys: Keys, run: str, kind: str) -> None:
    """Add an event of this kind again, at the end."""
    events = [fields for _, fields in await redis.xrange(keys.events(run))]
    again = next(fields for fields in events if json.loads(fields[b"e"])["kind"] == kind)
    await redis.xadd(keys.events(run), again)


async def test_a_run_as_it_should_be(redis: Any, keys: Keys, run: str) -> None:
    """One end for each step and one answer, and everything says the same."""
    (record,) = await read_records(redis, keys, [run])

    assert judge(record).good
    assert len(record.steps()) == 2
    assert tally([record], [judge(record)]).ended == {"answered": 1}


async def test_a_run_that_is_gone_is_lost(redis: Any, keys: Keys) -> None:
    """Nothing in Redis is the worst that can be."""
    assert (await verdict(redis, keys, "nobodys")).lost


async def test_a_run_without_an_end_is_lost(redis: Any, keys: Keys, run: str) -> None:
    """Whether its state or its last event is missing."""
    await redis.hset(keys.run(run), "state", "running")
    assert (await verdict(redis, keys, run)).lost

    await redis.hset(keys.run(run), "state", "answered")
    (newest, _), *_ = await redis.xrevrange(keys.events(run), count=1)
    await redis.xdel(keys.events(run), newest)
    assert (await verdict(redis, keys, run)).lost


@pytest.mark.parametrize("kind", ["finished", "answer"])
async def test_an_end_that_is_there_twice(redis: Any, keys: Keys, run: str, kind: str) -> None:
    """Of a step, or of the run."""
    await repeat(redis, keys, run, kind)
    assert len((await verdict(redis, keys, run)).twice) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("state", "failed"),
        ("s1.state", "failed"),
        ("s1.state", "running"),
        ("s2.result", '{"v":"1.0","step":"s2","state":"answered","text":"Something else."}'),
        ("result", '{"v":"1.0","state":"answered","answer":"Something else."}'),
    ],
)
async def test_a_hash_that_says_something_else(redis: Any, keys: Keys, run: str, field: str, value: str) -> None:
    """Than the events and the answer."""
    await redis.hset(keys.run(run), field, value)
    assert (await verdict(redis, keys, run)).otherwise


async def test_a_run_that_would_stay_for_ever(redis: Any, keys: Keys, run: str) -> None:
    """Ended runs must expire."""
    await redis.persist(keys.run(run))
    found = await verdict(redis, keys, run)
    await redis.expire(keys.run(run), 60)
    assert found.otherwise == ("it never expires",)


def test_how_long_a_recovery_took() -> None:
    """From the kill to the next event of a step that the dead worker held, and to the takeover of a run."""

    def event(milliseconds: int, kind: str, **body: str) -> Happening:
        return Happening(f"{milliseconds}-0", kind, body)

    plan = json.dumps({"steps": [{"id": "s1"}, {"id": "s2"}]})
    record = Record(
        "run",
        {"plan": plan},
        (
            event(1_000, "started", step="s1", worker="host-17-a"),
            event(1_000, "started", step="s2", worker="host-18-b"),
            event(1_500, "finished", step="s2"),
            event(3_250, "restarted", step="s1", worker="host-18-b"),
            event(4_000, "resumed"),
        ),
    )
    deaths = [
        Death("worker", 2.0, pid=17, survivors=1),
        Death("worker", 2.0, pid=18, survivors=1),
        Death("orchestrator", 2.5, runs=("run",), survivors=1),
    ]
    assert recoveries([record], deaths) == [Recovery(1.25, "run", "s1"), Recovery(1.5, "run")]
