"""Whatever ends in Redis is in the history before it may expire, once, whoever was there."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from history import History, HistoryFull, Keeper, open_history
from history.history import FILE
from orchestration import Task
from orchestration.alarms import Alarms, read_alarms
from orchestration.connections import Connections, open_connections
from orchestration.endings import FIRST, Endings, Gone
from orchestration.errors import EngineUnavailable, UnknownRun
from orchestration.hub import EventHub
from orchestration.keys import OF_RUNS, Keys
from orchestration.messages import MAJOR, SCHEMA, Accepted, Answer, TaskResult, encode
from orchestration.metrics import Metrics
from orchestration.settings import RunSettings
from orchestration.signing import UNSIGNED, KeyRing, Signing, read_key_ring
from orchestration.store import FORGOTTEN_MS, PUT_THERE, RunStore
from tests.history.said import asked, ended
from tests.orchestration.signatures import OLD, key_file
from tests.orchestration.waiting import eventually
from tests.orchestration.worlds import Gate, events_until, world

QUESTION = "@garden When do I prune?"
SETTINGS = RunSettings(retention_hours=1)
NO_KEYS = KeyRing()


def question(**more: str) -> Task:
    return Task.model_validate({"question": QUESTION, "conversation": "thread", **more})


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


@asynccontextmanager
async def endings(connections: Connections, keys: Keys, ring: KeyRing = NO_KEYS) -> AsyncIterator[Endings]:
    """As a keeper sees them, with the reader that rings its bell."""
    batcher = connections.batcher
    store, alarms = RunStore(batcher, keys, SETTINGS, Signing(ring)), Alarms(batcher, keys, Metrics([]))
    hub = EventHub(connections, keys)
    reading = asyncio.create_task(hub.run())
    try:
        yield Endings(connections, keys, hub, store, SETTINGS, alarms)
    finally:
        await hub.leave()
        reading.cancel()
        await asyncio.wait([reading])


@asynccontextmanager
async def keeping(history: History, redis_url: str, keys: Keys) -> AsyncIterator[None]:
    """A process that does nothing but keep, from when it has looked through Redis: it says at its end how far it is."""
    places: list[str] = []

    async def follows() -> bool:
        return len(places) > 1  # once before it looks, and once when it has

    async with open_connections(redis_url) as connections, endings(connections, keys) as ended:
        told = ended.past

        async def past(history: str, place: str) -> None:
            await told(history, place)
            places.append(place)

        ended.past = past  # type: ignore[method-assign]
        follow = asyncio.create_task(Keeper(history).follow(ended))
        try:
            await eventually(follows, "it follows what ends")
            yield
        finally:
            follow.cancel()
            await asyncio.wait([follow])


async def finished(redis_url: str, keys: Keys, task: Task, ring: KeyRing = NO_KEYS) -> None:
    """A run that somebody accepted and ended."""
    async with open_connections(redis_url) as connections:
        store = RunStore(connections.batcher, keys, SETTINGS, Signing(ring))
        await store.accept(task, "somebody")
        result = TaskResult(task=task.id, mode="council", state="nothing_found")
        await store.finish(task.id, result, [Answer(run=task.id, result=result)], fence=1)


async def kept(history: History, task: Task) -> None:
    async def there() -> bool:
        run = await history.run(task.id, task.person)
        return run is not None and run.ended

    await eventually(there, "the run is kept")


async def test_what_a_council_answered_is_kept_as_it_was_seen(
    history: History, tmp_path: Path, redis_url: str, keys: Keys
) -> None:
    """Every event that is left, with its id and its time."""
    async with world(tmp_path, redis_url, keys.prefix, keeper=Keeper(history)) as orchestrator:
        task = question()
        await orchestrator.dispatch_task(task)
        await kept(history, task)
        seen = [recorded async for recorded in orchestrator.follow(task.id, person="local")]
    assert await history.events(task.id, "local") == seen
    page = await history.conversations("local", 5, search="prune")
    assert [one.id for one in page.conversations] == ["thread"]


@pytest.mark.parametrize("in_the_run", [False, True])
async def test_nobody_writes_into_another_ones_history(
    history: History, tmp_path: Path, redis_url: str, keys: Keys, redis: Redis, in_the_run: bool
) -> None:
    """A worker in the wrong hands can write to the events of a run in which it has a step, which are not signed: with
    signing keys a question that nobody asked is not kept, the alarm of runs rises, and what is asked next is kept.
    """
    gate, theirs = Gate(), key_file(tmp_path, OLD)
    run, next_one = question(), question(question="@kitchen How long?")
    async with world(
        tmp_path, redis_url, keys.prefix, answerer=gate.answerer(), keeper=Keeper(history), signing_keys=theirs
    ) as orchestrator:
        await orchestrator.submit(run)
        await gate.arrived.wait()
        await redis.delete(keys.events(run.id))
        feigned = run.model_copy(update={"person": "somebody else"})
        await redis.xadd(keys.events(run.id), {"e": encode(Accepted(run=run.id, task=feigned))})
        if in_the_run:
            await redis.hset(keys.run(run.id), "task", encode(feigned))
        gate.opened.set()

        async def over() -> bool:
            return bool(await redis.hexists(keys.run(run.id), "result"))

        await eventually(over, "the run has ended")
        await orchestrator.dispatch_task(next_one)
        await kept(history, next_one)
        alarms = (await orchestrator.load())[0].alarms
    assert await history.runs("somebody else", "thread") == []
    assert {agent: alarm.why for agent, alarm in alarms.items()} == {OF_RUNS: UNSIGNED if in_the_run else PUT_THERE}


async def test_a_run_that_is_gone_but_for_its_events(
    redis_url: str, keys: Keys, redis: Redis, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It expired between two looks, or was deleted: nobody forged anything, and nothing else is said."""
    task, ring = question(), read_key_ring(key_file(tmp_path, OLD))
    async with open_connections(redis_url) as connections, endings(connections, keys, ring) as ended:
        await finished(redis_url, keys, task, ring)
        (events,) = await ended.events([task.id])
        assert events is not None
        await redis.delete(keys.run(task.id))
        assert await ended.events([task.id]) == [None]
        assert await read_alarms(connections.batcher, keys, []) == {}
    (said,) = [record.getMessage() for record in caplog.records if task.id in record.getMessage()]
    assert said == f"run {task.id} is not kept: it is gone, but for its events"


async def test_what_the_single_agent_answered_is_kept_too(
    history: History, tmp_path: Path, redis_url: str, keys: Keys
) -> None:
    """Noted when it was accepted, kept when it ends, without anybody in between."""
    gate = Gate(held=frozenset({"single_agent"}))
    keeper = Keeper(history)
    async with world(tmp_path, redis_url, keys.prefix, answerer=gate.answerer(), keeper=keeper) as orchestrator:
        task = question(mode="single")
        await orchestrator.submit(task)
        await gate.arrived.wait()
        (noted,) = await history.runs("local", "thread")
        assert (noted.task.mode, noted.ended) == ("single", False)
        gate.opened.set()
        await kept(history, task)
        seen = [recorded async for recorded in orchestrator.follow(task.id, person="local")]
    assert await history.events(task.id, "local") == seen


async def test_what_waits_for_a_full_disk_is_bounded(
    history: History, redis_url: str, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest are kept when there is space again."""
    monkeypatch.setattr("history.keeper.MOST_WAITING", 2)
    keep = history.keep

    async def full(ended: object) -> None:
        raise HistoryFull("There is no space left.")

    monkeypatch.setattr(history, "keep", full)
    keeper, tasks = Keeper(history), [asked(f"r{number}", mode="single") for number in range(4)]
    for task in tasks:
        await keeper.accepted(task)
        await keeper.ended(ended(task))
    assert [await history.answering.goes_on(task.id) for task in tasks] == [False, False, True, True]
    monkeypatch.setattr(history, "keep", keep)
    last = asked("r4", mode="single")
    await keeper.accepted(last)
    await keeper.ended(ended(last))
    runs = await history.runs("ada", "garden")
    assert [(run.task.id, run.ended) for run in runs] == [
        ("r0", False), ("r1", False), ("r2", True), ("r3", True), ("r4", True)
    ]  # fmt: skip


async def test_a_question_outside_of_conversations_is_not_kept(
    history: History, tmp_path: Path, redis_url: str, keys: Keys
) -> None:
    """As from the command line: nobody could find or delete it."""
    async with world(tmp_path, redis_url, keys.prefix, keeper=Keeper(history)) as orchestrator:
        outside, inside = question(conversation=""), question()
        await orchestrator.dispatch_task(outside)
        await orchestrator.dispatch_task(inside)
        await kept(history, inside)
    assert await history.run(outside.id, "local") is None


async def test_what_ended_before_there_was_a_history_is_taken_over(
    history: History, redis_url: str, keys: Keys, redis: Redis
) -> None:
    """At the first start of a program that keeps one, Redis still has a week."""
    early = question()
    await finished(redis_url, keys, early)
    assert await redis.ttl(keys.run(early.id)) > 0
    async with keeping(history, redis_url, keys):
        await kept(history, early)


async def test_what_ends_while_nobody_keeps_waits(history: History, redis_url: str, keys: Keys, redis: Redis) -> None:
    """Redis knows the history and lets nothing expire until it is back."""
    async with keeping(history, redis_url, keys):
        await finished(redis_url, keys, first := question())
        await eventually(lambda: _is_past(history, FIRST), "the history is past its end")
    assert await redis.ttl(keys.run(first.id)) > 0
    later = [question(), question()]
    for task in later:
        await finished(redis_url, keys, task)
    for key in (keys.run(later[0].id), keys.events(later[1].id)):
        assert await redis.ttl(key) == -1
    _, cursor = await history.identity()
    async with keeping(history, redis_url, keys):
        for task in later:
            await kept(history, task)
        await eventually(lambda: _is_past(history, cursor), "the history is past their ends")
    for key in (keys.run(later[0].id), keys.events(later[1].id)):
        assert await redis.ttl(key) > 0
    assert not await redis.exists(keys.shards[0].ended)


async def test_a_run_expires_when_every_history_has_it(redis_url: str, keys: Keys, redis: Redis) -> None:
    """Each says how far it is; the slowest one decides."""
    async with open_connections(redis_url) as connections, endings(connections, keys) as ended:
        await ended.past("quick", FIRST)
        await ended.past("slow", FIRST)
        await finished(redis_url, keys, task := question())
        (ending,) = await ended.after(FIRST)
        assert ending.run == task.id
        await ended.past("quick", ending.place)
        assert await redis.ttl(keys.events(task.id)) == -1
        await ended.past("slow", ending.place)
        assert await redis.ttl(keys.events(task.id)) > 0
        assert await ended.after(FIRST) == []


@pytest.mark.parametrize("others", [True, False])
async def test_a_history_that_is_gone_for_good_is_not_waited_for(
    redis_url: str, keys: Keys, redis: Redis, others: bool
) -> None:
    """After 30 days of silence: what waited for it expires with what ends now, or when another one goes past it."""
    async with open_connections(redis_url) as connections, endings(connections, keys) as ended:
        await ended.past("gone", FIRST)
        await finished(redis_url, keys, waited := question())
        seconds, _ = await redis.time()
        await redis.hset(keys.shards[0].histories, "gone", f"{FIRST} {seconds * 1000 - FORGOTTEN_MS}")
        if others:
            (ending,) = await ended.after(FIRST)
            await ended.past("there", ending.place)
        else:
            await finished(redis_url, keys, question())
        assert await redis.ttl(keys.run(waited.id)) > 0
        assert not await ended.told("gone")


async def test_one_process_of_a_folder_keeps_and_another_takes_over(
    history: History, tmp_path: Path, redis_url: str, keys: Keys, redis: Redis
) -> None:
    """Both have the file open; when the first is gone, whatever it left is kept by the second."""
    async with open_history(tmp_path) as other:
        first = asyncio.create_task(_keep_until_cancelled(history, redis_url, keys))
        await finished(redis_url, keys, early := question())
        await kept(history, early)
        second = asyncio.create_task(_keep_until_cancelled(other, redis_url, keys))
        await finished(redis_url, keys, middle := question())
        await kept(other, middle)
        first.cancel()
        await asyncio.wait([first])
        await finished(redis_url, keys, late := question())
        await kept(other, late)
        # Found by the look through Redis, it is there before the keeper has come to it in the stream of endings.
        await eventually(lambda: _gone_past(redis, keys, other), "it is past all that ended")
        second.cancel()
        await asyncio.wait([second])
    assert len(await history.runs("local", "thread")) == 3


async def _gone_past(redis: Redis, keys: Keys, history: History) -> bool:
    last: Any = await redis.xrevrange(keys.shards[0].ended, count=1)
    _, cursor = await history.identity()
    return not last or last[0][0] == cursor.encode()


async def _keep_until_cancelled(history: History, redis_url: str, keys: Keys) -> None:
    async with keeping(history, redis_url, keys):
        await asyncio.Event().wait()


async def test_another_redis_is_looked_through_from_the_start(
    history: History, redis_url: str, keys: Keys, redis: Redis
) -> None:
    """It was emptied or replaced: what the history knows of the old one does not count there."""
    async with keeping(history, redis_url, keys):
        await finished(redis_url, keys, first := question())
        await kept(history, first)
    await redis.delete(keys.shards[0].histories)
    await history.keep_up_to("99999999999999-0", [])
    await finished(redis_url, keys, missed := question())
    async with keeping(history, redis_url, keys):
        await kept(history, missed)
        await finished(redis_url, keys, later := question())
        await kept(history, later)


async def test_redis_is_not_looked_through_at_every_start(
    tmp_path: Path, redis_url: str, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only where something may be missing: at first, after one that was broken off, for an older copy of the file."""
    looks: list[str] = []
    look = Endings.all_ended

    async def counted(ended: Endings) -> AsyncIterator[list[str]]:
        looks.append("looked")
        async for runs in look(ended):
            yield runs

    monkeypatch.setattr(Endings, "all_ended", counted)
    (tmp_path / "old").mkdir()
    async with open_history(tmp_path) as history:
        for _ in range(2):
            async with keeping(history, redis_url, keys):
                await finished(redis_url, keys, task := question())
                await kept(history, task)
        assert len(looks) == 1
        with closing(sqlite3.connect(tmp_path / FILE)) as file:
            file.execute("VACUUM INTO ?", (str(tmp_path / "old" / FILE),))
        await history.begin_looking()
        _, cursor = await history.identity()
        async with keeping(history, redis_url, keys):
            await finished(redis_url, keys, later := question())
            await eventually(lambda: _is_past(history, cursor), "the history is past its end")
            name, cursor = await history.identity()
            await eventually(lambda: _told(redis_url, keys, history, cursor), "Redis is told")
        assert len(looks) == 2
    async with open_history(tmp_path / "old") as history:
        assert await history.identity() < (name, cursor)
        assert await history.run(later.id, "local") is None
        async with keeping(history, redis_url, keys):
            await kept(history, later)
        assert len(looks) == 3


async def _told(redis_url: str, keys: Keys, history: History, cursor: str) -> bool:
    name, _ = await history.identity()
    async with open_connections(redis_url) as connections, endings(connections, keys) as ended:
        return await ended.told(name) == cursor


async def test_a_run_that_cannot_be_read_stops_nobody(
    history: History, redis_url: str, keys: Keys, redis: Redis
) -> None:
    """The others are kept, and it waits in Redis for its retention time, and for a program that can read it."""
    async with keeping(history, redis_url, keys):
        damaged = question()
        async with open_connections(redis_url) as connections:
            await RunStore(connections.batcher, keys, SETTINGS).accept(damaged, "somebody")
        await redis.delete(keys.events(damaged.id))
        await redis.xadd(keys.events(damaged.id), {"e": b"not JSON"})
        async with open_connections(redis_url) as connections:
            store = RunStore(connections.batcher, keys, SETTINGS)
            result = TaskResult(task=damaged.id, mode="council", state="failed")
            await store.finish(damaged.id, result, [Answer(run=damaged.id, result=result)], fence=1)
        await finished(redis_url, keys, healthy := question())
        await kept(history, healthy)
    assert await history.run(damaged.id, "local") is None
    assert await history.misses()


async def test_a_run_of_another_major_version_is_taken_over_when_it_can_be_read(
    history: History, redis_url: str, keys: Keys, redis: Redis
) -> None:
    """While two versions stand side by side; the others are kept, and a later start finds it in Redis."""

    async def written_as(task: Task, schema: str) -> None:
        result = TaskResult(task=task.id, mode="council", state="nothing_found")
        await redis.delete(keys.events(task.id))
        for event in (Accepted(run=task.id, task=task), Answer(run=task.id, result=result)):
            text = encode(event).replace(f'{{"v":"{SCHEMA}"'.encode(), f'{{"v":"{schema}"'.encode())
            await redis.xadd(keys.events(task.id), {"e": text})
        await redis.expire(keys.events(task.id), 3600)

    async with keeping(history, redis_url, keys):
        other = question()
        async with open_connections(redis_url) as connections:
            store = RunStore(connections.batcher, keys, SETTINGS)
            await store.accept(other, "somebody")
            await written_as(other, f"{MAJOR + 1}.0")
            result = TaskResult(task=other.id, mode="council", state="nothing_found")
            await store.finish(other.id, result, [], fence=1)
        await finished(redis_url, keys, ours := question())
        await kept(history, ours)
    assert await history.run(other.id, "local") is None
    # What the other version reads of it is what this one reads of its own.
    await written_as(other, SCHEMA)
    async with keeping(history, redis_url, keys):
        await kept(history, other)


async def test_what_was_deleted_in_another_major_version_is_deleted_here(
    history: History, redis_url: str, keys: Keys, redis: Redis
) -> None:
    """What a person wants to be gone must not stay because of who wrote that down."""
    async with keeping(history, redis_url, keys):
        await finished(redis_url, keys, task := question())
        await kept(history, task)
        told = encode(_gone(task.asked_at)).replace(f'"{SCHEMA}"'.encode(), f'"{MAJOR + 1}.0"'.encode())
        await redis.xadd(keys.shards[0].ended, {"gone": told})
        await eventually(lambda: _is_gone(history), "it is deleted")


async def test_a_deleted_conversation_leaves_redis(history: History, redis_url: str, keys: Keys, redis: Redis) -> None:
    """Its events and all that was said; a worker with an old message still finds the run over."""
    async with keeping(history, redis_url, keys):
        await finished(redis_url, keys, task := question())
        await kept(history, task)
        await history.delete_as(_gone(task.asked_at))
        await eventually(lambda: _forgotten(redis, keys, task), "Redis has forgotten it")
        assert await redis.hgetall(keys.run(task.id)) == {b"state": b"nothing_found"}
        assert await redis.ttl(keys.run(task.id)) > 0
        assert await redis.lrange(keys.shards[0].conversation("local", "thread"), 0, -1) == []
        await eventually(lambda: _nothing_to_forget(history), "it is noted")


async def test_a_run_that_goes_on_is_stopped_and_does_not_come_back(
    history: History, tmp_path: Path, redis_url: str, keys: Keys, redis: Redis
) -> None:
    """Also when Redis did not hear of it when the conversation was deleted."""
    gate = Gate()
    keeper = Keeper(history)
    async with world(tmp_path, redis_url, keys.prefix, answerer=gate.answerer(), keeper=keeper) as orchestrator:
        task = question()
        await history.note(task)
        await orchestrator.submit(task)
        await gate.arrived.wait()
        # The world's clock and not that of the history, which stands still.
        await history.delete_as(_gone(task.asked_at))
        await eventually(lambda: _forgotten(redis, keys, task), "Redis has forgotten it")
        await gate.cancelled.wait()
        await finished(redis_url, keys, other := question(conversation="other"))
        await kept(history, other)
    assert await history.conversation("local", "thread") is None
    assert await history.run(task.id, "local") is None


async def test_a_plan_that_awaits_its_approval_goes_with_its_person(
    history: History, tmp_path: Path, redis_url: str, keys: Keys, redis: Redis
) -> None:
    """Nobody drives it at the time; it counts nowhere any more, and nobody can approve it."""
    task = question().model_copy(update={"approval": True})
    async with world(tmp_path, redis_url, keys.prefix, keeper=Keeper(history)) as orchestrator:
        await history.note(task)
        await orchestrator.submit(task)
        await events_until(orchestrator.follow(task.id, person="local"), "proposed")
        assert await history.delete_everything_of("local") == 1
        await eventually(lambda: _forgotten(redis, keys, task), "Redis has forgotten it")
        assert await redis.zcard(keys.shards[0].active) == await redis.zcard(keys.shards[0].awaiting) == 0
        assert not await redis.hexists(keys.shards[0].people, "local")
        orchestrator.forget(task.id)
        with pytest.raises(UnknownRun):
            await orchestrator.approve(task.id, person="local")
    assert await history.run(task.id, "local") is None


async def test_other_machines_hear_of_a_deletion(
    history: History, tmp_path: Path, redis_url: str, keys: Keys, redis: Redis
) -> None:
    """Each has a folder and a history of its own."""
    (tmp_path / "other").mkdir()
    async with (
        open_history(tmp_path / "other") as other,
        keeping(history, redis_url, keys),
        keeping(other, redis_url, keys),
    ):
        await finished(redis_url, keys, task := question())
        await kept(history, task)
        await kept(other, task)
        await history.delete_as(_gone(task.asked_at))
        await eventually(lambda: _is_gone(other), "the other one has heard of it")
        assert await other.run(task.id, "local") is None


class NobodyAnswers(Endings):
    """A Redis that is away."""

    asked = asyncio.Event()

    async def past(self, history: str, entry: str) -> None:
        NobodyAnswers.asked.set()
        raise EngineUnavailable("Redis does not answer.")


async def test_a_redis_that_is_away_ends_nothing(
    history: History, redis_url: str, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keeper comes back to it."""
    monkeypatch.setattr("history.keeper.LOOK_SECONDS", 0.01)
    answers, asked = Endings.past, NobodyAnswers.asked
    monkeypatch.setattr(Endings, "past", NobodyAnswers.past)
    async with open_connections(redis_url) as connections, endings(connections, keys) as ended:
        follow = asyncio.create_task(Keeper(history).follow(ended))
        await finished(redis_url, keys, task := question())
        await asked.wait()
        monkeypatch.setattr(Endings, "past", answers)
        await kept(history, task)
        follow.cancel()
        await asyncio.wait([follow])


def _gone(at: float) -> Gone:
    return Gone(person="local", conversation="thread", at=at)


async def _forgotten(redis: Redis, keys: Keys, task: Task) -> bool:
    return not await redis.exists(keys.events(task.id))


async def _nothing_to_forget(history: History) -> bool:
    return not await history.to_forget(1)


async def _is_past(history: History, entry: str) -> bool:
    return (await history.identity())[1] != entry


async def _is_gone(history: History) -> bool:
    return await history.conversation("local", "thread") is None
