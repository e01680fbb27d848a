"""A task's budget is divided before anything is asked: whatever is done with the shares, it is never exceeded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents import Budget
from orchestration.messages import CoordinationPlan, PlanStep, Task, Turn
from orchestration.terms import PLANNING, WRITING, share_of, terms_of, within

TASK = Task(question="?")
WHOLE = Budget(calls=40, tokens=150_000, seconds=120.0)


def plan(*needs: tuple[int, ...]) -> CoordinationPlan:
    """A step for each, which waits for the steps of these numbers."""
    return CoordinationPlan(
        steps=tuple(
            PlanStep(id=f"s{number}", agent="garden", question="?", depends_on=tuple(f"s{other}" for other in others))
            for number, others in enumerate(needs, 1)
        )
    )


@given(
    calls=st.integers(0, 100),
    tokens=st.integers(0, 1_000_000),
    needs=st.lists(st.integers(0, 14), min_size=1, max_size=15),
)
def test_the_shares_are_never_more_than_the_whole(calls: int, tokens: int, needs: list[int]) -> None:
    """Planning, every step, and writing together."""
    whole = Budget(calls=calls, tokens=tokens, seconds=120.0)
    steps = plan(*((need,) if 0 < need < number else () for number, need in enumerate(needs, 1)))
    planning, writing = share_of(whole, PLANNING), share_of(whole, WRITING)
    step = terms_of(TASK, steps, whole, step_seconds=1_000.0).budget
    assert planning.calls + writing.calls + len(needs) * step.calls <= calls
    assert planning.tokens + writing.tokens + len(needs) * step.tokens <= tokens
    assert planning.seconds + writing.seconds + steps.depth * step.seconds <= 120.0 + 1e-9


@pytest.mark.parametrize(
    ("needs", "depth"),
    [((), 1), (((), ()), 1), (((), (1,)), 2), (((), (1,), (1,), (2, 3)), 3)],
)
def test_steps_that_wait_for_one_another_share_the_time(needs: tuple[tuple[int, ...], ...], depth: int) -> None:
    """Those that work at the same time do not."""
    steps = plan(*needs)
    assert steps.depth == depth
    assert terms_of(TASK, steps, WHOLE, 1_000.0).budget.seconds == pytest.approx(72.0 / depth)


def test_one_agent_works_on_one_step_after_the_other() -> None:
    terms = terms_of(TASK, plan((), (), ()), WHOLE, 1_000.0, one_by_one=True)
    assert terms.budget.seconds == pytest.approx(24.0)


def test_a_step_keeps_time_to_answer_without_a_model() -> None:
    """Of its own time, and of what is left of it when it is begun late."""
    terms = terms_of(TASK, plan(()), WHOLE, step_seconds=60.0)
    assert terms.budget.seconds == pytest.approx(45.0)
    assert within(terms, 60.0) is terms
    assert within(terms, 20.0).budget.seconds == pytest.approx(15.0)
    assert within(terms, -1.0).budget.seconds == 0.0
    assert within(terms, 20.0).budget.calls == terms.budget.calls


def test_a_task_that_is_in_a_hurry_has_less_time() -> None:
    terms = terms_of(Task(question="?", deadline_seconds=10.0), plan(()), WHOLE, 60.0)
    assert terms.budget.seconds == pytest.approx(6.0)


def test_the_wish_and_the_conversation_go_along() -> None:
    task = Task(question="And when?", model="openai:x", context=(Turn(question="What?", points=("This.", "That.")),))
    terms = terms_of(task, plan(()), WHOLE, 60.0)
    assert terms.model == "openai:x"
    assert [(said.question, said.answer) for said in terms.conversation] == [("What?", "This. That.")]
