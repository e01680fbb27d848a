"""Messages between processes are signed; what nobody with the keys wrote is refused, kept and told. A real Redis."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from agents.answerers.scripted import ScriptedAnswerer
from orchestration import AgentOrchestrator, Operations, Task, open_operations
from orchestration.backoff import MOST_RETRIES
from orchestration.connections import open_connections
from orchestration.dead_letters import DeadLetter
from orchestration.errors import InvalidPlan
from orchestration.keys import OF_RUNS, Keys
from orchestration.messages import (
    Answer,
    Finished,
    Started,
    StepMessage,
    StepResult,
    TaskResult,
    decode,
    encode,
)
from orchestration.records import Fenced
from orchestration.settings import RunSettings
from orchestration.signing import _SEALED, CHANGED, UNSIGNED, Journalled, Signing, read_key_ring
from orchestration.step_store import Claimed, StepStore
from tests.integration.scrapes import scrape
from tests.orchestration.signatures import NEW, OLD, STOLEN, key_file
from tests.orchestration.waiting import eventually
from tests.orchestration.worlds import Gate, events_until, kinds, registry, settings, world

ASKED = Task(question="@garden When do I prune roses?", asked_at=0.0)


@pytest.fixture
def signing_keys(tmp_path: Path) -> Path:
    """What all processes of the installation have, unless a test says otherwise."""
    return key_file(tmp_path, OLD)


@pytest_asyncio.fixture
async def operations(tmp_path: Path, redis_url: str, keys: Keys, signing_keys: Path) -> AsyncIterator[Operations]:
    """An operator's view, with the keys."""
    opened = open_operations(
        settings(tmp_path, redis_url, signing_keys), registry=registry(tmp_path), prefix=keys.prefix
    )
    async with opened as operations:
        yield operations


@pytest_asyncio.fixture
async def redis(redis_url: str) -> AsyncIterator[Any]:
    """Somebody who reaches Redis, and has no keys."""
    async with Redis.from_url(redis_url) as client:
        yield client


async def comes(redis: Any, stream: str) -> None:
    """Wait for an entry of a stream."""
    await eventually(lambda: redis.xlen(stream), "an entry of a stream")


async def sent(orchestrator: AgentOrchestrator, redis: Any, stream: str, task: Task = ASKED) -> dict[bytes, bytes]:
    """Ask; returns the message that then waits for a worker. Nobody may work yet."""
    await orchestrator.submit(task)
    await comes(redis, stream)
    ((_, fields),) = await redis.xrange(stream)
    return dict(fields)


async def letter(operations: Operations) -> DeadLetter:
    """The one dead letter there is."""
    (one,) = await operations.dead_letters.list()
    return one


async def result(orchestrator: AgentOrchestrator, run: str) -> TaskResult:
    """What a run ends with."""
    last = (await events_until(orchestrator.follow(run, person="local"), "answer"))[-1]
    assert isinstance(last, Answer)
    return last.result


async def test_processes_that_have_the_keys_work_together(
    tmp_path: Path, redis_url: str, keys: Keys, redis: Any, signing_keys: Path
) -> None:
    """What one of them asks another one answers; who asked, which step and which attempt is all in the message."""
    async with world(tmp_path / "a", redis_url, keys.prefix, workers=False, signing_keys=signing_keys) as orchestrator:
        fields = await sent(orchestrator, redis, keys.tasks("garden"))
        message = decode(StepMessage, fields[b"m"])
        assert (message.run, message.step.id, message.fence, message.attempt) == (ASKED.id, "s1", 1, 1)
        assert fields[b"s"].startswith(b"old.")
        async with world(tmp_path / "b", redis_url, keys.prefix, signing_keys=signing_keys):
            assert (await result(orchestrator, ASKED.id)).state == "answered"
    assert await redis.exists(keys.alarm("garden"), keys.dead("garden")) == 0


def unsigned(fields: dict[bytes, bytes]) -> dict[bytes, bytes]:
    return {b"m": fields[b"m"]}


def changed(fields: dict[bytes, bytes]) -> dict[bytes, bytes]:
    return {**fields, b"m": fields[b"m"].replace(b"prune", b"steal")}


def for_somebody_else(fields: dict[bytes, bytes]) -> dict[bytes, bytes]:
    return {**fields, b"m": fields[b"m"].replace(b'"person":"local"', b'"person":"admin"')}


def garbage(fields: dict[bytes, bytes]) -> dict[bytes, bytes]:
    return {b"x": b"?"}


@pytest.mark.parametrize(
    ("forge", "agent", "why"),
    [
        (unsigned, "garden", "it is not signed"),
        (changed, "garden", "its signature does not fit"),
        (for_somebody_else, "garden", "its signature does not fit"),
        (dict, "kitchen", "moved here from elsewhere"),
        (garbage, "garden", "it is not signed"),
    ],
)
async def test_what_is_forged_is_kept_and_told(
    tmp_path: Path,
    redis_url: str,
    keys: Keys,
    redis: Any,
    operations: Operations,
    signing_keys: Path,
    caplog: pytest.LogCaptureFixture,
    forge: Any,
    agent: str,
    why: str,
) -> None:
    """Unsigned, changed, or moved to another agent's stream: a dead letter, an error in the log, a metric, an alarm."""
    async with world(tmp_path / "a", redis_url, keys.prefix, workers=False, signing_keys=signing_keys) as orchestrator:
        fields = await sent(orchestrator, redis, keys.tasks("garden"))
        await redis.delete(keys.tasks("garden"))
        await redis.xadd(keys.tasks(agent), forge(fields))
        async with world(tmp_path / "b", redis_url, keys.prefix, signing_keys=signing_keys) as worker:
            await comes(redis, keys.dead(agent))
            kept = await letter(operations)
            assert (kept.agent, kept.reason.startswith("forged: "), why in kept.reason) == (agent, True, True)
            assert why in kept.forged
            read = await scrape(worker)
            assert read.value("forged_messages_total", agent=agent, kind="step") == 1
            assert read.value("forged_lately", agent=agent) == 1
            alarm = (await operations.alarms())[agent]
            assert (alarm.messages, why in alarm.why) == (1, True)
        await orchestrator.cancel(ASKED.id, person="local")
    assert [r.levelno for r in caplog.records if f"forged step for {agent}" in r.getMessage()] == [logging.ERROR]


async def test_a_key_that_is_not_known_here(
    tmp_path: Path, redis_url: str, keys: Keys, redis: Any, operations: Operations, signing_keys: Path
) -> None:
    """Somebody with other keys is nobody, even if their key has the same id."""
    for number, line in enumerate((NEW, STOLEN)):
        task = Task(question="@garden When?")
        theirs = key_file(tmp_path, line)
        async with world(tmp_path / "a", redis_url, keys.prefix, workers=False, signing_keys=theirs) as orchestrator:
            await sent(orchestrator, redis, keys.tasks("garden"), task)
            async with world(tmp_path / "b", redis_url, keys.prefix, workers=["garden"], signing_keys=signing_keys):
                await eventually(lambda: redis.xlen(keys.dead("garden")), "it is kept")
                assert (await operations.alarms())["garden"].messages == 1 + number
            await orchestrator.cancel(task.id, person="local")
            await operations.dead_letters.drop(await letter(operations))


async def test_keys_are_changed_while_everything_runs(tmp_path: Path, redis_url: str, keys: Keys, redis: Any) -> None:
    """The one who asks signs with the old key, the worker already with the new one, and each knows both."""
    first, second = key_file(tmp_path, OLD, NEW), key_file(tmp_path, NEW, OLD)
    async with (
        world(tmp_path / "a", redis_url, keys.prefix, workers=False, signing_keys=first) as orchestrator,
        world(tmp_path / "b", redis_url, keys.prefix, signing_keys=second),
    ):
        assert (await orchestrator.dispatch_task(ASKED)).state == "answered"
    assert await redis.exists(keys.alarm("garden")) == 0


async def test_the_same_message_again_does_nothing(
    tmp_path: Path, redis_url: str, keys: Keys, redis: Any, signing_keys: Path
) -> None:
    """A copy under another entry, while its step is worked on and when that is done: the step is answered once."""
    gate = Gate()
    async with world(tmp_path / "a", redis_url, keys.prefix, workers=False, signing_keys=signing_keys) as orchestrator:
        fields = await sent(orchestrator, redis, keys.tasks("garden"))
        async with world(tmp_path / "b", redis_url, keys.prefix, answerer=gate.answerer(), signing_keys=signing_keys):
            await gate.arrived.wait()
            before = await redis.hgetall(keys.run(ASKED.id))
            await redis.xadd(keys.tasks("garden"), fields)

            async def one_left() -> bool:
                return int(await redis.xlen(keys.tasks("garden"))) == 1

            await eventually(one_left, "the copy is acknowledged, and the first one still in hand")
            assert await redis.hgetall(keys.run(ASKED.id)) == before, "nothing came of it"
            gate.opened.set()
            assert (await result(orchestrator, ASKED.id)).state == "answered"
            told = await redis.xlen(keys.events(ASKED.id))
            await redis.xadd(keys.tasks("garden"), fields)

            async def none_left() -> bool:
                return not await redis.xlen(keys.tasks("garden"))

            await eventually(none_left, "the copy is acknowledged")
            assert await redis.xlen(keys.events(ASKED.id)) == told
        events = [recorded.event async for recorded in orchestrator.follow(ASKED.id, person="local")]
    assert kinds(events).count("started") == 1
    assert await redis.exists(keys.dead("garden")) == 0


async def test_an_earlier_attempt_is_refused_when_a_later_one_was_sent(
    tmp_path: Path, redis_url: str, keys: Keys, redis: Any, signing_keys: Path
) -> None:
    """Somebody kept a signed message of the run's first owner; the second owner has sent the step since."""
    stream = keys.tasks("garden")
    async with world(tmp_path / "a", redis_url, keys.prefix, workers=False, signing_keys=signing_keys) as orchestrator:
        old = await sent(orchestrator, redis, stream)
    async with world(tmp_path / "a", redis_url, keys.prefix, workers=False, signing_keys=signing_keys) as orchestrator:

        async def again() -> bool:
            return int(await redis.xlen(stream)) > 1

        await eventually(again, "the second owner has sent it")
        *_, (_, new) = await redis.xrange(stream)
        assert decode(StepMessage, old[b"m"]).sent < decode(StepMessage, new[b"m"]).sent
        await redis.delete(stream)
        await redis.xadd(stream, old)
        async with world(tmp_path / "b", redis_url, keys.prefix, signing_keys=signing_keys):

            async def gone() -> bool:
                return not await redis.xlen(stream)

            await eventually(gone, "the old one is acknowledged")
            assert await redis.hget(keys.run(ASKED.id), "s1.state") == b"queued", "nobody works on it"
            await redis.xadd(stream, new)
            assert (await result(orchestrator, ASKED.id)).state == "answered"


async def test_an_operator_who_has_the_keys_vouches_for_what_is_replayed(
    tmp_path: Path, redis_url: str, keys: Keys, redis: Any, operations: Operations, signing_keys: Path
) -> None:
    """A message from before there were keys, for instance: it is signed anew, and done."""
    async with world(tmp_path / "a", redis_url, keys.prefix, workers=False) as orchestrator:
        fields = await sent(orchestrator, redis, keys.tasks("garden"))
        assert b"s" not in fields
        async with world(tmp_path / "b", redis_url, keys.prefix, signing_keys=signing_keys):
            await comes(redis, keys.dead("garden"))
            assert await operations.dead_letters.replay(await letter(operations)) == ""
            assert (await result(orchestrator, ASKED.id)).state == "answered"
    assert await operations.dead_letters.list() == []


async def commits(redis_url: str, keys: Keys, redis: Any, text: str, run: str = ASKED.id) -> None:
    """Somebody without the keys does as a worker does: takes the message that waits, claims its step, commits this."""
    stream = keys.tasks("garden")
    await comes(redis, stream)
    ((entry, fields), *_) = await redis.xrange(stream)
    sent = decode(StepMessage, fields[b"m"]).sent
    async with open_connections(redis_url) as connections:
        store = StepStore(connections.batcher, keys, RunSettings())
        started = Started(run=run, step="s1", agent="garden", worker="forger")
        claim = await store.claim(run, "s1", worker="forger", message=entry, sent=sent, alone=True, started=started)
        assert claim.status is Claimed.OK
        assert await store.commit(run, forged_result(text), (), claim.fence, ()) is Fenced.OK
    await redis.xdel(stream, entry)


def forged_result(text: str) -> StepResult:
    return StepResult(step="s1", agent="garden", question="When do I prune roses?", state="answered", text=text)


async def test_a_result_that_nobody_signed_is_no_answer(
    tmp_path: Path, redis_url: str, keys: Keys, redis: Any, operations: Operations, signing_keys: Path
) -> None:
    """It counts as a failed attempt: the alarm rises, the step is sent again, and a worker with the keys answers it."""
    async with world(tmp_path / "a", redis_url, keys.prefix, workers=False, signing_keys=signing_keys) as orchestrator:
        await orchestrator.submit(ASKED)
        await commits(redis_url, keys, redis, "Never.")
        until = await events_until(orchestrator.follow(ASKED.id, person="local"), "retrying")
        assert kinds(until)[-2:] == ["refused", "retrying"]
        async with world(
            tmp_path / "b", redis_url, keys.prefix, answerer=ScriptedAnswerer("In March."), signing_keys=signing_keys
        ):
            answered = await result(orchestrator, ASKED.id)
        assert ("In March." in answered.answer, "Never." in answered.answer) == (True, False)
        assert (await scrape(orchestrator)).value("forged_messages_total", agent="garden", kind="result") == 1
    assert (await operations.alarms())["garden"].why == UNSIGNED


async def test_somebody_who_goes_on_forging_makes_the_step_fail(
    tmp_path: Path, redis_url: str, keys: Keys, redis: Any, signing_keys: Path
) -> None:
    """As an agent that fails every time; the reason is said, and nothing of what was forged."""
    async with world(tmp_path / "a", redis_url, keys.prefix, workers=False, signing_keys=signing_keys) as orchestrator:
        await orchestrator.submit(ASKED)
        for number in range(1 + MOST_RETRIES):
            await commits(redis_url, keys, redis, f"Never, {number}.")
        failed = await result(orchestrator, ASKED.id)
    assert failed.state == "failed"
    assert failed.reason == (
        "An answer in the name of Gardener was refused, because nobody who may answer had signed it."
    )


async def test_a_takeover_believes_no_result_that_nobody_signed(
    tmp_path: Path, redis_url: str, keys: Keys, redis: Any, signing_keys: Path
) -> None:
    """Written into the run while nobody drove it, past all scripts; one of another run's, signed, is no better."""
    other = Task(question="@garden When do I prune roses?")
    async with world(
        tmp_path / "a", redis_url, keys.prefix, answerer=ScriptedAnswerer("Never."), signing_keys=signing_keys
    ) as orchestrator:
        await orchestrator.dispatch_task(other)
    signed = await redis.hget(keys.run(other.id), "s1.result")
    assert b'"signature":"old.' in signed
    async with world(tmp_path / "a", redis_url, keys.prefix, workers=False, signing_keys=signing_keys) as orchestrator:
        await sent(orchestrator, redis, keys.tasks("garden"))
    taken = {"s1.state": "answered", "s1.result": signed, "s1.fence": 1, "s1.attempt": 1}
    await redis.hset(keys.run(ASKED.id), mapping=taken)
    await redis.delete(keys.tasks("garden"))
    async with world(
        tmp_path / "a", redis_url, keys.prefix, answerer=ScriptedAnswerer("In March."), signing_keys=signing_keys
    ) as orchestrator:
        assert "In March." in (await result(orchestrator, ASKED.id)).answer


async def test_an_event_alone_answers_nothing(
    tmp_path: Path, redis_url: str, keys: Keys, redis: Any, operations: Operations, signing_keys: Path
) -> None:
    """Somebody writes to the run's events only: no page shows the result, the step goes on, and the alarm rises."""
    gate = Gate()
    async with world(
        tmp_path / "a", redis_url, keys.prefix, answerer=gate.answerer(), signing_keys=signing_keys
    ) as orchestrator:
        await orchestrator.submit(ASKED)
        await gate.arrived.wait()
        event = encode(Finished(run=ASKED.id, step="s1", result=forged_result("Never.")))
        await redis.xadd(keys.events(ASKED.id), {"e": event, "a": 1, "f": 1})
        await events_until(orchestrator.follow(ASKED.id, person="local"), "refused")
        await eventually(operations.alarms, "the alarm rises")
        gate.opened.set()
        answered = await result(orchestrator, ASKED.id)
        told = kinds([recorded.event async for recorded in orchestrator.follow(ASKED.id, person="local")])
    assert "At last." in answered.answer
    assert [kind for kind in told if kind in ("started", "refused", "restarted", "finished")] == [
        "started",
        "refused",
        "finished",
    ]


async def alarmed(orchestrator: AgentOrchestrator, operations: Operations, part: str, why: str) -> None:
    """The alarm of runs is what an operator, the page and whoever reads the metrics find: one part, and no agent's."""
    alarms = await operations.alarms()
    assert {name: (alarm.messages, alarm.why) for name, alarm in alarms.items()} == {OF_RUNS: (1, why)}
    (load, _), read = await orchestrator.load(), await scrape(orchestrator)
    assert load.alarms == alarms
    assert read.value("forged_lately", agent="") == 1
    assert read.value("forged_messages_total", agent="", kind=part) == 1


@pytest.mark.parametrize("part", ["task", "selection", "plan"])
async def test_whoever_takes_a_run_over_does_nothing_that_somebody_else_wrote_into_it(
    tmp_path: Path, redis_url: str, keys: Keys, redis: Any, operations: Operations, signing_keys: Path, part: Journalled
) -> None:
    """Nor somebody with the workers' key: the run ends, with a reason, no agent was asked, and the alarm rises."""
    theirs = key_file(tmp_path, OLD, f"{NEW} orchestrators")
    async with world(tmp_path / "a", redis_url, keys.prefix, workers=False, signing_keys=theirs) as orchestrator:
        await sent(orchestrator, redis, keys.tasks("garden"))
    written = await redis.hget(keys.run(ASKED.id), part)
    assert b'"signature":"new.' in written
    body = _SEALED.sub(rb"\1", written).replace(b"prune", b"steal").replace(b'"person":"local"', b'"person":"admin"')
    worker = Signing(read_key_ring(signing_keys))
    await redis.hset(keys.run(ASKED.id), part, worker.seal(part, ASKED.id, body))
    await redis.delete(keys.tasks("garden"))
    async with world(tmp_path / "a", redis_url, keys.prefix, workers=False, signing_keys=theirs) as orchestrator:

        async def over() -> bool:
            return bool(await redis.hget(keys.run(ASKED.id), "state") == b"failed")

        await eventually(over, "the run ends")
        assert await redis.xlen(keys.tasks("garden")) == 0
        await alarmed(orchestrator, operations, part, "it is signed with the key 'old', which is not known here")


async def test_a_plan_that_somebody_else_changed_is_not_approved(
    tmp_path: Path, redis_url: str, keys: Keys, redis: Any, operations: Operations, signing_keys: Path
) -> None:
    """While it waited for its person; the alarm rises."""
    asked = ASKED.model_copy(update={"approval": True})
    async with world(tmp_path / "a", redis_url, keys.prefix, workers=False, signing_keys=signing_keys) as orchestrator:
        await orchestrator.submit(asked)
        await events_until(orchestrator.follow(asked.id, person="local"), "proposed")
        plan = await redis.hget(keys.run(asked.id), "plan")
        await redis.hset(keys.run(asked.id), "plan", plan.replace(b"prune", b"steal"))
        with pytest.raises(InvalidPlan, match="changed by somebody who may not"):
            await orchestrator.approve(asked.id, person="local")
        await alarmed(orchestrator, operations, "plan", CHANGED)
        await redis.hset(keys.run(asked.id), "plan", plan)
        await orchestrator.approve(asked.id, person="local")
        await orchestrator.cancel(asked.id, person="local")
