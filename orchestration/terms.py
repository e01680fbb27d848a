"""On what terms the steps of a task are answered."""

from agents import Exchange, Terms
from orchestration.messages import CoordinationPlan, Task


def terms_of(task: Task, plan: CoordinationPlan) -> Terms:
    """The same for each step of the plan."""
    conversation = tuple(Exchange(question=turn.question, answer=" ".join(turn.points)) for turn in task.context)
    return Terms(model=task.model, conversation=conversation)
