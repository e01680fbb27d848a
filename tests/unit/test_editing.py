"""A plan as a person has edited it: what becomes of it, and what is refused with which sentence."""

from dataclasses import dataclass

import pytest

from agents import Agent, AgentRegistry
from orchestration.approvals import Proposal
from orchestration.asking import MOST_CHARACTERS
from orchestration.editing import EditedStep, PlanEdit, edited, unedited
from orchestration.errors import InvalidPlan
from orchestration.messages import AgentScore, PartSelection, Selection
from orchestration.planning import make_plan

ROSES, BREAD, BOTH = "When do I prune roses?", "How long do I bake bread?", "Which of them is faster?"
REGISTRY = AgentRegistry(
    [
        Agent(name=name, title=name.capitalize(), description=f"Knows all about the {name}.")
        for name in ("garden", "kitchen")
    ]
)


@dataclass(frozen=True)
class Staff:
    workers: int


def part(question: str, *chosen: str, builds_on: int | None = None) -> PartSelection:
    agents = tuple(
        AgentScore(agent=name, score=0.5, scores={"knowledge": 0.5}, reason="Near.", chosen=name in chosen)
        for name in REGISTRY
    )
    return PartSelection(question=question, heading=question.upper(), agents=agents, builds_on=builds_on, vector="v")


def proposal(*parts: PartSelection) -> Proposal:
    selection = Selection(parts=parts, threshold=0.2)
    return Proposal(selection, make_plan(selection))


OFFERED = proposal(part(ROSES, "garden"), part(BREAD), part(BOTH, "garden", "kitchen", builds_on=0))
"""Nobody was close enough to the bread; the last part waits for the first."""


def run(*steps: EditedStep, offered: Proposal = OFFERED) -> Proposal:
    return edited(offered, PlanEdit(steps=steps), REGISTRY, {})[0]


def test_what_was_not_edited_stays_as_it_is() -> None:
    """The plan as it stands is no edit, whatever the page did to the space around a question."""
    assert edited(OFFERED, unedited(OFFERED.plan), REGISTRY, {}) == (OFFERED, False)
    steps = [step.model_copy(update={"question": f" {step.question}\n"}) for step in unedited(OFFERED.plan).steps]
    assert edited(OFFERED, PlanEdit(steps=tuple(steps)), REGISTRY, {}) == (OFFERED, False)


def test_the_order_is_the_answers_and_says_who_may_wait_for_whom() -> None:
    """Steps are numbered anew, parts follow them, and a part for which nobody was found keeps its place."""
    after = run(
        EditedStep(agent="kitchen", question=BOTH),
        EditedStep(agent="garden", question=ROSES, after=(1,)),
    )
    assert [p.question for p in after.selection.parts] == [BOTH, BREAD, ROSES]
    assert [p.builds_on for p in after.selection.parts] == [None, None, 0]
    assert [(s.id, s.part, s.depends_on, s.vector) for s in after.plan.steps] == [
        ("s1", 0, (), "v"),
        ("s2", 2, ("s1",), ""),
    ]


def test_a_part_may_wait_for_several() -> None:
    after = run(
        EditedStep(agent="garden", question=ROSES),
        EditedStep(agent="kitchen", question=BREAD),
        EditedStep(agent="garden", question=BOTH, after=(1, 2)),
    )
    assert [p.needs for p in after.selection.parts] == [(), (), (0, 1)]


def test_who_was_added_and_who_was_taken_out_is_told_with_the_choice() -> None:
    """Scores stay what they were; the reasons say that it was the person."""
    after = run(EditedStep(agent="kitchen", question=ROSES), EditedStep(agent="kitchen", question=BREAD))
    roses, bread = after.selection.parts
    assert [(a.agent, a.chosen, a.score, a.reason) for a in roses.agents] == [
        ("kitchen", True, 0.5, "You added it to the plan."),
        ("garden", False, 0.5, "You took it out of the plan."),
    ]
    assert [a.agent for a in bread.agents if a.chosen] == ["kitchen"]


def test_a_question_of_the_persons_own_is_a_part_of_its_own() -> None:
    """Its heading is the question; who asks the same, however it is spaced, answers the same part."""
    own = "How much  water do roses want?"
    after = run(
        EditedStep(agent="garden", question=own),
        EditedStep(agent="kitchen", question=own.replace("  ", " ").upper(), after=(1,)),
        offered=proposal(part(ROSES, "garden")),
    )
    (only,) = after.selection.parts
    assert (only.question, only.heading, only.builds_on) == (own, "How much water do roses want?", None)
    assert [(s.part, s.vector) for s in after.plan.steps] == [(0, ""), (0, "")]
    assert [(a.agent, a.scores) for a in only.agents] == [("garden", {"mention": 1.0}), ("kitchen", {"mention": 1.0})]


def test_a_follow_up_goes_on_with_the_documents_of_the_conversation() -> None:
    """Whatever of its plan is changed, also in steps that are new."""
    selection = Selection(parts=(part(ROSES, "garden"),), threshold=0.2, understood=ROSES, prefers=("roses.md",))
    offered = Proposal(selection, make_plan(selection))
    after = run(
        EditedStep(agent="kitchen", question=ROSES), EditedStep(agent="garden", question=BREAD), offered=offered
    )
    assert [step.prefers for step in after.plan.steps] == [("roses.md",), ("roses.md",)]
    assert (after.selection.understood, after.selection.prefers) == (ROSES, ("roses.md",))


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ((), "The plan is empty"),
        ((EditedStep(agent="attic", question=ROSES),), "Step 1: there is no agent “attic” any more"),
        ((EditedStep(agent="garden", question=" \n"),), "Step 1: The question is empty"),
        ((EditedStep(agent="garden", question="a" * (MOST_CHARACTERS + 1)),), "Step 1: The question has 8,001"),
        ((EditedStep(agent="garden", question="\x00\x01\x02\x03 a"),), "Step 1: The question looks like binary"),
        ((EditedStep(agent="garden", question=ROSES, after=(1,)),), "Step 1 can only wait for steps that stand before"),
        ((EditedStep(agent="garden", question=ROSES, after=(0,)),), "Step 1 can only wait"),
        (
            (EditedStep(agent="garden", question=ROSES, after=(2,)), EditedStep(agent="garden", question=BREAD)),
            "Step 1 can only wait for steps that stand before it",
        ),
        (
            (EditedStep(agent="garden", question=ROSES), EditedStep(agent="garden", question=f"{ROSES} ")),
            "Steps 1 and 2 ask Garden the same",
        ),
        (
            tuple(EditedStep(agent="garden", question=f"Number {number}?") for number in range(6)),
            "asks 6 different questions and may ask 5",
        ),
    ],
)
def test_a_plan_that_cannot_run_is_refused(steps: tuple[EditedStep, ...], said: str) -> None:
    """One sentence says what to change."""
    with pytest.raises(InvalidPlan, match=said):
        edited(proposal(part(ROSES, "garden")), PlanEdit(steps=steps), REGISTRY, {})


def test_an_agent_that_went_away_meanwhile_is_told_about() -> None:
    """Also where nothing was edited; that nobody at all was seen says nothing about one of them."""
    offered = proposal(part(ROSES, "garden"))
    with pytest.raises(InvalidPlan, match="Step 1: no worker runs Garden right now"):
        edited(offered, unedited(offered.plan), REGISTRY, {"garden": Staff(0), "kitchen": Staff(1)})
    assert edited(offered, unedited(offered.plan), REGISTRY, {"garden": Staff(0), "kitchen": Staff(0)})
