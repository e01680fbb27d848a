"""A run as one JSON document, made from nothing but its events."""

import re
from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import BaseModel

from agents import Note, Usage
from orchestration.messages import (
    Accepted,
    Answer,
    AnyEvent,
    Citation,
    CoordinationPlan,
    Failed,
    Finished,
    Mode,
    Planned,
    Restarted,
    RunState,
    Selected,
    Selection,
    Started,
    StepResult,
    StepState,
    TaskResult,
)

_CITED = re.compile(r"\[(\d+|uncited|unsupported)\]\(#(?:cite|mark)-[^)\s]*\)")


class ChosenAgent(BaseModel, frozen=True):
    agent: str
    score: float
    scores: dict[str, float]
    reason: str


class PlannedStep(BaseModel, frozen=True):
    id: str
    agent: str
    question: str
    depends_on: tuple[str, ...]


class Plan(BaseModel, frozen=True):
    steps: tuple[PlannedStep, ...] = ()


class FoundPassage(BaseModel, frozen=True):
    source: str
    page: int | None
    section: str
    score: float
    text: str


class StepReport(BaseModel, frozen=True):
    """What became of a step; one that never ended is `waiting` or `running`."""

    id: str
    agent: str
    question: str
    state: StepState
    text: str = ""
    passages: tuple[FoundPassage, ...] = ()
    seconds: float = 0.0
    error: str | None = None
    usage: tuple[Usage, ...] = ()
    note: Note | None = None


class CitedSource(BaseModel, frozen=True):
    number: int
    agent: str
    source: str
    page: int | None
    section: str
    quote: str


class Seconds(BaseModel, frozen=True):
    total: float
    coordination: float


class AskDocument(BaseModel, frozen=True):
    """Everything that `roundtable ask --json` prints."""

    task_id: str
    mode: Mode
    state: RunState
    selection: tuple[ChosenAgent, ...]
    plan: Plan
    steps: tuple[StepReport, ...]
    answer: str
    citations: tuple[CitedSource, ...]
    conflicts: tuple["SettledConflict", ...]
    seconds: Seconds
    model: str = ""
    """The language model that was wished."""
    planned_by: str = ""
    """The language model that chose and divided."""
    usage: tuple[Usage, ...] = ()
    """Of the whole run, by language model."""
    notes: tuple[Note, ...] = ()
    """What was done without a language model although one was to do it."""
    reason: str = ""
    """Why it ended without an answer, in one sentence."""


class SettledConflict(BaseModel, frozen=True):
    subject: str
    claims: tuple[str, ...]
    numbers: tuple[int, ...]
    settled: str


def document(events: Iterable[AnyEvent]) -> AskDocument:
    """The document of a run that has ended; of several selections, plans or results of a step the last one counts.

    Raises ValueError for events without an Answer.
    """
    selection: Selection | None = None
    plan = CoordinationPlan(steps=())
    states: dict[str, Literal["running"]] = {}
    results: dict[str, StepResult] = {}
    answer: TaskResult | None = None
    wished = ""
    for event in events:
        if isinstance(event, Accepted):
            wished = event.task.model
        elif isinstance(event, Selected):
            selection = event.selection
        elif isinstance(event, Planned):
            plan = event.plan
        elif isinstance(event, Started | Restarted):
            states[event.step] = "running"
        elif isinstance(event, Finished | Failed):
            results[event.result.step] = event.result
        elif isinstance(event, Answer):
            answer = event.result
    if answer is None:
        raise ValueError("the run has not ended")
    results |= {result.step: result for result in answer.steps}
    return AskDocument(
        task_id=answer.task,
        mode=answer.mode,
        state=answer.state,
        selection=_chosen(selection),
        plan=Plan(steps=tuple(PlannedStep.model_validate(step.model_dump()) for step in plan.steps)),
        steps=_steps(plan, states, results),
        answer=plain_citations(answer.answer),
        citations=tuple(_cited(citation) for citation in answer.citations),
        conflicts=tuple(SettledConflict.model_validate(c.model_dump()) for c in answer.conflicts),
        seconds=Seconds(total=answer.total_seconds, coordination=answer.coordination_seconds),
        model=wished,
        planned_by=selection.planned_by if selection is not None else "",
        usage=answer.usage,
        notes=answer.notes,
        reason=answer.reason,
    )


def plain_citations(answer: str) -> str:
    """`[1]` for the links to the sources, `[uncited]` for marks: they lead nowhere outside the chat page."""
    return _CITED.sub(r"[\1]", answer)


def _chosen(selection: Selection | None) -> tuple[ChosenAgent, ...]:
    chosen = selection.chosen() if selection else ()
    return tuple(
        ChosenAgent(agent=each.agent, score=each.score, scores=each.scores, reason=each.reason) for each in chosen
    )


def _steps(
    plan: CoordinationPlan, states: Mapping[str, Literal["running"]], results: Mapping[str, StepResult]
) -> tuple[StepReport, ...]:
    reports = []
    for step in plan.steps:
        result = results.get(step.id)
        if result is None:
            state: StepState = states.get(step.id, "waiting")
            reports.append(StepReport(id=step.id, agent=step.agent, question=step.question, state=state))
        else:
            reports.append(_report(result))
    return tuple(reports)


def _report(result: StepResult) -> StepReport:
    passages = tuple(
        FoundPassage(source=p.source, page=p.page, section=p.section, score=p.score, text=p.text)
        for p in result.passages
    )
    return StepReport(
        id=result.step,
        agent=result.agent,
        question=result.question,
        state=result.state,
        text=plain_citations(result.text),
        passages=passages,
        seconds=result.seconds,
        error=result.error,
        usage=result.usage,
        note=result.note,
    )


def _cited(citation: Citation) -> CitedSource:
    passage = citation.passage
    return CitedSource(
        number=citation.number,
        agent=citation.agent,
        source=passage.source,
        page=passage.page,
        section=passage.section,
        quote=citation.quote,
    )
