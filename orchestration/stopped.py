"""What language models had cost a council when it was stopped, from its events alone. Pure.

Its processes hear of Stop when it has ended already, so what they were in the middle of is estimated from what was
heard of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from agents import UnknownModel, Usage, together
from agents.models import Models
from agents.usage import estimated_tokens
from orchestration.messages import (
    Aggregating,
    AnyEvent,
    Failed,
    Finished,
    Planning,
    Restarted,
    Retrieved,
    Selected,
    Started,
    Task,
    Token,
)


@dataclass
class _Speaking:
    """A step, or the writing of the answer, that has not ended."""

    agent: str = ""
    read: int = 0
    said: int = 0
    """Characters."""

    def usage(self, task: Task, models: Models) -> Usage | None:
        """One call, of which pieces were heard; None where no model speaks, or none was heard."""
        try:
            model = models.of(task.model, self.agent)
        except UnknownModel:
            return None
        if model is None or not self.said:
            return None
        return _estimated(models, model.name, len(task.question) + self.read, self.said)


def _estimated(models: Models, model: str, read: int, said: int) -> Usage:
    """One call, of so many characters."""
    sent, heard = estimated_tokens(read), estimated_tokens(said) if said else 0
    cost = models.cost(model, sent, heard)
    return Usage(model=model, calls=1, tokens_in=sent, tokens_out=heard, estimated=True, cost=cost)


def spent_until(events: Iterable[AnyEvent], task: Task, models: Models) -> tuple[Usage, ...]:
    """By model: what planning and finished steps told, and what is going on."""
    told: list[Usage] = []
    planning: Planning | None = None
    speaking: dict[str, _Speaking] = {}
    found = 0
    for event in events:
        if isinstance(event, Planning):
            planning = event
        elif isinstance(event, Selected):
            planning = None
            told += event.selection.usage
        elif isinstance(event, Finished | Failed):
            told += event.result.usage
            found += len(event.result.text)
            speaking.pop(event.step, None)
        elif isinstance(event, Started | Restarted):
            speaking[event.step] = _Speaking(event.agent)
        elif isinstance(event, Aggregating):
            speaking[""] = _Speaking(read=found)
        elif isinstance(event, Retrieved) and event.step in speaking:
            speaking[event.step].read += sum(len(passage.text) for passage in event.passages)
        elif isinstance(event, Token) and event.step in speaking:
            speaking[event.step].said += len(event.text)
    if planning is not None:
        told += (*planning.usage, _estimated(models, planning.model, planning.read, 0))
    going_on = (one.usage(task, models) for one in speaking.values())
    return together((*told, *(usage for usage in going_on if usage is not None)))
