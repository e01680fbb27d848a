"""A run outlives its page: whatever a window misses, and whenever, in the end it shows what every window shows."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from agents import load_catalog
from agents.models import Models
from chat.changes import Emission
from chat.picture import draw
from chat.story import Story, tell
from chat.usual import Usual
from chat.viewer import Viewer, Viewers, Window
from chat.wire import Picture
from orchestration.messages import AnyEvent, PlanStep, Task
from tests.chat.browser_side import Site, Tab
from tests.chat.events import (
    QUESTION,
    RUN,
    THREAD,
    TITLES,
    answer,
    council_run,
    finished,
    planned,
    retrieved,
    selected,
    started,
    task,
    token,
)
from tests.chat.page import Page, shows
from tests.chat.scripted import ScriptedOrchestrator
from tests.chat.test_viewer import NoFiles, NothingKept
from tests.orchestration.waiting import in_time

AFTER_ACCEPTED = [recorded.event for recorded in council_run()][1:]


async def drawn(orchestrator: ScriptedOrchestrator, run: str, titles: Mapping[str, str] = TITLES) -> Picture:
    """What the log draws of a run, as far as it goes."""
    story = Story(run)
    for recorded in await orchestrator.so_far(run):
        story = tell(story, recorded)
    return draw(story, titles)


# Over the real socket


@dataclass
class Chat:
    """A run, the window that asked for it, and at which of its events something happens to the window."""

    tab: Tab
    task: Task
    seen: int

    @property
    def events(self) -> list[AnyEvent]:
        """All that a run can do."""
        return [event.model_copy(update={"run": self.task.id}) for event in AFTER_ACCEPTED]


class Watched:
    """An orchestrator, and what its log says that a page should show."""

    def __init__(self, orchestrator: ScriptedOrchestrator) -> None:
        self._orchestrator = orchestrator
        self.connecting = asyncio.Lock()
        """One after the other: nobody's patience ends because everybody connects at once."""
        self._titles = {name: agent.title for name, agent in load_catalog().items()}

    async def shown_by(self, tab: Tab, run: str) -> None:
        picture = await drawn(self._orchestrator, run, self._titles)
        await tab.until(lambda page: shows(page, picture))


async def chats(site: Site, orchestrator: ScriptedOrchestrator) -> list[Chat]:
    """One for every event after which something can happen."""
    found = []
    for seen in range(len(AFTER_ACCEPTED) + 1):
        tab = await site.tab()
        await tab.ask(QUESTION)
        found.append(Chat(tab, await orchestrator.submitted.get(), seen))
    return found


async def all_at_once(work: Sequence[Coroutine[None, None, None]]) -> None:
    async with asyncio.TaskGroup() as group:
        for each in work:
            group.create_task(each)


async def test_a_window_may_go_away_or_come_at_any_event(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """The same session again after one to three events, and a page that is loaded meanwhile, the last one when the run
    is over: both show what a window shows that saw it all, and go on live.
    """
    watched = Watched(orchestrator)

    async def go_and_come(chat: Chat) -> None:
        back = chat.seen + 1 + chat.seen % 3
        await orchestrator.happens(*chat.events[: chat.seen])
        await watched.shown_by(chat.tab, chat.task.id)
        await chat.tab.lose()
        await orchestrator.happens(*chat.events[chat.seen : back])
        async with watched.connecting:
            await chat.tab.connect()
            loaded = await site.tab(thread=chat.tab.thread)
        for tab in (chat.tab, loaded):
            await watched.shown_by(tab, chat.task.id)
        await orchestrator.happens(*chat.events[back:])
        for tab in (chat.tab, loaded):
            await watched.shown_by(tab, chat.task.id)
            await tab.until(lambda page: not page.running)

    await all_at_once([go_and_come(chat) for chat in await chats(site, orchestrator)])


# In the middle of a telling, without a socket


@dataclass
class Line:
    """A page at the other end of a line that can break."""

    page: Page = field(default_factory=Page)
    heard: list[Emission] = field(default_factory=list)
    holds: int | None = None
    """How many emissions still come through; None for all."""
    grown: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def hear(self, emission: Emission) -> None:
        if self.holds is not None:
            if not self.holds:
                return
            self.holds -= 1
        async with self.grown:
            self.heard.append(emission)
            self.page.hear(emission.event, emission.data)
            self.grown.notify_all()

    async def until_it_shows(self, picture: Picture) -> None:
        async with in_time("the page shows what it should", lambda: self.page), self.grown:
            await self.grown.wait_for(lambda: shows(self.page, picture))

    async def until_free(self) -> None:
        async with in_time("the page is free", lambda: self.page), self.grown:
            await self.grown.wait_for(lambda: not self.page.running)


class Windows:
    """Opens windows on one thread."""

    def __init__(self, orchestrator: ScriptedOrchestrator) -> None:
        usual = Usual(orchestrator)
        self._viewers = Viewers(orchestrator, NoFiles(), NothingKept(), TITLES, usual, Models(), interval=0.0)
        self._ids = count()

    def open(self, line: Line) -> Viewer:
        viewer = self._viewers.of(Window(id=f"window {next(self._ids)}", thread=THREAD, person="local", emit=line.hear))
        viewer.restart()
        return viewer

    async def close_all(self) -> None:
        await self._viewers.close_all()


@dataclass(frozen=True)
class Break:
    """After an event of the run the line lets so many more emissions through, and is back some events later."""

    after: int
    holds: int
    missed: int
    reload: bool
    """With a page that is loaded anew, or with the one that was there."""


BREAKS = st.builds(
    Break, st.integers(0, len(AFTER_ACCEPTED)), st.integers(0, 6), st.integers(0, 6), st.booleans()
)  # fmt: skip


@settings(max_examples=15)
@given(st.lists(BREAKS, max_size=3))
def test_a_line_may_break_anywhere(breaks: list[Break]) -> None:
    """Also between two emissions that belong together: in the end the page is the one of a window that saw it all."""

    async def live() -> None:
        orchestrator, steady, line = ScriptedOrchestrator(), Line(), Line()
        windows = Windows(orchestrator)
        await orchestrator.submit(task())
        windows.open(steady)
        viewer = windows.open(line)
        mends: dict[int, Break] = {}
        for at in range(len(AFTER_ACCEPTED) + 1):
            if at in mends:
                line.holds = None
                if mends[at].reload:
                    await viewer.close()
                    line.page = Page()
                    viewer = windows.open(line)
                else:
                    viewer.restart()
            for broken in breaks:
                if broken.after == at and line.holds is None:
                    line.holds = broken.holds
                    mends[at + 1 + broken.missed] = broken
            if at < len(AFTER_ACCEPTED):
                await orchestrator.happens(AFTER_ACCEPTED[at])
            picture = await drawn(orchestrator, RUN)
            await steady.until_it_shows(picture)
            if line.holds is None:
                await line.until_it_shows(picture)
        line.holds = None
        viewer.restart()
        await line.until_it_shows(await drawn(orchestrator, RUN))
        await line.until_free()
        await windows.close_all()

    asyncio.run(live())


# Long runs

MANY = [PlanStep(id=f"s{n}", agent="operations", question=QUESTION) for n in range(20)]
TOKENS = 97
LONG = [
    selected("operations"),
    planned(*MANY),
    *(event for step in MANY for event in (started(step), retrieved(step))),
    *(token(step, f"{n}. word ") for n in range(TOKENS) for step in MANY),
    *(finished(step, "".join(f"{n}. word " for n in range(TOKENS))) for step in MANY),
    answer(),
]


async def test_a_run_of_two_thousand_events_is_shown_whole_and_sent_once(orchestrator: ScriptedOrchestrator) -> None:
    """A live window gets each word once, in pieces; whoever comes when it is over gets each step once."""
    assert len(LONG) > 2_000
    live, late = Line(), Line()
    windows = Windows(orchestrator)
    await orchestrator.submit(task())
    windows.open(live)
    for event in LONG[:-1]:
        await orchestrator.happens(event)
    await live.until_it_shows(await drawn(orchestrator, RUN))
    await orchestrator.happens(LONG[-1])
    picture = await drawn(orchestrator, RUN)
    await live.until_it_shows(picture)
    viewer = windows.open(late)
    await viewer.opened()
    await viewer.idle()
    await windows.close_all()
    assert shows(late.page, picture)
    assert [e.event for e in late.heard].count("new_message") == len(picture.steps)
    assert {e.event for e in late.heard} == {"new_message", "element", "task_end"}
    assert spoken(live) <= len(MANY) * len("".join(f"{n}. word " for n in range(TOKENS)))


def spoken(line: Line) -> int:
    """Characters that came as tokens."""
    pieces = [e.data["token"] for e in line.heard if e.event == "stream_token" and isinstance(e.data, Mapping)]
    return sum(len(str(piece)) for piece in pieces)
