"""What Prometheus reads: what this process has done, and what lies in Redis; on a real Redis."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, get_args

import pytest
from redis.asyncio import Redis

from agents import Question
from agents.answerers.scripted import ScriptedAnswerer
from agents.errors import Why
from agents.notes import NoteKind
from knowledge import HashEmbedder
from orchestration import AgentOrchestrator, Settings, Task, open_single
from orchestration.breaker import FAILURES
from orchestration.connections import Connections
from orchestration.gauges import Gauges
from orchestration.keys import GROUP, OF_RUNS, PREFIX, Keys
from orchestration.presence import PresenceReader
from orchestration.settings import RunSettings
from orchestration.signing import Journalled
from orchestration.store import RunStore
from tests.integration.scrapes import Scrape, scrape
from tests.orchestration.waiting import PATIENCE_SECONDS, in_time
from tests.orchestration.worlds import SHORT_LEASE, Gate, events_until, registry, world


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """A client of the test's own, for what other processes do."""
    async with Redis.from_url(redis_url) as client:
        yield client


async def until(orchestrator: AgentOrchestrator, name: str, value: float, **labels: str) -> Scrape:
    """The first scrape with this value; the second process of a test is a moment behind the first."""
    read = await scrape(orchestrator)
    async with in_time(f"{name} is {value:g}", lambda: read.value(name, **labels)):
        while read.value(name, **labels) != value:
            read = await scrape(orchestrator)
    return read


async def only_entry(redis: Redis, stream: str) -> bytes:
    """The id of a stream's only message."""
    found: Any = await redis.xrange(stream)
    ((entry, _),) = found
    assert isinstance(entry, bytes)
    return entry


async def test_what_was_answered_is_counted_and_timed(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """One question: one task, one step, and the seconds that both took."""
    async with world(tmp_path, redis_url, keys.prefix) as orchestrator:
        result = await orchestrator.dispatch_task(Task(question="@garden When do I prune roses?"))
        read = await until(orchestrator, "steps_total", 1, agent="garden", state="answered")

    assert read.counted() == {"tasks_ended_total council answered": 1, "steps_total garden answered": 1}
    assert read.value("task_seconds_count") == 1
    assert read.value("task_seconds_sum") == pytest.approx(result.total_seconds)
    assert read.value("coordination_seconds_sum") == pytest.approx(result.coordination_seconds)
    assert read.value("step_seconds_count", agent="garden") == 1
    assert read.value("step_seconds_count", agent="kitchen") == 0


async def test_what_failed_is_counted_with_its_attempts(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """An agent that fails is asked again, which is told apart from the failure that stays."""

    async def fail(question: Question) -> None:
        raise ZeroDivisionError

    async with world(tmp_path, redis_url, keys.prefix, answerer=ScriptedAnswerer(before=fail)) as orchestrator:
        await orchestrator.dispatch_task(Task(question="@garden Why?"))
        read = await until(orchestrator, "steps_total", 1, agent="garden", state="failed")

    counted = read.counted()
    retried = counted["steps_total garden retried"]
    assert retried >= 1
    assert counted == {
        "tasks_ended_total council failed": 1,
        "steps_total garden failed": 1,
        "steps_total garden retried": retried,
    }


async def test_a_step_that_was_taken_over_is_counted_on_both_sides(
    tmp_path: Path, redis_url: str, keys: Keys, redis: Redis
) -> None:
    """One worker has lost its lease, the other one has begun a step that had been begun before."""
    first, second = Gate(), Gate()
    task = Task(question="@garden Who is first?")
    stream = keys.tasks("garden")
    async with world(tmp_path, redis_url, keys.prefix, answerer=first.answerer(), lease_seconds=30) as loser:
        await loser.submit(task)
        await first.arrived.wait()
        (pending,) = await redis.xpending_range(stream, GROUP, "-", "+", 1)
        async with world(tmp_path, redis_url, keys.prefix, answerer=second.answerer(), workers=["garden"]) as winner:
            # The first worker looks dead to the second one, which takes its message over.
            await redis.xclaim(stream, GROUP, "nobody", 0, [pending["message_id"]], idle=60_000)
            await second.arrived.wait()
            first.opened.set()
            lost = await until(loser, "leases_lost_total", 1, kind="step")
            second.opened.set()
            won = await until(winner, "steps_total", 1, agent="garden", state="answered")

    assert lost.value("steps_total", agent="garden", state="lost") == 1
    assert won.counted() == {"steps_total garden answered": 1, "redeliveries_total garden": 1}


async def test_a_run_whose_owner_died_is_counted_when_it_is_adopted(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """And its end is counted by the process that wrote it."""
    async with world(tmp_path, redis_url, keys.prefix) as orchestrator:
        assert orchestrator.connections is not None
        store = RunStore(orchestrator.connections.batcher, keys, RunSettings(lease_seconds=0.2))
        task = Task(question="@garden Is anybody left?")
        await store.accept(task, "an-owner-that-died")
        await events_until(orchestrator.follow(task.id, person="local"), "answer")
        read = await until(orchestrator, "tasks_ended_total", 1, state="answered", mode="council")

    assert read.value("takeovers_total") == 1


async def test_a_lost_message_that_is_sent_again_is_counted(
    tmp_path: Path, redis_url: str, keys: Keys, redis: Redis
) -> None:
    """Somebody deleted it; after two quiet leases the owner of the run sends it again."""
    async with world(tmp_path, redis_url, keys.prefix, workers=False, lease_seconds=SHORT_LEASE) as orchestrator:
        await orchestrator.submit(Task(question="@garden Where is it?"))
        await until(orchestrator, "queue_depth", 1, agent="garden")
        entry = await only_entry(redis, keys.tasks("garden"))
        await redis.xdel(keys.tasks("garden"), entry)
        await until(orchestrator, "resends_total", 1)


async def test_stop_and_giving_back_are_ends_of_their_own(
    tmp_path: Path, redis_url: str, keys: Keys, redis: Redis
) -> None:
    """A step that a leaving worker gave back was not lost, and a run that was stopped did not fail."""
    gate = Gate()
    async with world(tmp_path, redis_url, keys.prefix, answerer=gate.answerer()) as orchestrator:
        run = await orchestrator.submit(Task(question="@garden What is it?"))
        await gate.arrived.wait()
        await redis.set(keys.shards[0].halted, "{}")
        await until(orchestrator, "steps_total", 1, agent="garden", state="returned")
        await orchestrator.cancel(run, person="local")
        await redis.delete(keys.shards[0].halted)
        read = await scrape(orchestrator)

    assert read.counted() == {"tasks_ended_total council cancelled": 1, "steps_total garden returned": 1}
    assert read.value("task_seconds_count") == 0, "it has no time: nobody waited for its end"


async def test_what_lies_in_redis_is_read_when_it_is_asked_for(
    tmp_path: Path, redis_url: str, keys: Keys, redis: Redis
) -> None:
    """Steps without a worker and with one, dead letters, the breakers, the halt, the runs and who is alive."""
    stream, dead = keys.tasks("garden"), keys.dead("garden")
    async with world(tmp_path, redis_url, keys.prefix, workers=["kitchen"], places=1, lease_seconds=60) as orchestrator:
        await orchestrator.submit(Task(question="@garden One?"))
        await orchestrator.submit(Task(question="@garden Two?"))
        read = await until(orchestrator, "queue_depth", 1, agent="garden")
        assert read.value("steps_pending", agent="garden") == 0
        assert (read.value("runs_in_flight"), read.value("runs_waiting")) == (1, 1)
        assert (read.value("workers_alive", agent="garden"), read.value("workers_alive", agent="kitchen")) == (0, 1)
        assert (read.value("redis_up"), read.value("halted")) == (1, 0)

        await redis.xgroup_create(stream, GROUP, id="0")
        await redis.xreadgroup(GROUP, "a-worker", {stream: ">"}, count=1)
        entry = await only_entry(redis, stream)
        await redis.xclaim(stream, GROUP, "a-worker", 0, [entry], idle=7_000, justid=True)
        await redis.xadd(dead, {"reason": "unreadable"})
        await redis.hset(keys.breaker("kitchen"), mapping={"failures": FAILURES, "until": 9_999_999_999_999})
        await redis.hset(keys.breaker("garden"), mapping={"failures": FAILURES, "until": 1})
        await redis.set(keys.shards[0].halted, "{}")
        read = await scrape(orchestrator)
        await redis.delete(keys.shards[0].halted, keys.breaker("kitchen"), keys.breaker("garden"))

    assert (read.value("queue_depth", agent="garden"), read.value("steps_pending", agent="garden")) == (0, 1)
    assert 7 <= (read.value("oldest_lease_seconds", agent="garden") or 0) < 60
    assert (read.value("dead_letters", agent="garden"), read.value("dead_letters", agent="kitchen")) == (1, 0)
    assert (read.value("breaker_state", agent="kitchen"), read.value("breaker_state", agent="garden")) == (2, 1)
    assert read.value("halted") == 1


async def test_what_a_worker_gave_back_is_in_nobodys_hand(
    tmp_path: Path, redis_url: str, keys: Keys, redis: Redis
) -> None:
    """It waits like a new one, and nobody's lease grows old."""
    stream = keys.tasks("garden")
    async with world(tmp_path, redis_url, keys.prefix, workers=False) as orchestrator:
        await orchestrator.submit(Task(question="@garden One?"))
        await until(orchestrator, "queue_depth", 1, agent="garden")
        await redis.xgroup_create(stream, GROUP, id="0")
        await redis.xreadgroup(GROUP, "a-worker", {stream: ">"}, count=1)
        entry = await only_entry(redis, stream)
        await redis.xclaim(stream, GROUP, "a-worker", 0, [entry], idle=86_400_000, justid=True)
        read = await scrape(orchestrator)

    assert (read.value("queue_depth", agent="garden"), read.value("steps_pending", agent="garden")) == (1, 0)
    assert read.value("oldest_lease_seconds", agent="garden") == 0


async def test_labels_are_agents_and_fixed_states_and_nothing_else(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """However many people, runs and workers there are: the number of series never grows."""
    async with world(tmp_path, redis_url, keys.prefix) as orchestrator:
        before = await scrape(orchestrator)
        await orchestrator.dispatch_task(Task(question="@garden @kitchen What is best?", person="ada"))
        await orchestrator.dispatch_task(Task(question="How long do I bake bread?", mode="single"))
        after = await scrape(orchestrator)

    def series(read: Scrape) -> set[tuple[str, frozenset[tuple[str, str]]]]:
        return {(sample.name, frozenset(sample.labels.items())) for sample in read.samples}

    assert series(after) == series(before)
    states = {"answered", "nothing_found", "failed", "cancelled", "expired", "retried", "returned", "lost"}
    kinds = {"run", "step", "result", *get_args(Journalled), *get_args(NoteKind)}
    allowed = {"agent": {OF_RUNS, "garden", "kitchen"}, "state": states, "mode": {"council", "single"}, "kind": kinds}
    allowed["why"] = set(get_args(Why))
    labels = {(name, value) for sample in after.samples for name, value in sample.labels.items() if name != "le"}
    assert labels == {(name, value) for name in allowed for value in allowed[name]}


async def test_names_follow_prometheus_conventions(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """One prefix, an explanation for each, counters end in _total, histograms are of seconds."""
    async with world(tmp_path, redis_url, keys.prefix, workers=False) as orchestrator:
        families = (await scrape(orchestrator)).families
    for family in families:
        assert family.name.startswith("roundtable_")
        assert family.documentation.endswith("."), family.name
        assert family.type in ("counter", "histogram", "gauge")
        assert (family.type == "histogram") <= family.name.endswith("_seconds")
        assert all(sample.name.endswith("_total") for sample in family.samples if family.type == "counter")
        assert not [s.name for s in family.samples if s.name.endswith("_created")], "a second series for each"


async def test_the_single_agents_runs_count_too(tmp_path: Path) -> None:
    """Without any Redis, which is told as well; figures that only Redis knows are left out."""
    async with open_single(
        Settings(data=tmp_path / "data"),
        registry=registry(tmp_path),
        answerer=ScriptedAnswerer(),
        embedder=HashEmbedder(),
    ) as orchestrator:
        await orchestrator.dispatch_task(Task(question="How long do I bake rye bread?", mode="single"))
        read = await scrape(orchestrator)

    assert read.counted() == {"tasks_ended_total single answered": 1}
    assert read.value("redis_up") == 0
    assert read.value("runs_in_flight") is None
    assert read.value("task_seconds_count") == 0, "a council's times are not mixed with the single agent's"


@asynccontextmanager
async def silent_server(folder: Path) -> AsyncIterator[str]:
    """The address of a server that takes connections and says nothing."""

    visitors: list[asyncio.StreamWriter] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visitors.append(writer)

    async with await asyncio.start_unix_server(listen, folder / "silent"):
        yield f"unix://{folder / 'silent'}"
    for visitor in visitors:
        visitor.close()


@asynccontextmanager
async def no_server(folder: Path) -> AsyncIterator[str]:
    """The address of nobody."""
    yield f"unix://{folder / 'nobody'}"


@pytest.mark.parametrize("server", [silent_server, no_server])
async def test_a_scrape_is_answered_while_redis_is_away(
    tmp_path: Path, server: Callable[[Path], AbstractAsyncContextManager[str]]
) -> None:
    """Before whoever scrapes gives up, with nothing but that: a figure from before would look like one of now."""
    async with server(tmp_path) as url:
        connections, keys = Connections(url), Keys(PREFIX)
        gauges = Gauges(
            connections.batcher, keys, PresenceReader(connections.batcher, keys, ["garden"]), ["garden"], 500
        )
        async with asyncio.timeout(PATIENCE_SECONDS):
            (only,) = await gauges.read()
    await connections.close()
    assert (only.name, only.samples[0].value) == ("roundtable_redis_up", 0)


async def test_the_gauges_cost_one_round_trip(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """All of them leave together, however many agents there are."""
    connections = Connections(redis_url)
    agents = [f"agent{n}" for n in range(30)]
    gauges = Gauges(connections.batcher, keys, PresenceReader(connections.batcher, keys, agents), agents, 500)
    await gauges.read()  # Redis knows the script from now on.
    before = connections.batcher._only.trips
    assert len(await gauges.read()) > 1
    assert connections.batcher._only.trips == before + 1
    await connections.close()
