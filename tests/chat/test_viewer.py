"""A viewer keeps a window up to date, whatever happens to the log it reads."""

import asyncio
from collections.abc import AsyncIterator, Collection

import pytest

from agents.models import Models
from chat.changes import Emission
from chat.delivery import Delivery
from chat.still import Still
from chat.usual import Usual
from chat.viewer import INTERVAL_SECONDS, MOST_A_SECOND, Viewer, Viewers, Window
from chat.words import ENGLISH, Words
from orchestration.errors import EngineUnavailable
from orchestration.messages import Recorded
from tests.chat.events import OPERATIONS, THREAD, TITLES, answer, planned, selected, started, task, token
from tests.chat.page import Page
from tests.chat.scripted import ScriptedOrchestrator
from tests.orchestration.waiting import in_time

AWAY = EngineUnavailable("Redis is away.")
NAME = "Operations: How do I back up the data folder?"


class Screen:
    """A page, and a way to wait for how it looks."""

    def __init__(self) -> None:
        self.page = Page()
        self.events: list[str] = []
        self._grown = asyncio.Condition()

    async def hear(self, emission: Emission) -> None:
        async with self._grown:
            self.events.append(emission.event)
            self.page.hear(emission.event, emission.data)
            self._grown.notify_all()

    async def until_step(self, name: str) -> None:
        async with in_time(f"there is {name}", lambda: self.page), self._grown:
            await self._grown.wait_for(lambda: name in self.page.names())


class NoFiles:
    """Nobody hands anything in."""

    def on(self, thread: str, person: str) -> list[Delivery]:
        return []


class NothingKept:
    """Nobody was refused, and nobody has said what they think."""

    async def stills(self, thread: str, person: str, beside: Collection[str], words: Words) -> list[Still]:
        return []

    async def feedback(self, run: str, person: str) -> None:
        return None


def viewers_of(runs: ScriptedOrchestrator) -> Viewers:
    return Viewers(runs, NoFiles(), NothingKept(), TITLES, Usual(runs), Models(), interval=0.001)


def viewer_of(screen: Screen, viewers: Viewers, id: str = "window") -> Viewer:
    return viewers.of(Window(id=id, thread=THREAD, person="local", emit=screen.hear))


async def begin(orchestrator: ScriptedOrchestrator, run: str = "run1") -> None:
    await orchestrator.submit(task(run, message=f"message of {run}"))
    await orchestrator.happens(
        selected("operations", "security", run=run), planned(run=run), started(OPERATIONS, run=run),
        token(OPERATIONS, "Stop ", run=run),
    )  # fmt: skip


async def test_finished_runs_come_in_their_order_and_each_as_one_snapshot(
    orchestrator: ScriptedOrchestrator,
) -> None:
    """A returning reader's page is told each step once."""
    for run in ("run1", "run2", "run3"):
        await begin(orchestrator, run)
        await orchestrator.happens(answer(run=run))
    screen = Screen()
    viewer = viewer_of(screen, viewers_of(orchestrator))
    viewer.restart()
    await viewer.opened()
    async with in_time("nothing is at work", lambda: screen.page):
        await viewer.idle()
    asked = [s["id"] for s in screen.page.steps.values() if s["type"] == "user_message"]
    assert asked == ["message of run1", "message of run2", "message of run3"]
    assert screen.events.count("new_message") == len(screen.page.steps)
    assert "update_message" not in screen.events
    assert "task_start" not in screen.events


async def test_a_restart_does_not_release_who_waits_for_the_end(orchestrator: ScriptedOrchestrator) -> None:
    """The first connection's handler must not take the Stop button away from the second."""
    await begin(orchestrator)
    screen = Screen()
    viewer = viewer_of(screen, viewers_of(orchestrator))
    await viewer.watch("run1")
    await screen.until_step(NAME)
    waiting = asyncio.create_task(viewer.idle())
    viewer.restart()
    await viewer.opened()
    screen.page = Page()
    await screen.until_step(NAME)
    assert not waiting.done()
    await orchestrator.happens(answer())
    async with in_time("whoever waits is released", lambda: screen.page):
        await waiting
    assert not screen.page.running


async def test_the_first_run_of_a_thread_is_its_first_however_it_came_to_be_shown(
    orchestrator: ScriptedOrchestrator,
) -> None:
    """A page that opened while its question was being taken in has listed it already."""
    await begin(orchestrator)
    viewer = viewer_of(Screen(), viewers_of(orchestrator))
    viewer.restart()
    assert not await viewer.watch("run1")
    await begin(orchestrator, "run2")
    assert await viewer.watch("run2")


async def test_a_page_that_was_opened_at_the_end_of_an_outage_is_complete(
    orchestrator: ScriptedOrchestrator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis could not tell of its runs, and was back before the page had been opened."""
    await begin(orchestrator)
    listed = orchestrator.runs

    async def at_the_last_moment(person: str, conversation: str, beside: Collection[str] = ()) -> list[str]:
        found = await listed(person, conversation, beside) if orchestrator.redis.available else []
        orchestrator.redis.is_back()
        await orchestrator.outage.ends()
        return found

    monkeypatch.setattr(orchestrator, "runs", at_the_last_moment)
    look = asyncio.create_task(orchestrator.outage.run())
    orchestrator.redis.goes_away()
    await orchestrator.outage.begins()
    screen = Screen()
    viewer = viewer_of(screen, viewers_of(orchestrator))
    viewer.restart()
    await screen.until_step(NAME)
    look.cancel()
    await viewer.close()


async def test_a_closed_window_releases_who_waits_and_has_no_tasks(orchestrator: ScriptedOrchestrator) -> None:
    """A session that timed out is noticed at the next connection."""
    await begin(orchestrator)
    screen, viewers = Screen(), viewers_of(orchestrator)
    viewer = viewer_of(screen, viewers)
    await viewer.watch("run1")
    await screen.until_step(NAME)
    before = len(asyncio.all_tasks())
    await viewers.prune(lambda id: False)
    async with in_time("nothing is at work", lambda: screen.page):
        await viewer.idle()
    assert len(asyncio.all_tasks()) < before
    assert viewers.on(THREAD, "local") == ()


async def test_windows_of_another_person_are_not_told(orchestrator: ScriptedOrchestrator) -> None:
    """The same thread id in somebody else's window is another thread."""
    viewers = viewers_of(orchestrator)
    mine = viewers.of(Window("mine", THREAD, "local", Screen().hear))
    viewers.of(Window("theirs", THREAD, "somebody", Screen().hear))
    assert viewers.on(THREAD, "local") == (mine,)


class Breaking(ScriptedOrchestrator):
    """Its log breaks off after the events that it has."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    async def follow(self, run: str, *, person: str, after: str = "") -> AsyncIterator[Recorded]:
        async for recorded in self.log.follow(run, person=person):
            yield recorded
            if recorded.event.kind == "token":
                raise self.error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (AWAY, f"{ENGLISH.trouble(AWAY)} Reload the page to see this answer."),
        (ZeroDivisionError("secret"), ENGLISH.went_wrong_showing),
    ],
)
async def test_a_log_that_breaks_off_is_told_and_the_page_is_free(error: Exception, told: str) -> None:
    """What was there stays; nothing pretends to run."""
    orchestrator, screen = Breaking(error), Screen()
    await begin(orchestrator)
    viewer = viewer_of(screen, viewers_of(orchestrator))
    await viewer.watch("run1")
    async with in_time("nothing is at work", lambda: screen.page):
        await viewer.idle()
    assert str(screen.page.step("Roundtable")["output"]).startswith(told)
    assert screen.page.step(NAME)["output"] == "Stop "
    assert not screen.page.running


class Away(ScriptedOrchestrator):
    """Nothing can be read from it."""

    async def runs(self, person: str, conversation: str, beside: Collection[str] = ()) -> list[str]:
        raise AWAY


async def test_a_thread_that_cannot_be_read_is_told_in_the_corner() -> None:
    """And the page is free."""
    screen = Screen()
    viewer = viewer_of(screen, viewers_of(Away()))
    viewer.restart()
    await viewer.opened()
    assert screen.page.toasts == [ENGLISH.trouble(AWAY)]
    assert screen.events[-1] == "task_end"


async def test_the_more_windows_are_told_the_less_often_each(orchestrator: ScriptedOrchestrator) -> None:
    """Twelve times a second as long as few runs are watched; those that have ended do not count."""
    viewers = Viewers(orchestrator, NoFiles(), NothingKept(), TITLES, Usual(orchestrator), Models())
    await begin(orchestrator)
    for number in range(50):
        await viewer_of(Screen(), viewers, f"window {number}").watch("run1")
    assert viewers.interval() == pytest.approx(50 / MOST_A_SECOND)
    await viewers.close("window 0")
    assert viewers.interval() == pytest.approx(49 / MOST_A_SECOND)
    await viewers.close_all()
    assert viewers.interval() == INTERVAL_SECONDS


async def test_a_page_is_told_the_first_time_at_once(orchestrator: ScriptedOrchestrator) -> None:
    """Only what comes afterwards is gathered; the end of a run does not wait either."""
    viewers, screen = (
        Viewers(orchestrator, NoFiles(), NothingKept(), TITLES, Usual(orchestrator), Models(), interval=1_000.0),
        Screen(),
    )
    await begin(orchestrator)
    viewer = viewer_of(screen, viewers)
    await viewer.watch("run1")
    await screen.until_step(NAME)
    await orchestrator.happens(answer())
    async with in_time("nothing is at work", lambda: screen.page):
        await viewer.idle()
    assert screen.page.step("Roundtable")["end"] is not None
