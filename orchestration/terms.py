"""How much of a task's budget is whose, and on what terms its steps are answered.

The budget is divided before anything is asked, so that no counter has to be shared by machines: whatever is done with
the shares, together they are never more than the whole.
"""

from agents import Budget, Exchange, Terms
from orchestration.messages import CoordinationPlan, Task
from orchestration.settings import Settings

PLANNING, WRITING = 0.15, 0.25
"""Their shares of a task's budget; the rest is for the steps."""
_LEFT = 0.25
"""The share of a step's time that is left for answering without a model."""


def task_budget(settings: Settings) -> Budget:
    """Of a whole task."""
    models = settings.models
    return Budget(calls=models.task_calls, tokens=models.task_tokens, seconds=settings.run.deadline_seconds)


def share_of(whole: Budget, share: float) -> Budget:
    calls, tokens = int(whole.calls * share), int(whole.tokens * share)
    return Budget(calls=calls, tokens=tokens, seconds=whole.seconds * share)


def terms_of(
    task: Task, plan: CoordinationPlan, whole: Budget, step_seconds: float, *, one_by_one: bool = False
) -> Terms:
    """The same for each step of the plan; a step may take `step_seconds`."""
    conversation = tuple(Exchange(question=turn.question, answer=" ".join(turn.points)) for turn in task.context)
    planning, writing = share_of(whole, PLANNING), share_of(whole, WRITING)
    seconds = min(whole.seconds, task.deadline_seconds or whole.seconds) * (1 - PLANNING - WRITING)
    count = max(1, len(plan.steps))
    budget = Budget(
        calls=(whole.calls - planning.calls - writing.calls) // count,
        tokens=(whole.tokens - planning.tokens - writing.tokens) // count,
        seconds=min(seconds / (count if one_by_one else plan.depth), step_seconds * (1 - _LEFT)),
    )
    return Terms(model=task.model, conversation=conversation, budget=budget)


def within(terms: Terms, seconds: float) -> Terms:
    """The same for a step that has so much time left, however late it was begun."""
    most = max(0.0, seconds) * (1 - _LEFT)
    if terms.budget.seconds <= most:
        return terms
    return terms.model_copy(update={"budget": terms.budget.model_copy(update={"seconds": most})})
