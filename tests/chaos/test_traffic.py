"""What flows through the experiment, and what is waited for."""

import asyncio
from random import Random

from redis.asyncio import Redis

from benchmarks.chaos.children import Outcome
from benchmarks.chaos.traffic import Traffic
from orchestration import Task
from orchestration.keys import Keys
from tests.orchestration.waiting import PATIENCE_SECONDS

TASKS = [Task(question=f"What is the wind in report {number}?") for number in range(3)]


async def take_in(task: Task) -> Outcome:
    """A server took it in, and died before another one had it."""
    return Outcome.ACCEPTED


async def test_nobody_waits_for_what_is_lost(redis_url: str, keys: Keys) -> None:
    """Whoever waited would do so until its patience is over, and hand nothing in meanwhile; it stays known as open."""
    async with Redis.from_url(redis_url) as redis, asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        traffic = Traffic([take_in], redis, keys, [], Random(1))
        group.create_task(traffic.watch())
        await traffic.hand_in(TASKS, at_once=1)
        await traffic.all_ended()
        traffic.finish()
    assert not traffic.stalled
    assert traffic.ledger.open == {task.id for task in TASKS}
