"""A run's events as lines for somebody who waits at a terminal."""

from collections.abc import Callable, Mapping

from agents import Agent
from orchestration.messages import (
    Aggregating,
    AnyEvent,
    ConflictFound,
    Failed,
    Finished,
    Planned,
    Preparing,
    Restarted,
    Selected,
    Started,
    Waiting,
)

_SHARES = 10
"""A long preparation is told in this many lines at most."""


class Progress:
    """Tells each event that means something to a person; tokens and passages come with the answer."""

    def __init__(self, agents: Mapping[str, Agent], tell: Callable[[str], None]) -> None:
        self._agents = agents
        self._tell = tell
        self._share = -1

    def show(self, event: AnyEvent) -> None:
        """Tell about one event, or keep silent."""
        if isinstance(event, Preparing):
            self._preparing(event)
        elif isinstance(event, Waiting):
            wait = "" if event.seconds is None else f", about {event.seconds:.0f} s"
            self._tell(f"Waiting: {event.ahead} before this one{wait}")
        elif isinstance(event, Selected):
            chosen = [f"{self._title(each.agent)} {each.score:.2f}" for each in event.selection.chosen()]
            self._tell(f"Asking {', '.join(chosen) or 'nobody'}")
        elif isinstance(event, Planned):
            count = len(event.plan.steps)
            waiting = sum(bool(step.depends_on) for step in event.plan.steps)
            after = f", {waiting} of them after others" if waiting else ""
            self._tell(f"Planned {count} step{'s'[: count != 1]}{after}")
        elif isinstance(event, Started):
            self._tell(f"{self._title(event.agent)} started")
        elif isinstance(event, Restarted):
            self._tell(f"{self._title(event.agent)} starts again: its worker went away")
        elif isinstance(event, Finished):
            found = "answered" if event.result.state == "answered" else "found nothing"
            self._tell(f"{self._title(event.result.agent)} {found} after {event.result.seconds:.1f} s")
        elif isinstance(event, Failed):
            self._tell(f"{self._title(event.result.agent)} failed: {event.result.error or 'no reason was given'}")
        elif isinstance(event, Aggregating):
            self._tell(f"Putting together what {event.answered} of {event.asked} steps found")
        elif isinstance(event, ConflictFound):
            self._tell(f"Two sources disagree: {event.conflict.settled}")

    def _preparing(self, event: Preparing) -> None:
        share = event.done * _SHARES // event.total if event.total else 0
        if share > self._share:
            self._share = share
            figures = f" ({event.done} of {event.total} passages)" if event.total else ""
            self._tell(f"{event.text}{figures}")

    def _title(self, name: str) -> str:
        return self._agents[name].title if name in self._agents else name.replace("_", " ").capitalize()
