"""What a conversation told last, from the log of its runs."""

from orchestration.log import MemoryLog
from orchestration.messages import (
    Accepted,
    AgentScore,
    Answer,
    Citation,
    PartSelection,
    RunState,
    Selected,
    Selection,
    Source,
    Task,
    TaskResult,
)
from orchestration.turns import MOST_CHARACTERS, MOST_POINTS, last_turns, turn_of
from tests.chat.events import passage

THREAD = "thread"
ANSWER = """Stop the server\\. [1](#cite-r-1)

```
tar -c folder
```

- Copy the folder. [1](#cite-r-1)[2](#cite-r-2)

> Baker did not answer."""


class Told:
    """A log, and short ways to fill it."""

    def __init__(self) -> None:
        self.log = MemoryLog()

    async def asked(self, question: str, person: str = "ada", conversation: str = THREAD) -> Task:
        """A run that goes on."""
        task = Task(question=question, person=person, conversation=conversation)
        await self.log.append(Accepted(run=task.id, task=task))
        return task

    async def told(
        self, question: str, understood: str = "", state: RunState = "answered", answer: str = ANSWER, **where: str
    ) -> Task:
        """A run that has ended."""
        task = await self.asked(question, **where)
        await self.log.append(Selected(run=task.id, selection=selection(understood or question, understood=understood)))
        await self.log.append(Answer(run=task.id, result=result(task.id, state, answer)))
        return task

    async def questions(self, person: str = "ada", conversation: str = THREAD) -> list[str]:
        return [turn.question for turn in await last_turns(self.log, person, conversation)]


def selection(*questions: str, understood: str = "") -> Selection:
    scored = AgentScore(agent="operations", score=1.0, scores={}, reason="", chosen=True)
    parts = tuple(PartSelection(question=q, heading=q, agents=(scored,)) for q in questions if q)
    return Selection(parts=parts, threshold=0.2, understood=understood)


def result(task: str, state: RunState, answer: str) -> TaskResult:
    cited = [Citation(number=n, agent=agent, quote="", passage=passage(agent)) for n, agent in ((1, "a"), (2, "b"))]
    again = Citation(number=3, agent="a", quote="", passage=passage("a"))
    return TaskResult(
        task=task,
        mode="council",
        state=state,
        answer=answer,
        citations=(*cited, again) if state == "answered" else (),
        contributed=("a", "b"),
    )


async def test_the_last_answers_are_what_a_question_may_refer_to() -> None:
    """Oldest first, as many as are looked at, each as it was understood."""
    told = Told()
    for question in ("What is one?", "What is two?", "What is three?"):
        await told.told(question)
    await told.told("Why?", understood="Three: why?")
    assert await told.questions() == ["What is two?", "What is three?", "Three: why?"]


async def test_what_told_nothing_is_passed_over() -> None:
    """Ten runs that failed, found nothing or were stopped, and one that goes on, do not hide the one before."""
    told = Told()
    await told.told("What is a lease?")
    states: tuple[RunState, ...] = ("failed", "nothing_found", "cancelled", "expired")
    for number in range(10):
        await told.told(f"What is {number}?", state=states[number % 4])
    await told.asked("What goes on?")
    assert await told.questions() == ["What is a lease?"]


async def test_nothing_of_another_person_or_conversation_gets_in() -> None:
    """Nor of a person who guessed the conversation's name."""
    told = Told()
    await told.told("What is mine?")
    await told.told("What is another's?", person="ben")
    await told.told("What is elsewhere?", conversation="other")
    assert await told.questions() == ["What is mine?"]
    assert await told.questions(person="eve") == []


async def test_a_turn_has_what_can_be_counted() -> None:
    """The answer's statements as a person reads them, the agents, and each document once."""
    told = Told()
    await told.told("What is a lease?")
    (turn,) = await last_turns(told.log, "ada", THREAD)
    assert turn.points == ("Stop the server.", "Copy the folder.")
    assert turn.agents == ("a", "b")
    assert turn.sources == (
        Source(base="a", document="a-doc", title="Backup"),
        Source(base="b", document="b-doc", title="Backup"),
    )
    assert turn.parts == ()


async def test_the_parts_of_a_question_are_counted() -> None:
    """And what called an agent is no part of the question."""
    told = Told()
    task = await told.asked("@operations What is one, and what is two?")
    await told.log.append(Selected(run=task.id, selection=selection("What is one?", "What is two?")))
    await told.log.append(Answer(run=task.id, result=result(task.id, "answered", ANSWER)))
    (turn,) = await last_turns(told.log, "ada", THREAD)
    assert turn.question == "What is one, and what is two?"
    assert turn.parts == ("What is one?", "What is two?")


async def test_a_long_answer_is_cut() -> None:
    """It is kept with the next question."""
    told = Told()
    task = await told.told("What is long?", answer="\n".join(f"- {'word ' * 200}" for _ in range(40)))
    ending = await told.log.ending(task.id, "ada")
    assert ending is not None
    turn = turn_of(task.question, ending)
    assert turn is not None
    assert [len(point) for point in turn.points] == [MOST_CHARACTERS] * MOST_POINTS
