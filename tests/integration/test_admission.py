"""Who is let in, who has to wait, and who begins next."""

from pathlib import Path

import pytest

from agents import Question
from agents.answerers.scripted import ScriptedAnswerer
from orchestration import Task
from orchestration.errors import Overloaded
from orchestration.keys import Keys
from orchestration.messages import Answer, Begun, Waiting
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
