"""The single agent keeps what it found, whatever becomes of the rest."""

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager

import pytest

from agents import Agent, AgentRegistry, Budget, Claim, Draft, Piece, Question
from agents.runner import Runner
from knowledge import HashEmbedder, Hit, KnowledgeStatus, Matrix
from orchestration.aggregation import Aggregate, Anew, ExtractiveAggregator
from orchestration.endings import Ended
from orchestration.errors import AskedBefore
from orchestration.keeping import Keeper
from orchestration.messages import (
    AgentScore,
    Answer,
    PartSelection,
    Recorded,
    Selection,
    StepResult,
    Task,
    TaskResult,
)
from orchestration.metrics import Metrics
from orchestration.selector import Selector
from orchestration.settings import RunSettings
from orchestration.single import SINGLE, SingleAgent
from tests.agents.garden import hit

ROSES, BREAD = "Prune roses in March.", "Bread is baked at 220 degrees."
EMBEDDER = HashEmbedder()


class Shelf:
    """Has one passage for each of the two questions."""

    async def search(self, bases: Sequence[str], question: str, *_: object, **__: object) -> list[Hit]:
        return [hit("roses", ROSES) if "roses" in question else hit("bread", BREAD)]

    async def embed(self, texts: Sequence[str]) -> Matrix:
        return EMBEDDER.embed(texts)


class TwoParts(Selector):
    """Asks the single agent about roses and about bread."""

    def __init__(self) -> None:
        """Nothing is looked up for that."""

    async def select_one(self, task: Task, agent: Agent, seconds: float = math.inf) -> Selection:
        chosen = (AgentScore(agent=agent.name, score=1.0, scores={}, reason="", chosen=True),)
        parts = (PartSelection(question=f"And {what}?", heading=what, agents=chosen) for what in ("roses", "bread"))
        return Selection(parts=tuple(parts), threshold=0.4)


class Answers:
    """Says what the passage says; about bread it does what it is told."""

    def __init__(self, breaks: Exception | None = None, *, silent: bool = False) -> None:
        self._breaks = breaks
        self._silent = silent

    async def answer(self, question: Question) -> AsyncGenerator[Piece | Draft, None]:
        if "bread" in question.text and self._silent:
            await asyncio.Event().wait()
        if "bread" in question.text and self._breaks is not None:
            raise self._breaks
        passage = question.hits[0].passage
        claim = Claim(text=passage.text, quote=passage.text, passage=passage.id, relevance=0.9)
        yield Draft(claims=(claim,), text=f"{passage.text} [1]", confidence=0.9)


class Timed(ExtractiveAggregator):
    """Notes how much time it is given."""

    def __init__(self) -> None:
        self.given: list[float] = []

    async def aggregate(
        self,
        task: Task,
        selection: Selection,
        results: Sequence[StepResult],
        registry: AgentRegistry,
        seconds: float = math.inf,
    ) -> AsyncGenerator[str | Anew | Aggregate, None]:
        self.given.append(seconds)
        async with aclosing(super().aggregate(task, selection, results, registry, seconds)) as pieces:
            async for piece in pieces:
                yield piece


class SlowKeeper:
    """Takes its time to note what is answered."""

    def __init__(self) -> None:
        self.told = asyncio.Event()
        self.goes_on = asyncio.Event()
        self.kept: list[str] = []

    async def follow(self, ended: Ended) -> None:
        """There is no Redis."""

    async def accepted(self, task: Task) -> None:
        self.told.set()
        await self.goes_on.wait()

    async def ended(self, events: Sequence[Recorded]) -> None:
        self.kept.append(events[0].event.run)


async def ready() -> AsyncIterator[KnowledgeStatus]:
    return
    yield


@asynccontextmanager
async def single(
    answers: Answers, aggregator: Timed, clock: Sequence[float] = (), keeper: Keeper | None = None
) -> AsyncIterator[SingleAgent]:
    """One that runs; its clock shows these times, one after the other."""
    times = iter(clock)
    agent = SingleAgent(
        ("garden",), Runner(Shelf(), answers, 6), TwoParts(), aggregator, ready, RunSettings(), Budget(),
        Metrics([SINGLE.name]), keeper, clock=lambda: next(times, clock[-1] if clock else 0.0),
    )  # fmt: skip
    running = asyncio.create_task(agent.run())
    try:
        await asyncio.sleep(0)  # It begins.
        yield agent
    finally:
        running.cancel()
        await asyncio.wait([running])


async def end_of(agent: SingleAgent, task: Task) -> TaskResult:
    await agent.submit(task)
    async for recorded in agent.log.follow(task.id, person="local"):
        if isinstance(recorded.event, Answer):
            return recorded.event.result
    raise AssertionError("it has no end")


async def test_what_was_found_before_the_deadline_counts() -> None:
    """And the answer says who ran out of time."""
    async with single(Answers(silent=True), Timed()) as agent:
        end = await end_of(agent, Task(question="?", mode="single", deadline_seconds=0.2))
    assert end.state == "answered"
    assert ROSES in end.answer
    assert [(step.state, step.error) for step in end.steps] == [
        ("answered", None), ("failed", "it ran out of time."),
    ]  # fmt: skip


async def test_a_step_that_breaks_costs_no_other_ones_finding() -> None:
    """Somebody else's code may raise anything."""
    async with single(Answers(ZeroDivisionError("words of a document")), Timed()) as agent:
        end = await end_of(agent, Task(question="?", mode="single"))
    assert end.state == "answered"
    assert ROSES in end.answer
    assert [step.error for step in end.steps] == [None, "Single agent failed while answering (ZeroDivisionError)."]


async def test_what_was_made_ready_first_takes_no_time_from_the_answer() -> None:
    """However long the knowledge was read: the deadline begins after that, for writing as for all else."""
    aggregator = Timed()
    async with single(Answers(), aggregator, clock=(1000.0, 1000.0, 5000.0)) as agent:
        await end_of(agent, Task(question="?", mode="single"))
    (given,) = aggregator.given
    assert given > RunSettings().deadline_seconds / 2


@pytest.mark.parametrize("halted", [False, True])
async def test_what_is_just_being_taken_in_can_be_stopped(halted: bool) -> None:
    """On a slow disk it takes a while until it is noted, and its page has a button to stop it already."""
    keeper = SlowKeeper()
    task = Task(question="?", mode="single")
    async with single(Answers(silent=True), Timed(), keeper=keeper) as agent:
        asking = asyncio.create_task(agent.submit(task))
        await keeper.told.wait()
        stopping = asyncio.create_task(agent.halt() if halted else agent.cancel(task))
        await asyncio.sleep(0)  # It begins to stop.
        keeper.goes_on.set()
        await asyncio.gather(asking, stopping)
        ending = await agent.log.ending(task.id, "local")
    assert ending is not None
    assert ending.result.state == "cancelled"
    assert keeper.kept == [task.id]


async def test_what_is_just_being_taken_in_is_taken_in_once() -> None:
    """However often it comes meanwhile."""
    keeper, task = SlowKeeper(), Task(question="?", mode="single")
    async with single(Answers(), Timed(), keeper=keeper) as agent:
        asking = asyncio.create_task(agent.submit(task))
        await keeper.told.wait()
        with pytest.raises(AskedBefore):
            await agent.submit(task)
        keeper.goes_on.set()
        await asking
