"""What happens to a run when things go wrong; on a real Redis."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from agents import AgentError, Question
from agents.answerers import ExtractiveAnswerer
from agents.answerers.scripted import ScriptedAnswerer
from orchestration import InvalidTask, Task, UnknownRun, path
from orchestration.attempt import Attempts
from orchestration.connections import open_connections
from orchestration.inbox import FIELDS_KEPT
from orchestration.keys import GROUP, Keys
from orchestration.messages import (
    Answer,
    AnyEvent,
    Finished,
    Preparing,
    Recorded,
    Returned,
    Sent,
    Started,
    StepResult,
    TaskResult,
    Token,
    encode,
)
from orchestration.records import Fenced
from orchestration.settings import RunSettings
from orchestration.single import ALONE
from orchestration.step_store import Acknowledged, StepStore
from orchestration.store import RunStore
from tests.integration.deadlines import watched_deadlines
from tests.orchestration.waiting import PATIENCE_SECONDS, eventually
from tests.orchestration.worlds import SHORT_LEASE, Gate, events_until, kinds, world

BOTH = "@garden @kitchen What is best in March?"


async def test_stop_ends_the_run_and_its_agents(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """Stop: the run ends as cancelled at once, and the agents are stopped in the middle of their work."""
    gate = Gate()
    async with world(tmp_path, redis_url, keys.prefix, answerer=gate.answerer()) as orchestrator:
        task = Task(question=BOTH)
        run = await orchestrator.submit(task)
        await gate.arrived.wait()

        assert await orchestrator.cancel(run, person="local")
        events = [recorded.event async for recorded in orchestrator.follow(run, person="local")]
        async with asyncio.timeout(PATIENCE_SECONDS):
            while gate.stopped != gate.waiting:
                await gate.cancelled.wait()
                gate.cancelled.clear()

        assert isinstance(events[-1], Answer)
        assert events[-1].result.state == "cancelled"
        assert not await orchestrator.cancel(run, person="local"), "a run ends once"


async def test_one_agent_failing_never_fails_the_task(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """The others answer, and the answer says who is missing and why."""

    async def fail_the_baker(question: Question) -> None:
        if question.agent.name == "kitchen":
            raise AgentError("The oven is broken.")

    answerer = ScriptedAnswerer("March is for pruning.", before=fail_the_baker)
    async with world(tmp_path, redis_url, keys.prefix, answerer=answerer) as orchestrator:
        result = await orchestrator.dispatch_task(Task(question=BOTH))

    assert result.state == "answered"
    assert result.missing == ("kitchen",)
    assert "March is for pruning." in result.answer
    assert "Baker did not answer: The oven is broken." in result.answer


async def test_when_every_agent_fails_the_run_fails_with_a_reason(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """An exception in somebody's answerer becomes a sentence; the worker goes on and answers the next question."""
    broken = True

    async def fail_once(question: Question) -> None:
        if broken:
            raise ZeroDivisionError

    answerer = ScriptedAnswerer(before=fail_once)
    async with world(tmp_path, redis_url, keys.prefix, answerer=answerer) as orchestrator:
        failed = await orchestrator.dispatch_task(Task(question="@garden Why?"))
        broken = False
        answered = await orchestrator.dispatch_task(Task(question="@garden And now?"))

    assert failed.state == "failed"
    assert failed.reason == "Gardener failed while answering (ZeroDivisionError)."
    assert answered.state == "answered"


async def test_the_deadline_keeps_what_was_found(
    tmp_path: Path, redis_url: str, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the time is over the findings so far are the answer; who was too late is named."""
    gate = Gate(held=frozenset({"kitchen"}))
    async with (
        Redis.from_url(redis_url) as redis,
        world(tmp_path, redis_url, keys.prefix, answerer=gate.answerer()) as orchestrator,
    ):
        deadlines = watched_deadlines(monkeypatch, redis, keys)
        run = await orchestrator.submit(Task(question=BOTH))
        await events_until(orchestrator.follow(run, person="local"), "finished")
        await deadlines.pass_by(run)
        end = (await events_until(orchestrator.follow(run, person="local"), "answer"))[-1]

    assert isinstance(end, Answer)
    assert end.result.state == "answered"
    assert end.result.contributed == ("garden",)
    assert end.result.missing == ("kitchen",)


async def test_what_was_found_in_time_counts_before_it_was_heard_of(
    tmp_path: Path, redis_url: str, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The word of it may come a moment after the time is over, and the page shows the finding already."""
    gate, heard = Gate(held=frozenset({"kitchen"})), path._next

    async def but_for_findings(events: asyncio.Queue[Recorded], seconds: float) -> AnyEvent | None:
        event = await heard(events, seconds)
        return None if isinstance(event, Finished) else event

    monkeypatch.setattr(path, "_next", but_for_findings)
    async with (
        Redis.from_url(redis_url) as redis,
        world(tmp_path, redis_url, keys.prefix, answerer=gate.answerer()) as orchestrator,
    ):
        deadlines = watched_deadlines(monkeypatch, redis, keys)
        run = await orchestrator.submit(Task(question=BOTH))
        await events_until(orchestrator.follow(run, person="local"), "finished")
        await deadlines.pass_by(run)
        end = (await events_until(orchestrator.follow(run, person="local"), "answer"))[-1]

    assert isinstance(end, Answer)
    assert (end.result.state, end.result.contributed, end.result.missing) == ("answered", ("garden",), ("kitchen",))


async def test_a_run_without_any_finding_expires(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """A deadline with nothing found is an end of its own."""
    async with world(tmp_path, redis_url, keys.prefix, answerer=Gate().answerer(), workers=False) as orchestrator:
        result = await orchestrator.dispatch_task(Task(question="@garden Anybody?", deadline_seconds=0.3))

    assert result.state == "expired"
    assert result.reason == "The time for this question ran out before anything was found."


async def test_a_dead_workers_step_is_taken_over(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """A worker that took a message and died keeps it for one lease; then another worker answers the step."""
    redis = Redis.from_url(redis_url)
    async with world(tmp_path, redis_url, keys.prefix, workers=False) as orchestrator:
        task = Task(question="@garden Who answers?")
        run = await orchestrator.submit(task)
        await events_until(orchestrator.follow(run, person="local"), "planned")
        stream = keys.tasks("garden")
        await redis.xgroup_create(stream, GROUP, id="0", mkstream=True)
        while not await redis.xreadgroup(GROUP, "a-dead-worker", {stream: ">"}, count=1, block=100):
            pass
        async with world(tmp_path, redis_url, keys.prefix, workers=["garden"], lease_seconds=SHORT_LEASE):
            events = [recorded.event async for recorded in orchestrator.follow(run, person="local")]

    await redis.aclose()
    assert isinstance(events[-1], Answer)
    assert events[-1].result.state == "answered"


async def test_a_zombies_late_result_is_refused(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """A worker that wakes up while another one has its step can neither speak nor commit any more."""
    first, second = Gate(), Gate()
    redis = Redis.from_url(redis_url)
    zombie = ScriptedAnswerer("From the zombie.", before=first.wait)
    successor = ScriptedAnswerer("From its successor.", before=second.wait)
    task = Task(question="@garden Who is first?")
    async with world(tmp_path, redis_url, keys.prefix, answerer=zombie, lease_seconds=30) as orchestrator:
        await orchestrator.submit(task)
        await first.arrived.wait()
        stream = keys.tasks("garden")
        (pending,) = await redis.xpending_range(stream, GROUP, "-", "+", 1)
        async with world(tmp_path, redis_url, keys.prefix, answerer=successor, workers=["garden"]):
            # The first worker looks dead to the second one, which takes its message over.
            await redis.xclaim(stream, GROUP, "nobody", 0, [pending["message_id"]], idle=60_000)
            await second.arrived.wait()
            first.opened.set()
            await first.left.wait()
            second.opened.set()
            events = [recorded.event async for recorded in orchestrator.follow(task.id, person="local")]

    await redis.aclose()
    assert kinds(events).count("restarted") == 1
    assert kinds(events).count("finished") == 1
    assert isinstance(events[-1], Answer)
    assert [step.text for step in events[-1].result.steps] == ["From its successor."]


async def test_a_zombie_leaves_the_message_that_waits_for_the_next_worker(redis_url: str, keys: Keys) -> None:
    """Whoever had the step after it gave it back: its late result is refused, and the message is still there."""
    task, stream = Task(question="@garden Who is next?"), keys.tasks("garden")
    async with open_connections(redis_url) as connections:
        redis: Any = connections.commands
        settings = RunSettings()
        runs, steps = (
            RunStore(connections.batcher, keys, settings),
            StepStore(connections.batcher, keys, settings),
        )
        await runs.accept(task, "somebody")
        await redis.hset(keys.run(task.id), "s1.state", "queued")
        await connections.streams.make_group(stream, GROUP)
        entry = await redis.xadd(stream, {"m": "a step"})
        await redis.xreadgroup(GROUP, "zombie", {stream: ">"})
        fences = []
        for worker in ("zombie", "next"):
            started = Started(run=task.id, step="s1", agent="garden", worker=worker)
            claim = await steps.claim(
                task.id, "s1", worker=worker, message=entry, sent=Sent(1, 1), alone=False, started=started
            )
            fences.append(claim.fence)
        back = Returned(run=task.id, step="s1", agent="garden", reason="it is leaving")
        await steps.release(task.id, "s1", fences[1], "queued", 0.0, back, [])

        late = StepResult(step="s1", agent="garden", question="Who is next?", state="answered")
        message = Acknowledged(stream, entry, keys.breaker("garden"))
        assert await steps.commit(task.id, late, [], fences[0], [], message) is Fenced.STALE
        assert await redis.xlen(stream) == 1
        result = TaskResult(task=task.id, mode="council", state="cancelled")
        await runs.finish(task.id, result, [], fence=None)


async def test_a_garbage_message_stops_nobody(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """What no worker can read becomes a dead letter with a reason, however much it is, and the next step is
    answered.
    """
    redis: Any = Redis.from_url(redis_url)
    async with world(tmp_path, redis_url, keys.prefix) as orchestrator:
        await redis.xadd(keys.tasks("garden"), {"m": b"\xff not a step", **{str(n): "" for n in range(9_000)}})
        await redis.xadd(keys.tasks("garden"), {"m": b"\xff not a step"})
        result = await orchestrator.dispatch_task(Task(question="@garden Still there?"))
        await eventually(lambda: _are(2, redis, keys.dead("garden")), "both are kept")
        dead = await redis.xrange(keys.dead("garden"))

    await redis.aclose()
    assert result.state == "answered"
    assert all(b"not a step" in fields[b"reason"] for _, fields in dead)
    assert max(len(fields) for _, fields in dead) == FIELDS_KEPT + 2


async def _are(count: int, redis: Any, stream: str) -> bool:
    return bool(await redis.xlen(stream) == count)


async def test_another_orchestrator_goes_on_with_a_run(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """The process that drove a run leaves in the middle of it; another one adopts it and finishes it."""
    gate = Gate()
    task = Task(question=BOTH)
    async with world(tmp_path / "b", redis_url, keys.prefix, workers=False) as other:
        async with world(tmp_path / "a", redis_url, keys.prefix, answerer=gate.answerer()) as first:
            await first.submit(task)
            await gate.arrived.wait()
            leaving = asyncio.create_task(asyncio.sleep(0))
            gate.opened.set()
            await leaving
        async with world(tmp_path / "c", redis_url, keys.prefix):
            events = [recorded.event async for recorded in other.follow(task.id, person="local")]

    end = events[-1]
    assert isinstance(end, Answer)
    assert end.result.state == "answered"
    assert [step.state for step in end.result.steps] == ["answered", "answered"]


async def test_a_result_supersedes_its_tokens(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """Once a step is committed, its tokens are gone from the log and its text is in the result."""
    async with world(tmp_path, redis_url, keys.prefix) as orchestrator:
        task = Task(question="@garden Say something?")
        await orchestrator.dispatch_task(task)
        events = [recorded.event async for recorded in orchestrator.follow(task.id, person="local")]

    assert not [event for event in events if isinstance(event, Token) and event.step]


async def test_nobody_sees_another_persons_run(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """For anybody else a run does not exist: not to read, not to stop, not in a list."""
    async with world(tmp_path, redis_url, keys.prefix) as orchestrator:
        task = Task(question="@garden A secret?", person="ada", conversation="thread")
        await orchestrator.dispatch_task(task)

        with pytest.raises(UnknownRun):
            [recorded async for recorded in orchestrator.follow(task.id, person="bob")]
        with pytest.raises(UnknownRun):
            await orchestrator.cancel(task.id, person="bob")
        assert await orchestrator.runs("bob", "thread") == []
        assert await orchestrator.runs("ada", "thread") == [task.id]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("   ", "empty"),
        ("?!", "empty"),
        ("x" * 200_000, "200,000 characters"),
        ("\x00\x01\x02\x03 \x07\x08 abc", "binary"),
    ],
)
async def test_a_question_that_cannot_be_asked(
    tmp_path: Path, redis_url: str, keys: Keys, question: str, said: str
) -> None:
    """It is refused in one sentence before anything is stored."""
    async with world(tmp_path, redis_url, keys.prefix) as orchestrator:
        with pytest.raises(InvalidTask, match=said):
            await orchestrator.submit(Task(question=question, conversation="thread"))
        assert await orchestrator.runs("local", "thread") == []


async def test_the_server_may_be_flushed_under_a_worker(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """When the groups are gone the worker makes them again and misses nothing that was sent."""
    redis = Redis.from_url(redis_url)
    async with world(tmp_path, redis_url, keys.prefix) as orchestrator:
        await orchestrator.dispatch_task(Task(question="@garden Before?"))
        await redis.delete(keys.tasks("garden"), keys.tasks("kitchen"))
        result: TaskResult = await orchestrator.dispatch_task(Task(question="@garden After?"))

    await redis.aclose()
    assert result.state == "answered"


async def test_an_answerers_own_network_error_is_its_failure(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """It is not mistaken for Redis being away: the step fails at once, with a reason."""

    async def refuse(question: Question) -> None:
        raise ConnectionRefusedError

    async with world(tmp_path, redis_url, keys.prefix, answerer=ScriptedAnswerer(before=refuse)) as orchestrator:
        result = await orchestrator.dispatch_task(Task(question="@garden Why?"))

    assert result.reason == "Gardener failed while answering (ConnectionRefusedError)."


async def test_a_conversation_outlives_its_first_run(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """When the oldest run has expired, the others are still there and the list works."""
    redis = Redis.from_url(redis_url)
    async with world(tmp_path, redis_url, keys.prefix) as orchestrator:
        tasks = [Task(question=f"@garden Number {n}?", conversation="thread") for n in range(2)]
        for task in tasks:
            await orchestrator.dispatch_task(task)
        await redis.delete(keys.run(tasks[0].id), keys.events(tasks[0].id))

        assert await orchestrator.runs("local", "thread") == [tasks[1].id]
    await redis.aclose()


async def test_a_task_is_taken_in_once(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """The same task again is the same run; another task with its id is refused, whoever asks it."""
    gate = Gate()
    async with world(tmp_path, redis_url, keys.prefix, answerer=gate.answerer()) as orchestrator:
        task = Task(question="@garden A secret?", person="ada")
        await orchestrator.submit(task)
        await gate.arrived.wait()
        await orchestrator.submit(task)
        with pytest.raises(InvalidTask, match="already"):
            await orchestrator.submit(Task(id=task.id, question="@kitchen Mine?", person="bob"))
        gate.opened.set()
        events = [recorded.event async for recorded in orchestrator.follow(task.id, person="ada")]

    assert kinds(events).count("selected") == 1
    assert kinds(events).count("started") == 1


async def test_a_run_that_cannot_be_read_stops_nobody(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """One of a newer program, or a damaged one, is left alone, at every start; a number that is no time stops nobody
    either.
    """
    redis = Redis.from_url(redis_url)
    late = b"9" * 400
    for name, stored, accepted, deadline in (
        ("newer", b'{"v":"2.0"}', b"1", 9e15),
        ("damaged", b"?", b"1", 9e15),
        ("late", encode(Task(question="?")), late, 9e15),
        ("later", b"?", b"1", 20 * late),
    ):
        about: dict[Any, Any] = {"state": "running", "until": 0, "task": stored, "accepted": accepted}
        about["deadline"] = deadline
        await redis.hset(keys.run(name), mapping=about)
        await redis.zadd(keys.shards[0].active, {name: 0})
    async with world(tmp_path, redis_url, keys.prefix) as orchestrator:
        result = await orchestrator.dispatch_task(Task(question="@garden Still there?"))

    await redis.aclose()
    assert result.state == "answered"


async def test_without_redis_the_single_agent_answers_visibly(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """When Redis is known to be away a council is not even tried, and the person is told."""
    async with world(tmp_path, redis_url, keys.prefix, answerer=ExtractiveAnswerer()) as orchestrator:
        assert orchestrator.connections is not None
        orchestrator.connections.batcher._answered.clear()
        events = [r.event async for r in orchestrator.stream(Task(question="How long do I bake rye bread?"))]

    assert isinstance(events[1], Preparing)
    assert ALONE in events[1].text
    assert isinstance(events[-1], Answer)
    assert (events[-1].result.mode, events[-1].result.state) == ("single", "answered")


async def test_leaving_hands_a_run_over_at_once(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """An orchestrator that leaves in good order gives up its hold, so nobody waits for its lease."""
    gate = Gate()
    redis = Redis.from_url(redis_url)
    task = Task(question="@garden Who goes on?")
    async with world(tmp_path, redis_url, keys.prefix, answerer=gate.answerer(), lease_seconds=60) as orchestrator:
        await orchestrator.submit(task)
        await gate.arrived.wait()
    seconds, _ = await redis.time()
    assert float(await redis.zscore(keys.shards[0].active, task.id) or 9e15) / 1000 <= seconds + 1
    await redis.aclose()


async def test_what_the_block_raises_comes_out_as_it_is(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """Not wrapped into a group of exceptions."""
    with pytest.raises(InvalidTask):
        async with world(tmp_path, redis_url, keys.prefix) as orchestrator:
            await orchestrator.submit(Task(question="?"))


async def test_time_in_which_nobody_looked_does_not_count(redis_url: str, keys: Keys) -> None:
    """When every orchestrator was gone, or Redis itself, a run has as much time afterwards as before."""
    async with open_connections(redis_url) as connections:
        store = RunStore(connections.batcher, keys, RunSettings())
        task = Task(question="Still there?", deadline_seconds=30)
        await store.accept(task, "somebody")
        await store.unowned()
        await connections.batcher("DECRBY", keys.shards[0].looked, 60_000)

        assert 80 < await store.seconds_left(task.id) <= 91
        assert 80 < await store.seconds_left(task.id) <= 91, "it is added once"

        for place, spoilt in enumerate(("deadline", "approved")):
            await store.accept(other := Task(id=f"0{place}", question="Damaged?"), "somebody")
            await connections.batcher("HSET", keys.run(other.id), spoilt, "x")
            await connections.batcher("ZADD", keys.shards[0].active, -1, other.id)
        await connections.batcher("DECRBY", keys.shards[0].looked, 60_000)
        assert 140 < await store.seconds_left(task.id) <= 151, "damaged runs before it keep it from nothing"
        result = TaskResult(task=task.id, mode="council", state="cancelled")
        await store.finish(task.id, result, [], fence=None)


async def test_a_damaged_run_ends_when_its_time_is_over(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """It would be taken over again and again for ever; so it fails, and its place is free."""
    async with world(tmp_path, redis_url, keys.prefix, workers=False, lease_seconds=SHORT_LEASE) as orchestrator:
        assert orchestrator.connections is not None
        batcher = orchestrator.connections.batcher
        task = Task(question="@garden Anybody?", deadline_seconds=60)
        await orchestrator.submit(task)
        await events_until(orchestrator.follow(task.id, person="local"), "planned")
        await batcher("HSET", keys.run(task.id), "plan", b"?", "deadline", 1, "fence", 9, "until", 0)
        await batcher("ZADD", keys.shards[0].active, 0, task.id)
        events = [recorded.event async for recorded in orchestrator.follow(task.id, person="local")]
        assert await batcher("HLEN", keys.shards[0].people) == 0

    assert isinstance(events[-1], Answer)
    assert events[-1].result.state == "failed"
    assert "damaged" in events[-1].result.reason


async def test_what_breaks_the_workers_own_code_fails_its_step(
    tmp_path: Path, redis_url: str, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would not go better the next time, so the person hears of it at once."""

    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Attempts, "_perform", broken)
    async with world(tmp_path, redis_url, keys.prefix, lease_seconds=30) as orchestrator:
        result = await orchestrator.dispatch_task(Task(question="@garden Why?"))

    assert (result.state, result.reason) == ("failed", "Gardener failed; the log of its worker has the details.")
