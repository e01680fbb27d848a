"""Takes over what ends: one process of a data folder at a time, the next one as soon as that is gone."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

from history.errors import HistoryError
from history.history import History
from knowledge.lock import FolderLock
from orchestration.endings import FIRST, Ended, Ending, ahead
from orchestration.errors import EngineUnavailable
from orchestration.messages import Recorded, Task

log = logging.getLogger(__name__)

LOCK = "history.lock"
LOOK_SECONDS = 1.0
"""Whether the process that keeps is gone is looked for this often, and whether there is something to forget."""
TELL_SECONDS = 5.0
"""Redis is told how far the history is this often: each time costs it a write."""
CLEAN_SECONDS = 3_600.0
DAY_SECONDS = 86_400.0
FORGET_AT_ONCE = 500
MOST_WAITING = 500
"""Runs of the single agent that wait for a history that cannot be written; of more, the oldest are lost to it."""


class Keeper:
    """Keeps in a history what ends in Redis and in this process; `orchestration.keeping.Keeper` as it is meant.

    A run is in the history before its events may expire: Redis knows the history, and waits for it. How far it is
    stands in the history itself, written together with the runs, so that each is kept exactly once.
    """

    def __init__(self, history: History, *, days: float | None = None, clock: Callable[[], float] = time.time) -> None:
        """`days`: a conversation in which nothing has happened for so long is deleted."""
        self._history = history
        self._days = days
        self._clock = clock
        self._lock = FolderLock(history.folder / LOCK)
        self._waiting: dict[str, Sequence[Recorded]] = {}
        """Runs of this process that could not be kept yet."""
        self._deleted_old = 0.0
        """When old conversations were last looked for, by the event loop's clock."""

    async def accepted(self, task: Task) -> None:
        try:
            await self._history.answering.begin(task.id)
            await self._history.note(task)
        except HistoryError as error:
            log.warning("run %s is not noted: %s", task.id, error)

    async def ended(self, events: Sequence[Recorded]) -> None:
        self._waiting[events[0].event.run] = events
        await self._keep_waiting()
        while len(self._waiting) > MOST_WAITING:
            lost = next(iter(self._waiting))
            log.error("run %s is not kept: too many wait for the history", lost)
            await self._no_longer_waits(lost)

    async def follow(self, ended: Ended) -> None:
        while True:
            try:
                await self._take_part(ended)
            except (HistoryError, EngineUnavailable) as error:
                log.warning("the history waits: %s", error)
            except Exception:
                # The boundary of this loop: what is not kept now waits in Redis, and answering goes on.
                log.exception("the history waits")
            await asyncio.sleep(LOOK_SECONDS)

    async def _take_part(self, ended: Ended) -> None:
        """Keep for as long as nobody else does; comes back when it is somebody else's turn."""
        held = await asyncio.to_thread(self._lock.acquire_at_once)
        if held is None:
            return
        async with AsyncExitStack() as stack:
            stack.callback(held.release)
            bell = stack.enter_context(ended.bell())
            name, _ = await self._history.identity()
            await self._history.answering.tidy()
            await self._begin(ended, name)
            # Whoever leaves says how far it was, so that nothing waits for the next one.
            stack.push_async_callback(self._tell, ended, name)
            told, told_at = "", 0.0
            while True:
                await self._keep_waiting()
                cursor = await self._keep_new(ended)
                await self._forget(ended, name)
                await self._delete_old()
                now = asyncio.get_running_loop().time()
                # Also without news, so that Redis goes on waiting for this history.
                if now - told_at >= (TELL_SECONDS if cursor != told else 60 * TELL_SECONDS):
                    await ended.past(name, cursor)
                    told, told_at = cursor, now
                await self._until_news(bell)

    async def _tell(self, ended: Ended, name: str) -> None:
        try:
            _, cursor = await self._history.identity()
            await ended.past(name, cursor)
        except (HistoryError, EngineUnavailable) as error:
            log.info("Redis is not told how far the history is: %s", error)

    async def _begin(self, ended: Ended, name: str) -> None:
        """Let Redis know this history. One that did not may have runs of which it was never told, and so has one that
        is told of an older copy of this file: what came later was kept in the one that is gone.
        """
        _, cursor = await self._history.identity()
        told = await ended.told(name)
        if not told:
            cursor = FIRST
        look = not told or ahead(told, cursor) or await self._history.misses()
        if look:
            await self._history.begin_looking()
        # From now on nothing that ends expires unseen.
        await ended.past(name, cursor)
        await self._history.keep_up_to(cursor, [])
        if look:
            await self._look_through(ended, cursor)
            await self._history.looked()

    async def _look_through(self, ended: Ended, cursor: str) -> None:
        """Take over whatever Redis has and is missing here."""
        async for runs in ended.all_ended():
            missing = sorted(set(runs) - await self._history.kept(runs))
            for start in range(0, len(missing), 50):
                await self._history.keep_up_to(cursor, await self._whole(ended, missing[start : start + 50]))

    async def _keep_new(self, ended: Ended) -> str:
        """Everything that ended since, in batches; returns how far the history is then."""
        _, cursor = await self._history.identity()
        while news := await ended.after(cursor):
            await self._keep(ended, news)
            cursor = news[-1].place
        return cursor

    async def _keep(self, ended: Ended, news: Sequence[Ending]) -> None:
        for one in news:
            if one.gone is not None:
                await self._history.delete_as(one.gone)
        runs = [one.run for one in news if one.run]
        await self._history.keep_up_to(news[-1].place, await self._whole(ended, runs))

    async def _whole(self, ended: Ended, runs: Sequence[str]) -> list[list[Recorded]]:
        """Their events; one that is not there any more was forgotten, or had expired. One that another version of the
        program wrote is there and cannot be read, and the history remembers that it misses something.
        """
        found = await ended.events(runs)
        return [events for events in found if events is not None]

    async def _keep_waiting(self) -> None:
        """What ended in this process; a history that cannot be written gets it later."""
        for run, events in list(self._waiting.items()):
            try:
                await self._history.keep(events)
            except HistoryError as error:
                log.warning("run %s is not kept yet: %s", run, error)
                return
            await self._no_longer_waits(run)

    async def _no_longer_waits(self, run: str) -> None:
        self._waiting.pop(run, None)
        # Until now other processes took it for one that goes on.
        await self._history.answering.end(run)

    async def _forget(self, ended: Ended, name: str) -> None:
        """What was deleted leaves Redis, too; a run that goes on is stopped."""
        self._history.unforgotten.clear()
        while found := await self._history.to_forget(FORGET_AT_ONCE):
            for gone, runs in found.items():
                await ended.forget(gone, runs, by=name)
                await self._history.forgotten(runs)

    async def _delete_old(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._days is None or (self._deleted_old and now - self._deleted_old < CLEAN_SECONDS):
            return
        self._deleted_old = now
        count = await self._history.delete_old(self._clock() - self._days * DAY_SECONDS)
        if count:
            log.info("%d conversations in which nothing had happened for %g days were deleted", count, self._days)

    async def _until_news(self, bell: asyncio.Event) -> None:
        """Something ended, or something else may have to be done."""
        waits = [asyncio.ensure_future(bell.wait()), asyncio.ensure_future(self._history.unforgotten.wait())]
        try:
            await asyncio.wait(waits, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        bell.clear()
