"""`roundtable shards`, on a real Redis."""

import asyncio
from pathlib import Path

import pytest
from redis import Redis

from history import Keeper, open_history
from orchestration import ConfigurationError, Task
from orchestration.keys import Keys
from orchestration.messages import MAJOR
from tests.cli.runs import Terminal
from tests.orchestration.waiting import eventually
from tests.orchestration.worlds import Gate, world


async def test_an_installation_that_has_grown_is_divided(
    tmp_path: Path, redis_url: str, keys: Keys, operator: Terminal
) -> None:
    """Its conversation is as it was, the agents are halted as before, and new questions are in the shards."""
    async with open_history(tmp_path) as history:
        task = Task(question="@garden When?", conversation="thread")
        async with world(tmp_path, redis_url, keys.prefix, keeper=Keeper(history)) as orchestrator:
            await orchestrator.dispatch_task(task)
            refused = await asyncio.to_thread(operator.types, "shards", "4")

            await eventually(lambda: history.kept([task.id]), "the run is in the history")
        assert (refused.code, refused.complaint) == (
            2,
            "roundtable: The runs cannot be divided anew while 1 process runs.",
        )

        await asyncio.to_thread(operator.types, "halt", "--reason", "moving")
        divided = await asyncio.to_thread(operator.types, "shards", "4")
        assert (divided.code, divided.err) == (0, "")
        assert divided.out == "From now on all runs are divided by 4: set ROUNDTABLE_SHARDS=4 everywhere.\n"

        with pytest.raises(ConfigurationError, match=r"ROUNDTABLE_SHARDS is 1, .* divided by 4; set it to 4"):
            async with world(tmp_path, redis_url, keys.prefix):
                pass
        with Redis.from_url(redis_url) as redis:
            assert all(redis.exists(shard.halted) for shard in Keys(keys.prefix, 4).shards)
            assert not redis.exists(keys.shards[0].halted, keys.shards[0].turns, keys.shards[0].histories)
            redis.delete(*(shard.halted for shard in Keys(keys.prefix, 4).shards))
        async with world(tmp_path, redis_url, keys.prefix, keeper=Keeper(history), shards=4) as orchestrator:
            later = Task(question="@garden And then?", conversation="thread")
            assert (await orchestrator.dispatch_task(later)).state == "answered"
            assert await orchestrator.runs("local", "thread") == [later.id]
            await eventually(lambda: history.kept([later.id]), "the next one too")
            assert [run.task.id for run in await history.runs("local", "thread")] == [task.id, later.id]


async def test_nothing_that_goes_on_is_left_behind(
    tmp_path: Path, redis_url: str, keys: Keys, operator: Terminal
) -> None:
    """Nor what no history has taken over yet."""
    gate = Gate()
    async with world(tmp_path, redis_url, keys.prefix, answerer=gate.answerer()) as orchestrator:
        await orchestrator.submit(Task(question="@garden When?"))
        await gate.arrived.wait()
    assert "while some have not ended (1)" in (await asyncio.to_thread(operator.types, "shards", "4")).complaint
    gate.opened.set()
    with Redis.from_url(redis_url) as redis:
        redis.zrem(keys.shards[0].active, *redis.zrange(keys.shards[0].active, 0, -1))
        redis.xadd(keys.shards[0].ended, {"run": "r"})
    assert (
        "a history has not taken over what ended (1)"
        in (await asyncio.to_thread(operator.types, "shards", "4")).complaint
    )


def test_there_is_a_most(operator: Terminal) -> None:
    """And the number there is already changes nothing."""
    ran = operator.types("shards", "0")
    assert (ran.code, ran.complaint) == (2, "roundtable: The runs can be divided among 1 to 256 shards.")
    assert operator.types("shards", "1").code == 0


def test_a_process_of_another_version_is_in_the_way_as_well(operator: Terminal, redis: Redis, keys: Keys) -> None:
    """This one cannot read its sign of life, and it would look for its runs where they are no more."""
    seconds, _ = redis.time()
    redis.hset(keys.presence, "there-41-ab", f'{{"v":"{MAJOR + 1}.0"}}')
    redis.zadd(keys.seen, {"there-41-ab": seconds * 1000})
    refused = operator.types("shards", "4")
    assert refused.complaint == "roundtable: The runs cannot be divided anew while 1 process runs."
