"""A plan as a person has edited it: checked, and put in the place of the one that was offered. Pure.

The steps' order is the order in which the answer treats what they ask, and one in which they can run: a step may only
wait for steps that stand before it. Steps that ask the same are one part of the answer.
"""

from collections.abc import Container, Mapping, Sequence
from typing import Protocol

from agents import AgentRegistry
from orchestration.approvals import Proposal
from orchestration.asking import tidy
from orchestration.errors import (
    AgentAway,
    AgentGone,
    AsksTheSame,
    EmptyPlan,
    InvalidTask,
    TooManyQuestions,
    UnaskableStep,
    WaitsForLater,
)
from orchestration.messages import (
    AgentScore,
    CoordinationPlan,
    Message,
    PartSelection,
    PlanStep,
)
from orchestration.splitting import MOST_PARTS

ADDED, TAKEN_OUT = "You added it to the plan.", "You took it out of the plan."


class EditedStep(Message):
    """A step as the person left it."""

    agent: str
    question: str
    after: tuple[int, ...] = ()
    """The numbers of the steps whose findings it waits for; the first step is number 1."""


class PlanEdit(Message):
    """The whole plan, in the person's order."""

    steps: tuple[EditedStep, ...]


class Staffing(Protocol):
    """What is looked at of how an agent is doing; `presence.AgentHealth` is one."""

    @property
    def workers(self) -> int: ...


def unedited(plan: CoordinationPlan) -> PlanEdit:
    """The plan as it stands."""
    numbers = {step.id: number for number, step in enumerate(plan.steps, 1)}
    return PlanEdit(
        steps=tuple(
            EditedStep(agent=s.agent, question=s.question, after=tuple(numbers[id] for id in s.depends_on))
            for s in plan.steps
        )
    )


def edited(
    offered: Proposal, edit: PlanEdit, registry: AgentRegistry, staffing: Mapping[str, Staffing]
) -> tuple[Proposal, bool]:
    """What is to run instead, and whether it differs from what was offered.

    Raises InvalidPlan with one sentence for the person; nothing is written then.
    """
    steps = tuple(_tidied(number, step) for number, step in enumerate(edit.steps, 1))
    _check(steps, registry, staffing)
    if steps == unedited(offered.plan).steps:
        return offered, False
    before = {_same(part.question): part for part in offered.selection.parts}
    asked: dict[str, list[EditedStep]] = {}
    for step in steps:
        asked.setdefault(_same(step.question), []).append(step)
    if len(asked) > MOST_PARTS:
        raise TooManyQuestions(len(asked), MOST_PARTS)
    order = _with_unanswered(list(asked), offered)
    parts = {key: _part(before.get(key), asked.get(key, ())) for key in order}
    plan = _plan(steps, order, before, offered.selection.prefers)
    selection = offered.selection.model_copy(update={"parts": _building_on(parts, plan)})
    return Proposal(selection, plan), True


def _tidied(number: int, step: EditedStep) -> EditedStep:
    try:
        question = tidy(step.question)
    except InvalidTask as error:
        raise UnaskableStep(number, error) from error
    return step.model_copy(update={"question": question, "after": tuple(sorted(set(step.after)))})


def _check(steps: Sequence[EditedStep], registry: AgentRegistry, staffing: Mapping[str, Staffing]) -> None:
    if not steps:
        raise EmptyPlan
    # That nobody at all was seen alive says that the signs of life are late.
    seen = any(one.workers for one in staffing.values())
    first: dict[tuple[str, str], int] = {}
    for number, step in enumerate(steps, 1):
        if step.agent not in registry:
            raise AgentGone(number, step.agent)
        title = registry[step.agent].title
        if seen and not (step.agent in staffing and staffing[step.agent].workers):
            raise AgentAway(number, title)
        if any(not 1 <= other < number for other in step.after):
            raise WaitsForLater(number)
        same = first.setdefault((step.agent, _same(step.question)), number)
        if same != number:
            raise AsksTheSame(same, number, title)


def _same(question: str) -> str:
    """Questions that differ in nothing but this are one."""
    return " ".join(question.split()).casefold()


def _with_unanswered(asked: list[str], offered: Proposal) -> list[str]:
    """The parts in their order; one for which nobody was close enough keeps its place, so that the answer says so."""
    answered = {step.part for step in offered.plan.steps}
    for number, part in enumerate(offered.selection.parts):
        if number not in answered and _same(part.question) not in asked:
            asked.insert(min(number, len(asked)), _same(part.question))
    return asked


def _part(before: PartSelection | None, steps: Sequence[EditedStep]) -> PartSelection:
    """The choice for one part as the person made it."""
    if before is None:
        scores = tuple(_by_name(step.agent) for step in steps)
        question = steps[0].question
        return PartSelection(question=question, heading=" ".join(question.split()), agents=scores)
    chosen = [step.agent for step in steps]
    known = tuple(_chosen_now(score, chosen) for score in before.agents)
    added = tuple(_by_name(name) for name in chosen if name not in {score.agent for score in known})
    agents = sorted((*known, *added), key=lambda score: not score.chosen)
    return before.model_copy(update={"agents": tuple(agents)})


def _by_name(agent: str) -> AgentScore:
    return AgentScore(agent=agent, score=1.0, scores={"mention": 1.0}, reason=ADDED, chosen=True)


def _chosen_now(score: AgentScore, chosen: Container[str]) -> AgentScore:
    now = score.agent in chosen
    if now == score.chosen:
        return score
    return score.model_copy(update={"chosen": now, "reason": ADDED if now else TAKEN_OUT, "left_out": ""})


def _plan(
    steps: Sequence[EditedStep],
    order: Sequence[str],
    before: Mapping[str, PartSelection],
    prefers: tuple[str, ...],
) -> CoordinationPlan:
    made = []
    for number, step in enumerate(steps, 1):
        key = _same(step.question)
        vector = before[key].vector if key in before and not step.after else ""
        needs = tuple(f"s{other}" for other in step.after)
        part = order.index(key)
        made.append(
            PlanStep(
                id=f"s{number}",
                agent=step.agent,
                question=step.question,
                part=part,
                depends_on=needs,
                vector=vector,
                prefers=prefers,
            )
        )
    return CoordinationPlan(steps=tuple(made))


def _building_on(parts: Mapping[str, PartSelection], plan: CoordinationPlan) -> tuple[PartSelection, ...]:
    """Each part with those that it waits for, as the plan has it."""
    found = []
    for number, part in enumerate(parts.values()):
        needs = [plan.step(id).part for step in plan.steps if step.part == number for id in step.depends_on]
        others = tuple(dict.fromkeys(need for need in needs if need != number))
        builds_on = others[0] if others else None
        found.append(part.model_copy(update={"builds_on": builds_on, "further": others[1:]}))
    return tuple(found)
