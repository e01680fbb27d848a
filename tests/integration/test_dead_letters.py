"""Dead letters: what no worker could use is kept with the reason, and an operator decides; on a real Redis."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from agents.answerers.scripted import ScriptedAnswerer
from orchestration import Operations, Task, UnknownDeadLetter, open_operations
from orchestration.dead_letters import DeadLetter
from orchestration.keys import Keys
from orchestration.messages import Answer, PlanStep, StepMessage, TaskResult, decode, encode
from tests.orchestration.waiting import PATIENCE_SECONDS
from tests.orchestration.worlds import Gate, events_until, registry, settings, world


@pytest_asyncio.fixture
async def operations(tmp_path: Path, redis_url: str, keys: Keys) -> AsyncIterator[Operations]:
    """An operator's view of the world of two agents."""
    opened = open_operations(settings(tmp_path, redis_url), registry=registry(tmp_path), prefix=keys.prefix)
    async with opened as operations:
        yield operations


@pytest_asyncio.fixture
async def redis(redis_url: str) -> AsyncIterator[Any]:
    """What is really there."""
    async with Redis.from_url(redis_url) as client:
        yield client


async def only_letter(operations: Operations) -> DeadLetter:
    """The one dead letter there is."""
    (letter,) = await operations.dead_letters.list()
    return letter


async def comes(redis: Any, stream: str, after: str = "0") -> None:
    """Wait for an entry of a stream."""
    assert await redis.xread({stream: after}, block=int(1000 * PATIENCE_SECONDS))


async def put_aside(redis: Any, keys: Keys, agent: str, reason: str) -> bytes:
    """Make a dead letter of the message that waits for this agent; returns the message."""
    ((entry, fields),) = await redis.xrange(keys.tasks(agent))
    await redis.xadd(keys.dead(agent), {**fields, b"reason": reason, b"entry": entry})
    await redis.xdel(keys.tasks(agent), entry)
    return bytes(fields[b"m"])


def answer(events: list[object]) -> TaskResult:
    """What a run ended with."""
    last = events[-1]
    assert isinstance(last, Answer)
    return last.result


async def test_a_message_that_nobody_can_read_is_kept_as_it_came(
    tmp_path: Path, redis_url: str, keys: Keys, redis: Any, operations: Operations
) -> None:
    """Whole, with the reason; and put back it is kept again, under a new id."""
    async with world(tmp_path, redis_url, keys.prefix):
        await redis.xadd(keys.tasks("garden"), {"m": b"\xff", "more": "of it"})
        await comes(redis, keys.dead("garden"))
        first = await only_letter(operations)
        assert (first.agent, first.fields, first.step) == ("garden", {"m": "\\xff", "more": "of it"}, None)
        assert first.reason.startswith("not a step")

        assert await operations.dead_letters.replay(first) == ""
        await comes(redis, keys.dead("garden"), first.entry)
        second = await only_letter(operations)
    assert (second.fields, second.at >= first.at) == (first.fields, True)


async def test_a_step_that_its_run_still_waits_for_goes_back_to_its_agent(
    tmp_path: Path, redis_url: str, keys: Keys, redis: Any, operations: Operations
) -> None:
    """The run goes on as if nothing had been."""
    async with world(tmp_path, redis_url, keys.prefix, workers=False, lease_seconds=30) as orchestrator:
        run = await orchestrator.submit(Task(question="@garden Who answers?"))
        await events_until(orchestrator.follow(run, person="local"), "planned")
        await comes(redis, keys.tasks("garden"))
        message = await put_aside(redis, keys, "garden", "somebody's mistake")
        letter = await only_letter(operations)
        assert letter.step is not None
        assert letter.step.run == run

        assert await operations.dead_letters.replay(letter) == ""
        ((_, fields),) = await redis.xrange(keys.tasks("garden"))
        assert fields == {b"m": message}, "without the reason, which was ours"
        assert await operations.dead_letters.list() == []
        async with world(tmp_path, redis_url, keys.prefix, workers=["garden"]):
            events = [recorded.event async for recorded in orchestrator.follow(run, person="local")]
    assert answer([*events]).state == "answered"


async def test_a_step_whose_run_is_over_is_asked_again(
    tmp_path: Path, redis_url: str, keys: Keys, redis: Any, operations: Operations
) -> None:
    """As a run of its own: for the same person, in the same thread, to the same agent only."""
    asked = Task(question="@garden @kitchen What is best in March?", person="ada", conversation="thread")
    async with world(tmp_path, redis_url, keys.prefix, workers=False) as orchestrator:
        await orchestrator.submit(asked)
        await events_until(orchestrator.follow(asked.id, person="ada"), "planned")
        await comes(redis, keys.tasks("garden"))
        await put_aside(redis, keys, "garden", "somebody's mistake")
        await orchestrator.cancel(asked.id, person="ada")
        run = await operations.dead_letters.replay(await only_letter(operations))
        async with world(tmp_path, redis_url, keys.prefix, answerer=ScriptedAnswerer("Roses."), workers=["garden"]):
            events = [recorded.event async for recorded in orchestrator.follow(run, person="ada")]
        assert await orchestrator.runs("ada", "thread") == [asked.id, run]

    assert answer([*events]).contributed == ("garden",)
    assert await operations.dead_letters.list() == []


async def test_a_letter_asks_its_own_agent_whatever_it_says(redis: Any, keys: Keys, operations: Operations) -> None:
    """An agent's workers can write any letter, and change the run that it names: neither has another agent asked, nor
    puts the answer into a conversation of a person who did not ask.
    """
    step = PlanStep(id="s1", agent="kitchen", question="What does Ada keep?")
    message = {"m": encode(StepMessage(run="over", person="ada", step=step)), "reason": "?", "entry": "1-0"}
    changed = encode(Task(id="over", question="?", person="eve", conversation="thread"))
    await redis.hset(keys.run("over"), mapping={"state": "answered", "task": changed})
    await redis.xadd(keys.dead("garden"), message)
    run = await operations.dead_letters.replay(await only_letter(operations))
    asked = decode(Task, await redis.hget(keys.run(run), "task"))
    assert (asked.agents, asked.conversation) == (("garden",), "")
    await redis.delete(keys.run("over"))


async def test_a_replay_that_was_cut_off_is_the_same_run_the_second_time(
    redis: Any, keys: Keys, operations: Operations
) -> None:
    """Between the run's acceptance and the end of the letter anything may happen; nothing is asked twice."""
    step = PlanStep(id="s1", agent="garden", question="When are roses pruned?")
    message = {"m": encode(StepMessage(run="long-gone", person="ada", step=step)), "reason": "its run does not exist"}
    entry = await redis.xadd(keys.dead("garden"), {**message, "entry": "1-0"})
    run = await operations.dead_letters.replay(await only_letter(operations))

    await redis.delete(keys.dead("garden"))
    await redis.xadd(keys.dead("garden"), {**message, "entry": "1-0"}, id=entry)
    assert await operations.dead_letters.replay(await only_letter(operations)) == run
    assert await redis.zcard(keys.shards[0].active) == 1


async def test_a_letter_that_somebody_else_dealt_with_is_gone(redis: Any, keys: Keys, operations: Operations) -> None:
    """Two operators at once: the second one is told, and nothing is done twice."""
    await redis.xadd(keys.dead("garden"), {"m": "?", "reason": "not a step", "entry": "1-0"})
    letter = await only_letter(operations)
    await operations.dead_letters.drop(letter)
    for again in (operations.dead_letters.drop, operations.dead_letters.replay):
        with pytest.raises(UnknownDeadLetter, match="any more"):
            await again(letter)
    assert await redis.xlen(keys.tasks("garden")) == 0


async def test_a_step_that_a_halt_gave_back_is_no_dead_letter(
    tmp_path: Path, redis_url: str, keys: Keys, operations: Operations
) -> None:
    """It waits on its stream, in nobody's hands, and is answered when the agents may work again."""
    gate = Gate()
    async with world(tmp_path, redis_url, keys.prefix, answerer=gate.answerer()) as orchestrator:
        run = await orchestrator.submit(Task(question="@garden Who is there?"))
        await gate.arrived.wait()
        assert (await operations.backlogs())["garden"].in_hand == 1
        assert await operations.halt("")
        assert await operations.until_still(PATIENCE_SECONDS) == 0
        assert (await operations.backlogs())["garden"].queued == 1
        assert not await operations.halt("again"), "one halt at a time"
        gate.opened.set()
        assert await operations.resume()
        events = [recorded.event async for recorded in orchestrator.follow(run, person="local")]
    assert answer([*events]).state == "answered"
    assert await operations.dead_letters.list() == []
