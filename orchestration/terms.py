"""How much of a task's budget is whose, and on what terms its steps are answered.

The budget is divided before anything is asked, so that no counter has to be shared by machines.
"""

from agents import Budget, Exchange, Terms
from orchestration.messages import CoordinationPlan, Task
from orchestration.settings import Settings

PLANNING, STEPS, WRITING = 0.15, 0.6, 0.25
"""Their shares of a task's budget."""
_FEWEST_CALLS = 2
"""One, and one more where it was no use."""
_LEFT = 0.25
"""The share of a step's time that is left for answering without a model."""


def task_budget(settings: Settings) -> Budget:
    """Of a whole task."""
    models = settings.models
    return Budget(calls=models.task_calls, tokens=models.task_tokens, seconds=settings.run.deadline_seconds)


def share_of(whole: Budget, share: float) -> Budget:
    calls = max(min(_FEWEST_CALLS, whole.calls), int(whole.calls * share))
    return Budget(calls=calls, tokens=int(whole.tokens * share), seconds=whole.seconds * share)


def terms_of(task: Task, plan: CoordinationPlan, whole: Budget, step_seconds: float) -> Terms:
    """The same for each step of the plan; a step may take `step_seconds`."""
    conversation = tuple(Exchange(question=turn.question, answer=" ".join(turn.points)) for turn in task.context)
    steps = share_of(whole, STEPS)
    count = max(1, len(plan.steps))
    budget = Budget(
        calls=max(min(_FEWEST_CALLS, steps.calls), steps.calls // count),
        tokens=steps.tokens // count,
        # Steps work at the same time.
        seconds=min(steps.seconds, step_seconds * (1 - _LEFT)),
    )
    return Terms(model=task.model, conversation=conversation, budget=budget)
