"""Who is let in, who has to wait, and who begins next."""

from pathlib import Path

import pytest

from agents import Question
from agents.answerers.scripted import ScriptedAnswerer
from orchestration import Task
from orchestration.connections import open_connections
from orchestration.errors import Overloaded
from orchestration.keys import Keys
from orchestration.messages import Answer, Begun, TaskResult, Waiting
from orchestration.settings import RunSettings
from orchestration.store import BEHIND, RunStore
from orchestration.weights import Weights
from tests.orchestration.worlds import Gate, events_until, world


def asked_by(person: str, number: int) -> Task:
    return Task(question=f"@garden Number {number} of {person}?", person=person)


async def test_a_full_system_refuses_and_says_how_long(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """One run at work, one waiting: a third one is refused, with a wait as soon as any run has ended before."""
    gate = Gate()
    async with world(tmp_path, redis_url, keys.prefix, answerer=gate.answerer(), places=1, waiting=1) as orchestrator:
        first, second = asked_by("ada", 1), asked_by("bob", 1)
        await orchestrator.submit(first)
        await gate.arrived.wait()
        await orchestrator.submit(second)
        with pytest.raises(Overloaded, match="Roundtable is full: 2 questions") as refusal:
            await orchestrator.submit(asked_by("cyd", 1))
        assert refusal.value.seconds is None

        gate.opened.set()
        for task in (first, second):
            await events_until(orchestrator.follow(task.id, person=task.person), "answer")
        gate.opened.clear()
        for person in ("ada", "bob"):
            await orchestrator.submit(asked_by(person, 2))
        with pytest.raises(Overloaded, match=r"ask again in about \d+ s") as refusal:
            await orchestrator.submit(asked_by("cyd", 2))
        assert refusal.value.seconds is not None
        gate.opened.set()


async def test_one_person_gets_half_of_the_places_at_most(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """Whoever has that many questions on their way is refused; others are not."""
    gate = Gate()
    async with world(tmp_path, redis_url, keys.prefix, answerer=gate.answerer(), places=1, waiting=3) as orchestrator:
        for number in range(2):
            await orchestrator.submit(asked_by("ada", number))
        with pytest.raises(Overloaded, match="2 questions of yours"):
            await orchestrator.submit(asked_by("ada", 2))
        await orchestrator.submit(asked_by("bob", 0))
        gate.opened.set()


async def test_one_question_does_not_stand_behind_somebodys_many(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """The person who asked last and least begins right after what is at work, or one later."""
    order: list[str] = []
    gate = Gate()

    async def note(question: Question) -> None:
        order.append(question.text)
        await gate.wait(question)

    answerer = ScriptedAnswerer(before=note)
    async with world(tmp_path, redis_url, keys.prefix, answerer=answerer, places=1, waiting=11) as orchestrator:
        tasks = [asked_by("ada", number) for number in range(6)] + [asked_by("bob", 0)]
        for task in tasks:
            await orchestrator.submit(task)
        await gate.arrived.wait()
        gate.opened.set()
        told = [await events_until(orchestrator.follow(task.id, person=task.person), "answer") for task in tasks]

    assert order[0] == "Number 0 of ada?"
    assert order.index("Number 0 of bob?") <= 2
    assert [text for text in order if "ada" in text] == [f"Number {number} of ada?" for number in range(6)]
    waited = [next(event for event in events if isinstance(event, Waiting)) for events in told[1:]]
    assert [event.ahead for event in waited] == [0, 1, 2, 3, 4, waited[-1].ahead]
    assert waited[-1].ahead <= 1
    assert all(any(isinstance(event, Begun) for event in events) for events in told[1:])


async def test_the_deadline_counts_from_the_question_also_for_those_who_wait(
    tmp_path: Path, redis_url: str, keys: Keys
) -> None:
    """A run whose turn does not come in time ends; it never held a place."""
    gate = Gate()
    async with world(tmp_path, redis_url, keys.prefix, answerer=gate.answerer(), places=1) as orchestrator:
        first = asked_by("ada", 0)
        await orchestrator.submit(first)
        await gate.arrived.wait()
        late = Task(question="@garden In time?", person="bob", deadline_seconds=0.3)
        end = (await events_until(orchestrator.stream(late), "answer"))[-1]
        gate.opened.set()
        await events_until(orchestrator.follow(first.id, person="ada"), "answer")

    assert isinstance(end, Answer)
    assert end.result.state == "expired"


async def test_a_step_has_its_own_time(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """It counts from when its work began, and the others' findings are the answer long before the run's deadline."""
    gate = Gate(held=frozenset({"kitchen"}))
    async with world(tmp_path, redis_url, keys.prefix, answerer=gate.answerer(), step_seconds=3) as orchestrator:
        result = await orchestrator.dispatch_task(Task(question="@garden @kitchen What is best?", deadline_seconds=60))

    assert gate.stopped == {"kitchen"}
    assert result.contributed == ("garden",)
    assert [step.error for step in result.steps if step.agent == "kitchen"] == ["Baker ran out of time."]


async def test_who_waits_comes_before_what_is_in_the_background(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """Whenever it was asked; and what one asks in the background does not put off what the same person waits for."""
    order: list[str] = []
    gate = Gate()

    async def note(question: Question) -> None:
        order.append(question.text)
        await gate.wait(question)

    def quietly(person: str, number: int) -> Task:
        return asked_by(person, number).model_copy(update={"priority": "background"})

    answerer = ScriptedAnswerer(before=note)
    async with world(tmp_path, redis_url, keys.prefix, answerer=answerer, places=1, waiting=11) as orchestrator:
        tasks = [asked_by("eve", 0), quietly("ada", 1), quietly("ada", 2), quietly("bob", 3)]
        tasks += [asked_by("ada", 4), asked_by("bob", 5)]
        for task in tasks:
            await orchestrator.submit(task)
        await gate.arrived.wait()
        gate.opened.set()
        told = [await events_until(orchestrator.follow(task.id, person=task.person), "answer") for task in tasks]

    numbers = [int(text.split()[1]) for text in order]
    assert numbers[0] == 0
    assert set(numbers[1:3]) == {4, 5}
    assert set(numbers[3:5]) == {1, 3}
    assert numbers[5:] == [2]
    waited = [event.ahead for events in told for event in events if isinstance(event, Waiting)]
    assert waited == [0, 1, 1, 0, 1]


async def test_what_has_begun_in_the_background_keeps_its_place(redis_url: str, keys: Keys) -> None:
    """Whoever waits by then begins when it has ended."""
    settings = RunSettings(places=1)
    async with open_connections(redis_url) as connections:
        store = RunStore(connections.batcher, keys, settings)
        quiet, waited_for = asked_by("ada", 0).model_copy(update={"priority": "background"}), asked_by("bob", 1)
        for task in (quiet, waited_for):
            await store.accept(task, "somebody")
        await store.begin_waiting(waited_for.id)
        assert (await store.begun(quiet.id), await store.begun(waited_for.id)) == (True, False)
        for task in (quiet, waited_for):
            assert await store.begun(task.id)
            result = TaskResult(task=task.id, mode="council", state="cancelled")
            await store.finish(task.id, result, [Answer(run=task.id, result=result)], fence=None)


async def test_weight_brings_turns_sooner(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """Whoever has twice the weight begins twice as often as somebody who asks as much."""
    settings = RunSettings.model_validate({"places": 1, "waiting": 39, "weights": "ada=2,guest=0.5"})
    weights = Weights(settings.weights, lambda person: "guest" if person == "gil" else "member")
    async with open_connections(redis_url) as connections:
        store = RunStore(connections.batcher, keys, settings, weights=weights)
        await store.accept(asked_by("eve", 0), "somebody")
        tasks = [asked_by(person, number) for person in ("gil", "bob", "ada") for number in range(8)]
        for task in tasks:
            await store.accept(task, "somebody")
        whose = {task.id: task.person for task in tasks}
        line = await connections.batcher("ZRANGE", keys.shards[0].waiting, 0, 13)
        for run in [run.decode() for run in await connections.batcher("ZRANGE", keys.shards[0].active, 0, -1)]:
            result = TaskResult(task=run, mode="council", state="cancelled")
            await store.finish(run, result, [Answer(run=run, result=result)], fence=None)
    first = [whose[run.decode()] for run in line]
    assert {person: first.count(person) for person in whose.values()} == {"ada": 8, "bob": 4, "gil": 2}


async def test_an_older_program_beside_this_one_confuses_no_turns(redis_url: str, keys: Keys) -> None:
    """It knows of no background: it lets a run there begin as any other, and takes its place for the turn."""
    settings = RunSettings(places=1)
    async with open_connections(redis_url) as connections:
        store = RunStore(connections.batcher, keys, settings)
        await connections.batcher("HSET", keys.shards[0].turns, "", BEHIND + 5)
        tasks = [asked_by("ada", number) for number in range(2)]
        for task in tasks:
            await store.accept(task, "somebody")
        turn = await connections.batcher("ZSCORE", keys.shards[0].waiting, tasks[1].id)
        for task in tasks:
            result = TaskResult(task=task.id, mode="council", state="cancelled")
            await store.finish(task.id, result, [Answer(run=task.id, result=result)], fence=None)
    assert 5 < float(turn) < BEHIND


async def test_no_run_has_more_steps_at_a_time_than_it_may(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """However many its plan has: the others are sent when these have ended."""
    question = "@garden @kitchen When do I prune roses, and how long do I bake rye bread?"
    async with world(tmp_path, redis_url, keys.prefix, run_steps=1) as orchestrator:
        events = [recorded.event async for recorded in orchestrator.stream(Task(question=question))]
    moves = [event.kind for event in events if event.kind in ("started", "finished")]
    assert moves == ["started", "finished"] * 4
    end = events[-1]
    assert isinstance(end, Answer)
    assert end.result.state == "answered"
