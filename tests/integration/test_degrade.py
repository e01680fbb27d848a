"""Redis goes away and comes back: every question gets one answer, whatever the person does meanwhile.

On a Redis of the test's own, which is killed (it forgets nothing that it acknowledged) or frozen (it acts late on what
was sent to it).
"""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from agents.answerers.scripted import ScriptedAnswerer
from knowledge import HashEmbedder
from orchestration import AgentOrchestrator, Task, open_runtime
from orchestration.errors import EngineUnavailable, InvalidTask, UnknownRun
from orchestration.keys import PREFIX, Keys
from orchestration.messages import Answer, TaskResult, encode
from orchestration.store import RunStore
from tests.integration.redis_server import RedisServer
from tests.orchestration.waiting import PATIENCE_SECONDS, eventually, in_time
from tests.orchestration.worlds import Gate, kinds, registry, settings, world

BOTH = "@garden @kitchen When do I prune roses, and how long do I bake rye bread?"
KEYS = Keys(PREFIX)
Goes = Callable[[RedisServer], None]


@pytest.fixture
def server() -> Iterator[RedisServer]:
    folder = Path(tempfile.mkdtemp(prefix="rt-"))
    server = RedisServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.close()
        shutil.rmtree(folder)


WAYS = pytest.mark.parametrize(
    ("away", "back"), [(RedisServer.kill, RedisServer.start), (RedisServer.freeze, RedisServer.thaw)],
    ids=["killed", "frozen"],
)  # fmt: skip


def asked(mode: str = "council") -> Task:
    return Task.model_validate({"question": BOTH, "conversation": "thread", "mode": mode})


async def away_is_noticed(orchestrator: AgentOrchestrator) -> None:
    assert orchestrator.outage is not None
    async with in_time("Redis is seen to be away"):
        await orchestrator.outage.begins()


async def back_is_noticed(orchestrator: AgentOrchestrator) -> None:
    assert orchestrator.outage is not None
    async with in_time("Redis is seen to be back"):
        await orchestrator.outage.ends()


async def end_of(orchestrator: AgentOrchestrator, run: str) -> TaskResult:
    seen: list[str] = []
    async with in_time("the run ends", lambda: seen):
        async for recorded in orchestrator.follow(run, person="local"):
            seen.append(recorded.event.kind)
            if isinstance(recorded.event, Answer):
                return recorded.event.result
    raise AssertionError("its events ended without an answer")


async def state_in_redis(server: RedisServer, run: str) -> bytes | None:
    async with AsyncRedis.from_url(server.url) as redis:
        state: Any = await redis.hget(KEYS.run(run), "state")
        return cast(bytes | None, state)


async def is_taken_back(server: RedisServer, run: str) -> None:
    """Wait until the replaced run has its end in Redis, and look that it stays the only one."""

    async def is_cancelled() -> bool:
        return await state_in_redis(server, run) == b"cancelled"

    await eventually(is_cancelled, "the run that was replaced has its end")
    async with AsyncRedis.from_url(server.url) as redis:
        assert await redis.zscore(KEYS.shards[0].active, run) is None, "it may still be driven"


@WAYS
async def test_a_run_that_stands_still_goes_on_by_itself(
    tmp_path: Path, server: RedisServer, away: Goes, back: Goes
) -> None:
    """Nobody clicks: whoever watches sees the answer when Redis is back, and nothing twice."""
    gate = Gate()
    async with world(tmp_path, server.url, answerer=gate.answerer()) as orchestrator:
        task = asked()
        run = await orchestrator.submit(task)
        watching = asyncio.create_task(end_of(orchestrator, run))
        await gate.arrived.wait()
        away(server)
        await away_is_noticed(orchestrator)
        gate.opened.set()
        back(server)
        result = await watching
        again = [recorded.event async for recorded in orchestrator.follow(run, person="local")]
        assert await orchestrator.runs("local", "thread") == [run]
    assert result.state == "answered"
    assert kinds(again).count("answer") == 1


@WAYS
async def test_a_question_that_was_not_accepted_is_answered_alone(
    tmp_path: Path, server: RedisServer, away: Goes, back: Goes
) -> None:
    """Redis goes away under the question; the click brings the one answer, and a late acceptance brings no other."""
    async with world(tmp_path, server.url) as orchestrator:
        away(server)
        task = asked()
        taking_in = asyncio.create_task(orchestrator.submit(task))
        await away_is_noticed(orchestrator)
        assert await orchestrator.runs("local", "thread") == [task.id], "it is kept"
        assert (await orchestrator.task(task.id, "local")).question == BOTH

        alone = await orchestrator.answer_alone(task.id, person="local")
        assert (await end_of(orchestrator, alone)).state == "answered"
        back(server)
        assert await taking_in == task.id
        await is_taken_back(server, task.id)
        assert await orchestrator.runs("local", "thread") == [alone]
        with pytest.raises(UnknownRun):
            await end_of(orchestrator, task.id)


async def test_a_server_that_takes_no_writes_is_as_good_as_gone(tmp_path: Path, server: RedisServer) -> None:
    """Its memory is full: the question waits, it is said why, and there is one answer as soon as there is room."""
    async with world(tmp_path, server.url) as orchestrator:
        # Without a turn of the event loop, in which a worker might notice it before the question is handed in.
        server.ask("CONFIG", "SET", "maxmemory", "1")
        taking_in = asyncio.create_task(orchestrator.submit(asked()))
        await away_is_noticed(orchestrator)
        assert orchestrator.outage is not None
        assert "takes no writes" in orchestrator.outage.sentence
        assert not taking_in.done()
        server.ask("CONFIG", "SET", "maxmemory", "0")
        assert (await end_of(orchestrator, await taking_in)).state == "answered"


@WAYS
async def test_a_council_that_has_begun_is_answered_alone(
    tmp_path: Path, server: RedisServer, away: Goes, back: Goes
) -> None:
    """Its steps were queued and its agents at work: they are stopped when Redis is back, and say nothing more here."""
    gate = Gate()
    async with world(tmp_path, server.url, answerer=gate.answerer()) as orchestrator:
        task = asked()
        run = await orchestrator.submit(task)
        seen = []

        async def watch() -> None:
            async for recorded in orchestrator.follow(run, person="local"):
                seen.append(recorded.event)

        watching = asyncio.create_task(watch())
        await gate.arrived.wait()
        away(server)
        await away_is_noticed(orchestrator)
        alone = await orchestrator.answer_alone(run, person="local")
        assert await orchestrator.answer_alone(run, person="local") == alone, "a second click is the same click"
        before = len(seen)
        gate.opened.set()  # The agents finish, and cannot say so.
        result = await end_of(orchestrator, alone)
        replacing = await orchestrator.task(alone, "local")
        back(server)
        await is_taken_back(server, run)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await watching
        assert await orchestrator.runs("local", "thread") == [alone]

    assert (result.state, result.mode) == ("answered", "single")
    assert (replacing.replaces, replacing.instead_of_council, replacing.question) == (run, True, BOTH)
    assert len(seen) == before, "nothing of the replaced run is shown any more"


@WAYS
async def test_a_click_after_redis_is_back_changes_nothing(
    tmp_path: Path, server: RedisServer, away: Goes, back: Goes
) -> None:
    """The council goes on; there is no second answer."""
    gate = Gate()
    async with world(tmp_path, server.url, answerer=gate.answerer()) as orchestrator:
        run = await orchestrator.submit(asked())
        await gate.arrived.wait()
        away(server)
        await away_is_noticed(orchestrator)
        back(server)
        await back_is_noticed(orchestrator)
        assert await orchestrator.answer_alone(run, person="local") == run
        gate.opened.set()
        assert (await end_of(orchestrator, run)).state == "answered"
        assert await orchestrator.runs("local", "thread") == [run]


async def test_a_run_that_somebody_else_ended_stays_out_of_sight(tmp_path: Path, server: RedisServer) -> None:
    """Another server is faster: it has ended the run when this one comes to take it back. Here one answer stands."""
    gate = Gate()
    async with world(tmp_path, server.url, answerer=gate.answerer()) as orchestrator:
        run = await orchestrator.submit(asked())
        await gate.arrived.wait()
        server.kill()
        await away_is_noticed(orchestrator)
        alone = await orchestrator.answer_alone(run, person="local")
        await end_of(orchestrator, alone)
        server.start()
        end_at_once(server, run)  # Nothing of this process has had a turn since the start.
        await back_is_noticed(orchestrator)
        assert await state_in_redis(server, run) == b"answered"
        assert await orchestrator.runs("local", "thread") == [alone]
        assert await orchestrator.answer_alone(run, person="local") == alone
        with pytest.raises(UnknownRun):
            await orchestrator.task(run, "local")


def end_at_once(server: RedisServer, run: str) -> None:
    """As another server's orchestrator does it."""
    result = TaskResult(task=run, mode="council", state="answered", answer="Elsewhere.")
    k = KEYS.shards[0]
    keys = [k.run(run), k.events(run), k.active, k.waiting, k.people, k.turns, k.pace]
    keys += [k.ended, k.histories, k.awaiting]
    args = [run, "", "answered", encode(result), "60000", KEYS.hints, "1000", KEYS.run("")]
    args.append(encode(Answer(run=run, result=result)))
    text = (files("orchestration") / "scripts" / "finish.lua").read_text()
    with Redis.from_url(server.url) as client:
        client.eval(text, len(keys), *keys, *args)


async def test_a_stop_that_overtakes_its_question_holds(tmp_path: Path, server: RedisServer) -> None:
    """Two connections: what was sent first may arrive last, and is then not accepted any more."""
    async with world(tmp_path, server.url) as orchestrator:
        assert orchestrator.connections is not None
        store = RunStore(orchestrator.connections.batcher, KEYS, settings(tmp_path, server.url).run)
        task = asked()
        result = TaskResult(task=task.id, mode=task.mode, state="cancelled", reason="Stopped.")
        await store.finish(task.id, result, [], fence=None)
        assert await store.accept(task, "somebody") is None
        assert await orchestrator.runs("local", "thread") == []
    assert await state_in_redis(server, task.id) == b"cancelled"


async def test_a_question_while_redis_is_known_to_be_away_goes_to_the_single_agent(
    tmp_path: Path, server: RedisServer
) -> None:
    """At once and visibly; and what only Redis knows is refused at once, not after half a minute."""
    async with world(tmp_path, server.url) as orchestrator:
        run = await orchestrator.submit(asked())
        await end_of(orchestrator, run)
        server.freeze()
        await away_is_noticed(orchestrator)
        async with asyncio.timeout(PATIENCE_SECONDS):
            with pytest.raises(EngineUnavailable):
                await orchestrator.health()
            with pytest.raises(EngineUnavailable):
                await orchestrator.cancel(run, person="local")
            assert await orchestrator.runs("local", "thread") == []
        alone = await orchestrator.submit(asked())
        assert (await orchestrator.task(alone, "local")).instead_of_council
        assert (await end_of(orchestrator, alone)).state == "answered"
        server.thaw()
        await back_is_noticed(orchestrator)
        assert await orchestrator.runs("local", "thread") == [run, alone]


@pytest.mark.parametrize("known", [True, False])
async def test_a_server_closes_in_a_few_seconds_while_redis_is_frozen(
    tmp_path: Path, server: RedisServer, known: bool
) -> None:
    """Nothing can be handed over then; whoever is left takes it up after a lease. Known to be away, it is quicker."""
    gate = Gate()
    async with AsyncExitStack() as stack:
        orchestrator = await stack.enter_async_context(world(tmp_path, server.url, answerer=gate.answerer()))
        await orchestrator.submit(asked())
        await gate.arrived.wait()
        server.freeze()
        if known:
            await away_is_noticed(orchestrator)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await stack.aclose()


async def test_the_same_question_twice_at_the_same_time_is_one_run(tmp_path: Path, server: RedisServer) -> None:
    """A second click while the first one is on its way; with another question or person it is refused."""
    async with world(tmp_path, server.url) as orchestrator:
        task = asked()
        server.freeze()
        twice = [asyncio.create_task(orchestrator.submit(task)) for _ in range(2)]
        await asyncio.sleep(0)
        async with asyncio.timeout(PATIENCE_SECONDS):
            with pytest.raises(InvalidTask):
                await orchestrator.submit(task.model_copy(update={"person": "somebody else"}))
            with pytest.raises(EngineUnavailable):
                await orchestrator.task(task.id, "somebody else")
        server.thaw()
        assert await asyncio.gather(*twice) == [task.id, task.id]
        assert (await end_of(orchestrator, task.id)).state == "answered"


async def test_a_server_that_starts_without_redis_finds_it_later(tmp_path: Path, server: RedisServer) -> None:
    """The single agent answers until then, and the council afterwards, without a new start."""
    server.kill()
    opening = open_runtime(
        settings(tmp_path, server.url), registry=registry(tmp_path), answerer=ScriptedAnswerer(),
        embedder=HashEmbedder(), patient=True,
    )  # fmt: skip
    async with opening as orchestrator:
        assert not orchestrator.redis_available
        alone = await orchestrator.submit(asked())
        assert (await end_of(orchestrator, alone)).mode == "single"
        server.start()

        async def is_back() -> bool:
            return orchestrator.redis_available

        await eventually(is_back, "Redis answers again")
        run = await orchestrator.submit(asked())
        assert (await end_of(orchestrator, run)).mode == "council"
        assert await orchestrator.runs("local", "thread") == [alone, run]
