"""Runs that are divided among several parts of Redis, each of which may be a server of its own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.crc import key_slot

from history import Keeper, open_history
from orchestration import ConfigurationError, Task, brake
from orchestration.alarms import Alarms
from orchestration.batching import Batcher
from orchestration.brake import Halt
from orchestration.connections import open_connections
from orchestration.endings import FIRST, Endings, Gone, ahead
from orchestration.errors import Halted, Overloaded
from orchestration.hub import EventHub
from orchestration.keys import Keys
from orchestration.messages import Answer, TaskResult
from orchestration.metrics import Metrics
from orchestration.round_trips import Argument, Command
from orchestration.settings import RunSettings
from orchestration.sharding import agree
from orchestration.store import RunStore
from tests.orchestration.sharded import in_shard, one_in_each
from tests.orchestration.waiting import eventually
from tests.orchestration.worlds import Gate, events_until, kinds, world

SHARDS = 4


@pytest.fixture
def divided(keys: Keys) -> Keys:
    """The names under this test's prefix, with several shards."""
    return Keys(keys.prefix, SHARDS)


@pytest.fixture
def in_one_slot(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """A script whose keys lie in several slots of a cluster, as which this server is taken here, fails; holds the names
    of those that were called.
    """
    called: set[str] = set()
    calling = Batcher.call

    def checked(
        self: Batcher, name: str, keys: Sequence[str], args: Sequence[Argument], *, known: bool = True
    ) -> Command:
        assert len({key_slot(key.encode()) for key in keys}) == 1, f"{name} would touch several servers"
        called.add(name)
        return calling(self, name, keys, args, known=known)

    monkeypatch.setattr(Batcher, "call", checked)
    monkeypatch.setattr(Batcher, "one_server", False)
    return called


async def test_questions_of_all_shards_are_answered(
    tmp_path: Path, redis_url: str, divided: Keys, in_one_slot: set[str]
) -> None:
    """And a conversation has all of them, in the order in which they were asked."""
    async with world(tmp_path, redis_url, divided.prefix, shards=SHARDS) as orchestrator:
        tasks = one_in_each(divided, conversation="thread")[::-1]
        for task in tasks:
            result = await orchestrator.dispatch_task(task)
            assert result.state == "answered"
        assert await orchestrator.runs("local", "thread") == [task.id for task in tasks]
        again = [recorded.event async for recorded in orchestrator.follow(tasks[0].id, person="local")]
    assert kinds(again)[-1] == "answer"
    assert {"accept", "acknowledge", "claim", "commit", "journal", "finish", "unowned"} <= in_one_slot
    async with Redis.from_url(redis_url) as redis:
        assert await redis.keys(f"{divided.prefix}:{{run}}:*") == [], "nothing is beside the shards"
        for task, shard in zip(tasks, divided.shards[::-1], strict=True):
            assert await redis.exists(shard.run(task.id), shard.events(task.id)) == 2


async def test_runs_of_all_shards_are_taken_over(tmp_path: Path, redis_url: str, divided: Keys) -> None:
    """Whoever orchestrates looks into each of them."""
    settings = RunSettings(shards=SHARDS)
    tasks = one_in_each(divided)
    async with open_connections(redis_url) as connections:
        store = RunStore(connections.batcher, divided, settings)
        for task in tasks:
            await store.accept(task, owner="")
        assert set(await store.unowned()) == {task.id for task in tasks}
    async with world(tmp_path, redis_url, divided.prefix, shards=SHARDS) as orchestrator:
        for task in tasks:
            end = (await events_until(orchestrator.follow(task.id, person="local"), "answer"))[-1]
            assert isinstance(end, Answer)
            assert end.result.state == "answered"


async def test_a_plan_is_approved_wherever_its_run_is(
    tmp_path: Path, redis_url: str, divided: Keys, in_one_slot: set[str]
) -> None:
    async with world(tmp_path, redis_url, divided.prefix, shards=SHARDS) as orchestrator:
        task = in_shard(divided, divided.shards[2], approval=True)
        await orchestrator.submit(task)
        await events_until(orchestrator.follow(task.id, person="local"), "proposed")
        load, _ = await orchestrator.load()
        assert (load.at_work, load.awaiting_approval) == (0, 1)
        await orchestrator.approve(task.id, person="local")
        await events_until(orchestrator.follow(task.id, person="local"), "answer")
    assert {"propose", "approve", "begin"} <= in_one_slot


async def test_a_question_finds_the_shard_with_room(tmp_path: Path, redis_url: str, divided: Keys) -> None:
    """Each has a quarter of the places. Asked by whoever may choose the id, a question is refused when all are full."""
    gate = Gate()
    world_of_four = world(
        tmp_path, redis_url, divided.prefix, answerer=gate.answerer(), shards=SHARDS, places=SHARDS, waiting=0
    )
    async with world_of_four as orchestrator:
        full = divided.shards[0]
        await orchestrator.submit(in_shard(divided, full, person="ada"))
        with pytest.raises(Overloaded):
            await orchestrator.submit(in_shard(divided, full, person="bob"))
        taken = {full}
        for person in ("bob", "cyd", "dee"):
            task = await orchestrator.placed(Task(question="@garden When?", person=person))
            await orchestrator.submit(task)
            taken.add(divided.shard(task.id))
        assert taken == set(divided.shards)
        with pytest.raises(Overloaded):
            await orchestrator.submit(await orchestrator.placed(Task(question="@garden When?", person="eve")))
        load, _ = await orchestrator.load()
        assert (load.at_work, load.waiting) == (SHARDS, 0)
        gate.opened.set()


async def test_one_halt_holds_in_all_shards(tmp_path: Path, redis_url: str, divided: Keys) -> None:
    """Nothing is accepted in any of them, and after the resume every one goes on."""
    async with world(tmp_path, redis_url, divided.prefix, shards=SHARDS) as orchestrator:
        assert orchestrator.connections is not None
        batcher = orchestrator.connections.batcher
        store = RunStore(batcher, divided, RunSettings(shards=SHARDS))
        assert await brake.pull(batcher, divided, Halt(since=1.0, reason="cost"))
        assert not await brake.pull(batcher, divided, Halt(since=2.0, reason="another")), "it keeps its reason"
        for task in one_in_each(divided):
            with pytest.raises(Halted, match="cost"):
                await store.accept(task, "somebody")
        assert await brake.release(batcher, divided)
        assert not await brake.release(batcher, divided)
        for task in one_in_each(divided):
            await store.accept(task, "")
            await events_until(orchestrator.follow(task.id, person="local"), "answer")


async def test_a_halt_that_broke_off_is_made_whole_by_the_next(redis_url: str, divided: Keys) -> None:
    """The first shard says whether agents are halted; the order given again reaches the others."""
    async with open_connections(redis_url) as connections, Redis.from_url(redis_url) as redis:
        batcher, halt = connections.batcher, Halt(reason="cost")
        assert await brake.pull(batcher, divided, halt)
        await redis.delete(divided.shards[1].halted)
        assert await brake.halted(batcher, divided) == halt
        assert not await brake.pull(batcher, divided, Halt(reason="again"))
        assert await redis.get(divided.shards[1].halted) == await redis.get(divided.shards[0].halted)
        await brake.release(batcher, divided)
        assert await brake.halted(batcher, divided) is None


async def test_a_history_takes_over_what_ended_in_any_shard(tmp_path: Path, redis_url: str, divided: Keys) -> None:
    """Once each, also what ended while nobody kept; where a conversation is deleted it leaves all shards."""
    async with open_history(tmp_path) as history:
        before, later = one_in_each(divided, conversation="thread"), one_in_each(divided, conversation="thread")
        for number, tasks in enumerate((before, later)):
            keeper = Keeper(history)
            opened = world(tmp_path / str(number), redis_url, divided.prefix, keeper=keeper, shards=SHARDS)
            async with opened as orchestrator:
                for task in tasks:
                    await orchestrator.dispatch_task(task)
                ids = [task.id for task in tasks]

                async def all_kept(ids: Sequence[str] = ids) -> bool:
                    return await history.kept(ids) == set(ids)

                await eventually(all_kept, "all are in the history")
        async with world(tmp_path / "deleting", redis_url, divided.prefix, keeper=Keeper(history), shards=SHARDS):
            assert await history.delete("local", "thread")
            async with Redis.from_url(redis_url) as redis:

                async def gone() -> bool:
                    return not await redis.exists(*(divided.events(task.id) for task in (*before, *later)))

                await eventually(gone, "nothing of it is left in Redis")


async def test_how_far_a_history_is_stands_in_each_shard(redis_url: str, divided: Keys) -> None:
    """What comes after a place are the next ones of every shard; what is past it expires there."""
    settings = RunSettings(retention_hours=1, shards=SHARDS)
    async with open_connections(redis_url) as connections, Redis.from_url(redis_url) as redis:
        store = RunStore(connections.batcher, divided, settings)
        alarms = Alarms(connections.batcher, divided, Metrics([]))
        ended = Endings(connections, divided, EventHub(connections, divided), store, settings, alarms)
        assert await ended.told("ours") == ""
        await ended.past("ours", FIRST)
        tasks = one_in_each(divided)
        for task in tasks:
            await store.accept(task, "somebody")
            result = TaskResult(task=task.id, mode="council", state="nothing_found")
            await store.finish(task.id, result, [Answer(run=task.id, result=result)], fence=1)
        news = await ended.after(FIRST)
        assert [one.run for one in news] == [task.id for task in tasks]
        halfway, end = news[1].place, news[-1].place
        assert [one.run for one in await ended.after(halfway)] == [task.id for task in tasks[2:]]
        assert ahead(end, halfway)
        assert not ahead(halfway, end)
        await ended.past("ours", halfway)
        assert await ended.told("ours") == halfway
        assert [await redis.ttl(divided.run(task.id)) > 0 for task in tasks] == [True, True, False, False]
        assert await ended.after(end) == []
        found = [run async for runs in ended.all_ended() for run in runs]
        assert sorted(found) == sorted(task.id for task in tasks)

        await redis.delete(divided.shards[3].histories)
        assert await ended.told("ours") == "", "one that has forgotten it counts for all"
        await ended.past("ours", end)
        await ended.past("theirs", FIRST)
        await ended.forget(Gone(person="local", conversation="thread", at=1.0), [], by="ours")
        (told,) = await ended.after(end)
        assert told.gone is not None
        await ended.past("ours", told.place)
        await ended.past("theirs", told.place)


async def test_all_processes_divide_alike(redis_url: str, divided: Keys, keys: Keys) -> None:
    """The first one writes down how; one that is set otherwise is refused."""
    async with open_connections(redis_url) as connections:
        await agree(connections.batcher, divided)
        await agree(connections.batcher, divided)
        with pytest.raises(ConfigurationError, match=r"ROUNDTABLE_SHARDS is 1, .* divided by 4; set it to 4"):
            await agree(connections.batcher, keys)


async def test_what_was_not_divided_stays_so(tmp_path: Path, redis_url: str, divided: Keys, keys: Keys) -> None:
    """An installation from before has no number, and its runs are where one shard has them."""
    async with world(tmp_path, redis_url, keys.prefix) as orchestrator:
        await orchestrator.dispatch_task(Task(question="@garden When?"))
    async with open_connections(redis_url) as connections:
        await connections.batcher("DEL", keys.layout)
        with pytest.raises(ConfigurationError, match="set it to 1"):
            await agree(connections.batcher, divided)


def test_one_shard_has_the_names_it_always_had() -> None:
    """So nothing moves at an upgrade."""
    keys: Any = Keys("p")
    assert keys.run("r") == "p:{run}:run:r"
    assert keys.events("r") == "p:{run}:run:r:events"
    assert keys.shards[0].active == "p:{run}:active"
    assert keys.shards[0].conversation("ada", "c") == "p:{run}:conversation:ada:c"


def test_ids_fall_evenly_into_shards() -> None:
    keys = Keys("p", SHARDS)
    counts = [0] * SHARDS
    for number in range(400):
        counts[keys.shards.index(keys.shard(f"{number:032x}"))] += 1
    assert min(counts) > 40


def test_places_are_shared_and_rounded_up() -> None:
    settings = RunSettings(places=10, waiting=3, shards=4)
    assert (settings.places_in_shard, settings.waiting_in_shard) == (3, 1)
