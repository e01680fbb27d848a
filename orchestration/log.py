"""A run's log as its readers see it, and the one that lives in this process.

Whoever shows a run (the chat's first view, a reload, a second window, the command line) reads it from here.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from orchestration.errors import UnknownRun
from orchestration.messages import Accepted, Answer, AnyEvent, Recorded, Selected, Selection, Task, TaskResult

Standing = Literal["waiting", "at work", "awaiting approval", "ended"]
"""Where a run is on its way: waiting is for a place."""


@dataclass(frozen=True)
class Ending:
    """How a run ended, and who was chosen for it and why; None where it ended before that."""

    selection: Selection | None
    result: TaskResult


class RunLog(Protocol):
    """Where events of runs are read."""

    def follow(self, run: str, *, person: str, after: str = "") -> AsyncIterator[Recorded]:
        """Every event from the start, or after an id, then live, until the run's answer.

        Raises UnknownRun when there is no such run for this person.
        """
        ...

    async def runs(self, person: str, conversation: str, beside: Collection[str] = ()) -> list[str]:
        """The runs of one chat thread, in order, without those of `beside`, which nobody is asked for."""
        ...

    async def task(self, run: str, person: str) -> Task:
        """What was asked; raises UnknownRun."""
        ...

    async def ending(self, run: str, person: str) -> Ending | None:
        """What came of a run; None while it goes on. Raises UnknownRun."""
        ...


def ending_of(events: Iterable[AnyEvent]) -> Ending | None:
    """From all the events of a run."""
    selection = None
    for event in events:
        if isinstance(event, Selected):
            selection = event.selection
        elif isinstance(event, Answer):
            return Ending(selection, event.result)
    return None


class MemoryLog:
    """The log of runs that live and die with this process."""

    def __init__(self, keep: int = 500, clock: Callable[[], float] = time.time) -> None:
        self._keep = keep
        self._clock = clock
        self._runs: OrderedDict[str, list[Recorded]] = OrderedDict()
        self._grown = asyncio.Condition()

    async def append(self, event: AnyEvent) -> None:
        """Add an event; ended runs beyond `keep` are forgotten, oldest first."""
        async with self._grown:
            events = self._runs.setdefault(event.run, [])
            events.append(Recorded(id=f"{len(events) + 1}-0", at=self._clock(), event=event))
            while len(self._runs) > self._keep and self.ended(next(iter(self._runs))):
                self._runs.popitem(last=False)
            self._grown.notify_all()

    def __contains__(self, run: str) -> bool:
        return run in self._runs

    def ended(self, run: str) -> bool:
        """Whether the run's last event is its answer."""
        return isinstance(self._runs[run][-1].event, Answer)

    async def follow(self, run: str, *, person: str, after: str = "") -> AsyncGenerator[Recorded, None]:
        await self.task(run, person)
        position, events = int(after.partition("-")[0] or 0), self._runs[run]
        while True:
            async with self._grown:
                while len(events) <= position:
                    await self._grown.wait()
                fresh = events[position:]
            for recorded in fresh:
                yield recorded
                if isinstance(recorded.event, Answer):
                    return
            position += len(fresh)

    async def task(self, run: str, person: str) -> Task:
        events = self._runs.get(run)
        first = events[0].event if events else None
        if not isinstance(first, Accepted) or first.task.person != person:
            raise UnknownRun("There is no such run.")
        return first.task

    async def ending(self, run: str, person: str) -> Ending | None:
        await self.task(run, person)
        return ending_of(recorded.event for recorded in self._runs[run])

    async def runs(self, person: str, conversation: str, beside: Collection[str] = ()) -> list[str]:
        tasks = [task for task in self._tasks(person) if task.conversation == conversation]
        return [task.id for task in tasks if task.id not in beside]

    def events(self, run: str) -> tuple[Recorded, ...]:
        """Everything of a run so far."""
        return tuple(self._runs[run])

    def forget(self, run: str) -> None:
        """An ended run, or one that is not there; one that goes on stays."""
        if run in self._runs and self.ended(run):
            del self._runs[run]

    def _tasks(self, person: str) -> list[Task]:
        first = (events[0].event for events in self._runs.values())
        return [event.task for event in first if isinstance(event, Accepted) and event.task.person == person]
