"""What one browser session sees of its thread: every run of it, from the start and live.

A first view, a page reload, a second window and a reconnected socket all come here and get the same.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Protocol

from agents.models import Models
from chat.changes import Emission
from chat.delivery import Delivery
from chat.detail import EVERYTHING
from chat.follower import Emit, Follower
from chat.handover import Handover
from chat.picture import Titles
from chat.refusal import refused
from chat.still import Still
from chat.usual import Usual
from chat.wire import Detail, Json
from chat.words import ENGLISH, Words
from history import Refusal
from orchestration.errors import RoundtableError, UnknownRun
from orchestration.log import RunLog
from orchestration.messages import TaskResult
from orchestration.outage import Outage

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 0.08
"""A browser draws about ten updates a second well, not hundreds."""
MOST_A_SECOND = 500
"""How many times a second windows are told of runs, all windows together."""


@dataclass(frozen=True)
class Window:
    """A browser session as the chat knows it: whose it is, which thread it shows and how to reach it."""

    id: str
    thread: str
    person: str
    emit: Emit
    words: Words = ENGLISH
    """What it is told in."""


class WatchedRuns(RunLog, Protocol):
    """Where events of runs are read, and whether they can come."""

    @property
    def outage(self) -> Outage | None: ...


class HandedInThere(Protocol):
    """Where it is known what was handed in; `deliveries.Deliveries` is one."""

    def on(self, thread: str, person: str) -> list[Delivery]: ...


class RememberedThere(Protocol):
    """What is kept beside the runs; `remembered.Remembered` is one. It raises nothing."""

    async def stills(self, thread: str, person: str, beside: Collection[str], words: Words) -> list[Still]: ...

    async def feedback(self, run: str, person: str) -> Mapping[str, Json] | None: ...


class Viewer:
    """Keeps one window up to date. Its tasks end with the runs that they show, or with `close`."""

    def __init__(
        self,
        window: Window,
        runs: WatchedRuns,
        deliveries: HandedInThere,
        remembered: RememberedThere,
        titles: Titles,
        usual: Usual,
        models: Models,
        interval: Callable[[], float],
    ) -> None:
        self.window = window
        self._models = models
        self._usual = usual
        self._detail: Detail = EVERYTHING
        self._runs = runs
        self._deliveries = deliveries
        self._remembered = remembered
        self._titles = titles
        self._interval = interval
        self._followers: dict[str, Follower | Handover | Still] = {}
        """By run, by delivery, or by what is remembered."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._showing: dict[str, asyncio.Task[None]] = {}
        self._opening: asyncio.Task[None] | None = None
        self._live: set[str] = set()
        self._dropped: set[str] = set()
        """What is not to be shown though the thread was being opened when it still was."""
        self._last: asyncio.Event | None = None
        self._announced = False
        self._asking = 0
        """Questions of this window that are on their way."""
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def live(self) -> frozenset[str]:
        """The runs on show that have not ended, as far as this window knows, and the deliveries that hold it up."""
        return frozenset(self._live)

    @property
    def watched(self) -> int:
        """How many they are."""
        return len(self._live)

    def restart(self) -> None:
        """Show the whole thread from the start, for a page that is new or has missed something."""
        old = tuple(self._tasks)
        for task in old:
            task.cancel()
        leftover = {run: follower.ids for run, follower in self._followers.items()}
        self._followers.clear()
        self._showing.clear()
        self._dropped.clear()
        self._last, self._announced = None, False
        self._opening = self._spawn(self._open(old, leftover), "open the thread")

    async def opened(self) -> None:
        """Wait until it is known which runs there are."""
        while self._opening is not None and not self._opening.done():
            await asyncio.wait([self._opening])

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[None]:
        """Until a question that was sent is on show the page waits for it, though there is no run yet."""
        self._asking += 1
        try:
            yield
        finally:
            self._asking -= 1
            await self._settle()

    async def watch(self, run: str) -> bool:
        """Show one more run; False when it was the thread's first."""
        await self.opened()
        # A page that opened while the run was being taken in shows it already.
        first = self._followers.keys() <= {run}
        if run not in self._followers:
            self._follow(run, frozenset())
        return not first

    async def watch_delivery(self, delivery: Delivery) -> None:
        """Show what becomes of some files."""
        await self.opened()
        if delivery.id not in self._followers:
            self._hand_over(delivery, frozenset())

    async def show_refusal(self, refusal: Refusal) -> None:
        """Show a question that was asked in another window, and why it was refused."""
        await self.opened()
        still = refused(refusal, self.window.words)
        if still.id not in self._followers:
            self._show_beside(still, {})

    async def drop(self, id: str) -> None:
        """Do not show a refusal any more, nor begin to; what the page has of it is for the caller to take off."""
        self._dropped.add(id)
        follower, showing = self._followers.pop(id, None), self._showing.pop(id, None)
        if follower is not None and showing is not None:
            await _end(follower, showing)

    async def replace(self, run: str, by: str) -> None:
        """Show another run in the place of one that stands still."""
        await self.opened()
        follower, showing = self._followers.pop(run, None), self._showing.pop(run, None)
        if follower is not None and showing is not None:
            await _end(follower, showing)
            await follower.leave()
        await self.watch(by)
        self._live.discard(run)
        await self._settle()

    async def show_in(self, detail: Detail) -> None:
        """Show so much of every run, of those on show as well."""
        if detail == self._detail:
            return
        self._detail = detail
        for follower in tuple(self._followers.values()):
            if isinstance(follower, Follower):
                await follower.show_anew()

    async def idle(self) -> None:
        """Wait until no run on show is live, or the window is gone."""
        await self._idle.wait()

    def result(self, run: str) -> TaskResult | None:
        """A shown run's end, without asking the log again."""
        follower = self._followers.get(run)
        return follower.result if follower else None

    async def close(self) -> None:
        """The session is gone for good: stop showing, release whoever waits."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._live.clear()
        self._idle.set()

    async def empty(self, sentence: str) -> None:
        """The thread was deleted: nothing of it stays on the page."""
        await self.opened()
        tasks, followers = tuple(self._tasks), tuple(self._followers.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._followers.clear()
        self._showing.clear()
        self._last = None
        for shown in sorted({id for follower in followers for id in follower.ids}):
            await self.window.emit(Emission("delete_message", {"id": shown}))
        await self._forget_all(sentence)

    async def _open(self, old: tuple[asyncio.Task[None], ...], leftover: dict[str, frozenset[str]]) -> None:
        await asyncio.gather(*old, return_exceptions=True)
        thread, person = self.window.thread, self.window.person
        deliveries = self._deliveries.on(thread, person)
        known = [delivery.id for delivery in deliveries]
        stills = await self._remembered.stills(thread, person, known, self.window.words)
        beside: list[Delivery | Still] = sorted([*deliveries, *stills], key=lambda one: one.began)
        outage = self._runs.outage
        away = outage is not None and outage.is_on
        try:
            runs = await self._runs.runs(person, thread)
            asked = await self._asked_at(runs) if beside else {}
            runs = [run for run in runs if run in asked] if beside else runs
        except RoundtableError as error:
            log.warning("thread %s cannot be shown: %s", thread, error)
            await self._forget_all(self.window.words.trouble(error))
            self._show_all([], beside, {}, leftover)
        except Exception:
            # The task's boundary: the person learns that the page is not complete.
            log.exception("thread %s cannot be shown", thread)
            await self._forget_all(self.window.words.conversation_not_shown)
        else:
            self._live &= {*runs, *(delivery.id for delivery in deliveries if delivery.occupies)}
            self._show_all(runs, beside, asked, leftover)
            await self._settle()
            if self._asking:
                # Whoever connects is told first that nothing is running.
                await self._announce()
            # It may have ended since it was asked which runs there are.
            if outage is not None and (away or outage.is_on):
                self._spawn(self._open_again(outage), "open the thread again")

    async def _asked_at(self, runs: Sequence[str]) -> dict[str, float]:
        """Of those that are still there."""
        asked: dict[str, float] = {}
        for run in runs:
            with suppress(UnknownRun):
                asked[run] = (await self._runs.task(run, self.window.person)).asked_at
        return asked

    def _show_all(
        self,
        runs: Sequence[str],
        beside: Sequence[Delivery | Still],
        asked: Mapping[str, float],
        leftover: Mapping[str, frozenset[str]],
    ) -> None:
        """In the order in which they began: `asked` tells when a run did, where there is anything beside runs."""
        waiting = [one for one in beside if one.id not in self._dropped]
        for run in runs:
            while waiting and waiting[0].began <= asked[run]:
                self._show_beside(waiting.pop(0), leftover)
            self._follow(run, leftover.get(run, frozenset()))
        for one in waiting:
            self._show_beside(one, leftover)

    def _show_beside(self, one: Delivery | Still, leftover: Mapping[str, frozenset[str]]) -> None:
        known = leftover.get(one.id, frozenset())
        if isinstance(one, Delivery):
            self._hand_over(one, known)
            return
        one.begin(self.window.emit, known)
        self._followers[one.id] = one
        self._showing[one.id] = self._spawn(self._show(one.id, one, self._last), f"show {one.id}")
        self._last = one.caught_up

    async def _open_again(self, outage: Outage) -> None:
        """What is in Redis can be shown when it is back."""
        await outage.ends()
        self.restart()

    def _follow(self, run: str, leftover: frozenset[str]) -> None:
        async def occupy(occupies: bool) -> None:
            await self._occupied(run, occupies)

        follower = Follower(
            run,
            self.window.person,
            runs=self._runs,
            titles=self._titles,
            words=self.window.words,
            usual=self._usual,
            models=self._models,
            detail=lambda: self._detail,
            emit=self.window.emit,
            occupy=occupy,
            interval=self._interval,
            outage=self._runs.outage,
            feedback=self._remembered.feedback,
            leftover=leftover,
        )
        self._followers[run] = follower
        self._live.add(run)
        self._idle.clear()
        self._showing[run] = self._spawn(self._show(run, follower, self._last), f"show run {run}")
        self._last = follower.caught_up

    def _hand_over(self, delivery: Delivery, leftover: frozenset[str]) -> None:
        async def occupy(occupies: bool) -> None:
            await self._occupied(delivery.id, occupies)

        handover = Handover(
            delivery,
            titles=self._titles,
            words=self.window.words,
            emit=self.window.emit,
            occupy=occupy,
            interval=self._interval(),
            leftover=leftover,
        )
        self._followers[delivery.id] = handover
        if delivery.occupies:
            self._live.add(delivery.id)
            self._idle.clear()
        showing = self._show(delivery.id, handover, self._last)
        self._showing[delivery.id] = self._spawn(showing, f"show delivery {delivery.id}")
        self._last = handover.caught_up

    async def _occupied(self, shown: str, occupies: bool) -> None:
        """The page waits for a run or for files, or does not any more: then something else can be asked meanwhile."""
        if occupies:
            self._live.add(shown)
            self._idle.clear()
            await self._announce()
        elif shown in self._live:
            self._live.discard(shown)
            await self._settle()

    async def _show(self, run: str, follower: Follower | Handover | Still, after: asyncio.Event | None) -> None:
        try:
            await follower.show(after)
        except Exception:
            # The task's boundary; what the log of the run does wrong is told by the follower itself.
            log.exception("%s cannot be shown", run)
            await self.toast(self.window.words.answer_not_shown)
        finally:
            follower.caught_up.set()
        self._live.discard(run)
        await self._settle()

    async def _announce(self) -> None:
        """Something is running: the page shows the Stop button and keeps running steps open."""
        if not self._announced:
            self._announced = True
            await self.window.emit(Emission("task_start", {}))

    async def _settle(self) -> None:
        if not self._live and not self._asking:
            self._announced = False
            await self.window.emit(Emission("task_end", {}))
            self._idle.set()

    async def _forget_all(self, sentence: str) -> None:
        self._live.clear()
        await self.toast(sentence)
        await self._settle()

    async def toast(self, sentence: str) -> None:
        """A sentence in the corner of the page that goes away by itself."""
        await self.window.emit(Emission("toast", {"message": sentence, "type": "error"}))

    async def still_running(self) -> None:
        """The page has put its Stop button away, but the run goes on."""
        self._announced = False
        if self._live:
            await self._announce()

    def _spawn(self, work: Coroutine[None, None, None], name: str) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _end(follower: Follower | Handover | Still, showing: asyncio.Task[None]) -> None:
    """What comes after it need not wait for it any more, even where it had not begun."""
    showing.cancel()
    await asyncio.wait([showing])
    follower.caught_up.set()


class Viewers:
    """Every window's viewer."""

    def __init__(
        self,
        runs: WatchedRuns,
        deliveries: HandedInThere,
        remembered: RememberedThere,
        titles: Titles,
        usual: Usual,
        models: Models,
        interval: float = INTERVAL_SECONDS,
    ) -> None:
        self._models = models
        self._runs = runs
        self._deliveries = deliveries
        self._remembered = remembered
        self._titles = titles
        self._usual = usual
        self._interval = interval
        self._viewers: dict[str, Viewer] = {}

    def of(self, window: Window) -> Viewer:
        """The window's viewer, the same one for as long as the session lasts."""
        viewer = self._viewers.get(window.id)
        if viewer is None:
            viewer = self._viewers[window.id] = Viewer(
                window,
                self._runs,
                self._deliveries,
                self._remembered,
                self._titles,
                self._usual,
                self._models,
                self.interval,
            )
        return viewer

    def interval(self) -> float:
        """Seconds from one telling of a window to the next: longer when many watch, so that all of them together cost
        no more than MOST_A_SECOND and whoever asks meanwhile is served as soon as ever.
        """
        live = sum(viewer.watched for viewer in self._viewers.values())
        return max(self._interval, live / MOST_A_SECOND)

    def on(self, thread: str, person: str) -> tuple[Viewer, ...]:
        """The viewers of all windows of one person that show this thread."""
        viewers = self._viewers.values()
        return tuple(v for v in viewers if v.window.thread == thread and v.window.person == person)

    async def close(self, window_id: str) -> None:
        """One session is gone for good."""
        viewer = self._viewers.pop(window_id, None)
        if viewer is not None:
            await viewer.close()

    async def prune(self, alive: Callable[[str], bool]) -> None:
        """Close the viewers of sessions that have timed out; the chat server does not tell about those."""
        for window_id in [id for id in self._viewers if not alive(id)]:
            await self.close(window_id)

    async def close_all(self) -> None:
        for window_id in list(self._viewers):
            await self.close(window_id)
