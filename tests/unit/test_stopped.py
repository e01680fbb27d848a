"""What language models had cost a council that was stopped: as its agents told, and estimated where they could not."""

import pytest

from agents import Usage
from agents.models import NO_MODEL, Models
from agents.models.scripted import ScriptedModel
from agents.models.settings import Price
from knowledge import Passage
from orchestration.messages import (
    Aggregating,
    AnyEvent,
    Finished,
    Planning,
    Restarted,
    Retrieved,
    Selected,
    Selection,
    Started,
    StepResult,
    Task,
    Token,
)
from orchestration.stopped import spent_until

MODEL = ScriptedModel("")
MODELS = Models({MODEL.name: MODEL}, default=MODEL.name, prices={MODEL.name: Price(tokens_in=1, tokens_out=2)})
TASK = Task(id="run", question="When are roses pruned?")
PLANNED = Usage(model=MODEL.name, calls=1, tokens_in=50, tokens_out=10, cost=0.00007)
ANSWERED = Usage(model=MODEL.name, calls=2, tokens_in=200, tokens_out=20, cost=0.00024)
PASSAGE = Passage(id="d#1", base="garden", document="d", source="roses.md", title="Roses", text="In March. " * 8)
SELECTED = Selected(run="run", selection=Selection(parts=(), threshold=0.3, usage=(PLANNED,)))


def started(step: str) -> list[AnyEvent]:
    """A step whose agent has read 80 characters and said 40."""
    return [
        Started(run="run", step=step, agent="garden", worker="here"),
        Retrieved(run="run", step=step, passages=(PASSAGE,)),
        Token(run="run", step=step, channel="reasoning", text="They are " * 2),
        Token(run="run", step=step, channel="answer", text="In March, in mild ones"),
    ]


def finished(step: str) -> Finished:
    found = StepResult(
        step=step, agent="garden", question="?", state="answered", text="In March. " * 4, usage=(ANSWERED,)
    )
    return Finished(run="run", step=step, result=found)


def test_what_planning_and_finished_steps_told_is_added_up() -> None:
    (usage,) = spent_until([SELECTED, *started("s1"), finished("s1")], TASK, MODELS)
    assert (usage.calls, usage.tokens_in, usage.tokens_out, usage.estimated) == (3, 250, 30, False)
    assert usage.cost == pytest.approx(0.00031)


def test_a_step_in_the_middle_is_estimated_from_what_it_read_and_said() -> None:
    (usage,) = spent_until([SELECTED, *started("s1")], TASK, MODELS)
    read, said = (len(TASK.question) + 80) // 4 + 1, 40 // 4 + 1
    assert (usage.calls, usage.tokens_in, usage.tokens_out, usage.estimated) == (2, 50 + read, 10 + said, True)
    assert usage.cost == pytest.approx((50 + read + 2 * (10 + said)) / 1e6)


def test_so_is_a_plan_from_what_the_model_was_sent() -> None:
    """Nothing is heard of it, so it counts as if nothing had been said; what was asked before for it is known."""
    repairing = Planning(run="run", model=MODEL.name, read=400, usage=(PLANNED,))
    (usage,) = spent_until([Planning(run="run", model=MODEL.name, read=300), repairing], TASK, MODELS)
    assert (usage.calls, usage.tokens_in, usage.tokens_out, usage.estimated) == (2, 50 + 400 // 4 + 1, 10, True)
    assert usage.cost == pytest.approx(0.00007 + (400 // 4 + 1) / 1e6)


def test_a_plan_that_is_there_tells_itself_what_it_cost() -> None:
    assert spent_until([Planning(run="run", model=MODEL.name, read=300), SELECTED], TASK, MODELS) == (PLANNED,)


def test_so_is_an_answer_that_is_being_written() -> None:
    """From what the agents found."""
    writing = Aggregating(run="run", answered=1, asked=1), Token(run="run", channel="answer", text="In March.")
    (usage,) = spent_until([*started("s1"), finished("s1"), *writing], TASK, MODELS)
    assert (usage.calls, usage.tokens_in - 200, usage.tokens_out - 20) == (3, (len(TASK.question) + 40) // 4 + 1, 3)


@pytest.mark.parametrize(
    "events",
    [
        started("s1")[:2],
        [*started("s1"), Restarted(run="run", step="s1", agent="garden", worker="there")],
    ],
    ids=["silent", "begun anew"],
)
def test_of_whom_nothing_was_heard_is_not_known_to_have_been_asked(events: list[AnyEvent]) -> None:
    assert spent_until(events, TASK, MODELS) == ()


@pytest.mark.parametrize("model", [NO_MODEL, "scripted:gone"])
def test_nothing_is_estimated_where_no_model_speaks(model: str) -> None:
    assert spent_until(started("s1"), TASK.model_copy(update={"model": model}), MODELS) == ()
