"""One log for whoever shows conversations: what has ended comes from the history, everything else live.

A run that is kept is read from the file and nobody else is asked for it, so old conversations are there while Redis
is away. At the moment at which a live run is taken over nothing is seen: its events are the same.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import contextmanager
from typing import Protocol

from history.history import History
from history.records import Run
from orchestration.endings import order
from orchestration.errors import EngineUnavailable, UnknownRun
from orchestration.log import Ending, RunLog, ending_of
from orchestration.messages import Accepted, Answer, Recorded, Task, TaskResult
from orchestration.outage import Outage
from orchestration.trouble import AWAY

LOOK_SECONDS = 0.5
"""Whether another process has ended a run of its single agent is looked for this often."""
INTERRUPTED = "This was interrupted: the process that answered it is gone. Please ask again."


class LiveRuns(RunLog, Protocol):
    """Runs that go on, or that ended a moment ago; an orchestrator is one."""

    @property
    def outage(self) -> Outage | None: ...


class _Asking:
    """A question that is being taken in."""

    def __init__(self, person: str) -> None:
        self.person = person
        self.over = asyncio.Event()


class ConversationLog:
    """A RunLog over a history and what is live."""

    def __init__(self, history: History, live: LiveRuns) -> None:
        self._history = history
        self._live = live
        self._asking: dict[str, _Asking] = {}
        """By run."""

    @contextmanager
    def asking(self, task: Task) -> Iterator[None]:
        """As long as it is being asked, it is not interrupted, though nobody may know it (any more)."""
        asking = self._asking[task.id] = _Asking(task.person)
        try:
            yield
        finally:
            del self._asking[task.id]
            asking.over.set()

    @property
    def askers(self) -> frozenset[str]:
        """Whose questions are being taken in at the moment."""
        return frozenset(asking.person for asking in self._asking.values())

    @property
    def outage(self) -> Outage | None:
        return self._live.outage

    async def runs(self, person: str, conversation: str, beside: Collection[str] = ()) -> list[str]:
        noted = {run.task.id: run for run in await self._history.runs(person, conversation)}
        ended = {id for id, run in noted.items() if run.ended}
        live = await self._live.runs(person, conversation, beside={*beside, *ended})
        tasks = {id: run.task for id, run in noted.items()}
        for run in live:
            if run not in tasks:
                try:
                    tasks[run] = await self._live.task(run, person)
                except UnknownRun:
                    # Gone from there since it was listed: what was taken over is here, what was deleted nowhere.
                    kept = await self._history.run(run, person)
                    if kept is not None:
                        tasks[run] = kept.task
        deleted = await self._history.deleted_at(person, conversation)
        elsewhere = {id for id, run in noted.items() if id not in live and await self._goes_on_elsewhere(run)}
        there = {*ended, *live, *elsewhere}
        for id, task in tasks.items():
            if task.replaces and id not in there:
                # Interrupted; or it has ended since its conversation was read, and left the place where it went on.
                since = await self._history.run(id, person)
                there |= {id} if since is not None and since.ended else set()
        answering = [task for id, task in tasks.items() if id in there]
        replaced = {task.replaces for task in answering if task.replaces}
        # Of two that were to answer the same, one that was interrupted is not shown.
        left = {id for id, task in tasks.items() if id not in there and task.replaces in tasks}
        shown = [task for id, task in tasks.items() if id not in {*replaced, *left, *beside}]
        return [task.id for task in sorted(shown, key=lambda task: task.asked_at) if task.asked_at > deleted]

    async def task(self, run: str, person: str) -> Task:
        noted = await self._history.run(run, person)
        if noted is not None:
            return noted.task
        try:
            return await self._not_deleted(await self._live.task(run, person))
        except UnknownRun:
            return (await self._taken_over(run, person)).task

    async def ending(self, run: str, person: str) -> Ending | None:
        noted = await self._history.run(run, person)
        if noted is None or not noted.ended:
            try:
                if noted is None:
                    await self._not_deleted(await self._live.task(run, person))
                return await self._live.ending(run, person)
            except UnknownRun:
                noted = await self._taken_over(run, person)
        return ending_of(recorded.event for recorded in await self._history.events(run, person))

    async def _taken_over(self, run: str, person: str) -> Run:
        """A run that is not where it was live: it may have been taken over since. Raises UnknownRun."""
        noted = await self._history.run(run, person)
        if noted is None:
            raise UnknownRun("There is no such run.")
        return noted

    async def follow(self, run: str, *, person: str, after: str = "") -> AsyncIterator[Recorded]:
        noted = await self._history.run(run, person)
        while noted is None or not noted.ended:
            asking = self._asking.get(run)
            try:
                if noted is None:
                    await self._not_deleted(await self._live.task(run, person))
                async for recorded in self._followed(run, noted, person, after):
                    after = recorded.id
                    yield recorded
                return
            except UnknownRun:
                # Taken over, and gone from where it was, at this moment; or deleted; or noted and not yet taken in.
                if asking is not None:
                    await asking.over.wait()
                noted = await self._history.run(run, person)
                if noted is None:
                    raise
                if asking is None:
                    break
        if await self._goes_on_elsewhere(noted):
            asked = _asked(noted.task)
            if not after:
                yield asked
                after = asked.id
            noted = await self._ended_elsewhere(noted)
            kept = await self._history.events(run, person)
            # What was asked is told already, under an id of its own.
            after = kept[0].id if kept and after == asked.id else after
        for recorded in await self._history.events(run, person) if noted.ended else _interrupted(noted.task):
            if not after or order(recorded.id) > order(after):
                yield recorded

    async def _goes_on_elsewhere(self, noted: Run) -> bool:
        """Whether the single agent of another process of this data folder answers it."""
        return not noted.ended and noted.task.mode == "single" and await self._history.answering.goes_on(noted.task.id)

    async def _ended_elsewhere(self, noted: Run) -> Run:
        """How it is known when it has ended there, or that process is gone. Raises UnknownRun once it is deleted."""
        task = noted.task
        while True:
            going_on = await self._goes_on_elsewhere(noted)
            found = await self._history.run(task.id, task.person)
            if found is None:
                raise UnknownRun("There is no such run.")
            if found.ended or not going_on:
                return found
            await asyncio.sleep(LOOK_SECONDS)

    async def _followed(self, run: str, noted: Run | None, person: str, after: str) -> AsyncIterator[Recorded]:
        """The live run. What cannot be followed at the moment is at least the question."""
        if noted is not None and noted.task.mode == "council" and self._live.outage is None:
            yield _asked(noted.task)
            raise EngineUnavailable(AWAY)
        try:
            async for recorded in self._live.follow(run, person=person, after=after):
                after = recorded.id
                yield recorded
        except EngineUnavailable as error:
            if noted is not None and noted.task.mode == "single":
                # It is not in this process, so it is nowhere.
                raise UnknownRun("There is no such run.") from error
            if noted is not None and not after:
                yield _asked(noted.task)
            raise

    async def _not_deleted(self, task: Task) -> Task:
        if task.conversation and task.asked_at <= await self._history.deleted_at(task.person, task.conversation):
            raise UnknownRun("There is no such run.")
        return task


def _asked(task: Task) -> Recorded:
    return Recorded(id="0-1", at=task.asked_at, event=Accepted(run=task.id, task=task))


def _interrupted(task: Task) -> list[Recorded]:
    """How a run is told that nobody knows any more."""
    result = TaskResult(task=task.id, mode=task.mode, state="failed", reason=INTERRUPTED)
    return [_asked(task), Recorded(id="0-2", at=task.asked_at, event=Answer(run=task.id, result=result))]
