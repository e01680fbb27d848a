"""Small runs that have ended, without anybody who answered them."""

from orchestration.messages import Accepted, Answer, Recorded, RunState, Task, TaskResult

ROSES, BREAD = "When do I prune my roses?", "How long does rye bread bake?"


def asked(id: str, question: str = ROSES, *, at: float = 100.0, conversation: str = "garden", **more: str) -> Task:
    given = {"person": "ada", **more}
    return Task.model_validate({"id": id, "question": question, "conversation": conversation, "asked_at": at, **given})


def ended(task: Task, answer: str = "In March.", state: RunState = "answered") -> list[Recorded]:
    """All events of a run that was answered a second after it was asked."""
    result = TaskResult(task=task.id, mode=task.mode, state=state, answer=answer)
    return [
        Recorded(id="1-0", at=task.asked_at, event=Accepted(run=task.id, task=task)),
        Recorded(id="2-0", at=task.asked_at + 1, event=Answer(run=task.id, result=result)),
    ]
