"""How much of a run is shown: three pictures of one story, and a page that changes from one to the other at once."""

import asyncio

import pytest

from chat.detail import DETAILS, reduced
from chat.model_choice import CONFIGURED
from chat.picture import draw
from chat.preferences import ASK_FIRST, DETAIL, MODEL, Preferences
from chat.story import Story, tell
from chat.viewer import Viewer
from chat.wire import Detail, Picture
from chat.words import ENGLISH
from history import History, HistoryFull
from orchestration.messages import AnyEvent, TaskResult
from tests.chat.browser_side import Site
from tests.chat.events import (
    OPERATIONS,
    QUESTION,
    RUN,
    SECURITY,
    TITLES,
    accepted,
    answer,
    finished,
    planned,
    proposed,
    recorded,
    retrieved,
    selected,
    started,
)
from tests.chat.scripted import ScriptedOrchestrator

WHOLE = (
    selected("operations", "security"), planned(), started(OPERATIONS), retrieved(OPERATIONS), finished(OPERATIONS),
    started(SECURITY), finished(SECURITY), answer(),
)  # fmt: skip
STATUS = "Answered in 3.0 s by 2 agents"
AGENTS = ["Operations: How do I back up the data folder?", "Security: How do I keep the backup confidential?"]


def shown(detail: Detail, *events: AnyEvent) -> Picture:
    story = Story(RUN)
    for event in recorded(accepted(), *events):
        story = tell(story, event)
    return reduced(draw(story, TITLES), detail)


def names(picture: Picture) -> list[str]:
    return [step.name for step in picture.steps][2:]


def elements(picture: Picture) -> list[str]:
    return [element.name for element in picture.elements]


def test_the_answer_only() -> None:
    """What was asked, how it went, the answer with its sources."""
    picture = shown("answer", *WHOLE)
    assert names(picture) == [STATUS, "Roundtable"]
    assert elements(picture) == ["Sources", "Again"]


def test_the_agents() -> None:
    """Who was chosen and what each says, without passages and scores."""
    picture = shown("agents", *WHOLE)
    assert names(picture) == [STATUS, "Selection", "Plan", *AGENTS, "Roundtable"]
    assert elements(picture) == ["PlanGraph", "Sources", "Again"]


def test_everything_is_the_whole_picture() -> None:
    """Nothing is left out."""
    assert elements(shown("everything", *WHOLE)) == ["Selection", "Selection", "PlanGraph", "Sources", "Again"]
    assert names(shown("everything", *WHOLE)).count("Found 1 passage") == 2


def test_what_a_person_has_to_decide_is_always_shown() -> None:
    """The card of a plan, in every detail."""
    for detail in DETAILS:
        picture = shown(detail, selected("operations", "security"), proposed())
        assert names(picture)[0] == "Waiting for your approval"
        assert "Proposal" in elements(picture)


def test_what_was_found_before_stop_is_always_shown() -> None:
    """There is no answer that holds it."""
    picture = shown("answer", *WHOLE[:5], answer("cancelled"))
    assert names(picture) == ["Stopped after 3.0 s", AGENTS[0], "Roundtable"]


async def test_a_change_redraws_the_open_page(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """In that window, in the order of the picture, during a run and after it; a new window has it too."""
    tab = await site.tab()
    await tab.until_heard("chat_settings")
    await tab.ask(QUESTION)
    run = (await orchestrator.submitted.get()).id
    events = [event.model_copy(update={"run": run}) for event in WHOLE]
    await orchestrator.happens(*events[:4])
    await tab.until(lambda page: "Found 1 passage" in page.names())
    other = await site.tab(thread=tab.thread)
    await other.until(lambda page: "Found 1 passage" in page.names())
    await tab.set(**{DETAIL: "answer", ASK_FIRST: False})
    await tab.until(lambda page: page.names() == ["local", "on_message", "Operations is at work"])
    assert tab.page.running
    await orchestrator.happens(
        *(e.model_copy(update={"result": _of(e, run)}) if e.kind == "answer" else e for e in events[4:])
    )
    await tab.until(lambda page: page.names() == ["local", "on_message", STATUS, "Roundtable"])
    assert "Found 1 passage" in other.page.names()
    await tab.set(**{DETAIL: "agents"})
    await tab.until(
        lambda page: page.names() == ["local", "on_message", STATUS, "Selection", "Plan", *AGENTS, "Roundtable"]
    )
    new = await site.tab(thread=tab.thread)
    await new.until(lambda page: "Roundtable" in page.names())
    assert new.page.names() == tab.page.names()


def _of(event: AnyEvent, run: str) -> TaskResult:
    result = getattr(event, "result", None)
    assert isinstance(result, TaskResult)
    return result.model_copy(update={"task": run})


async def test_preferences_are_kept(site: Site, orchestrator: ScriptedOrchestrator, history: History) -> None:
    """Over a restart of the server; each person's own."""
    tab = await site.tab()
    await tab.until_heard("chat_settings")
    await tab.set(**{ASK_FIRST: True, DETAIL: "agents"})
    heard = await (await site.tab()).until_heard("chat_settings")
    assert isinstance(heard, list)
    assert [one["initial"] for one in heard] == [True, "agents"]
    assert await history.preferences("local") == {ASK_FIRST: "on", DETAIL: "agents", MODEL: CONFIGURED}
    assert await history.preferences("somebody") == {}


async def test_what_was_set_last_is_kept(site: Site, history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though the page was still being drawn anew for what was set before."""
    drawing, drawn, show_in = asyncio.Event(), asyncio.Event(), Viewer.show_in

    async def slow_at_first(self: Viewer, detail: Detail) -> None:
        if not drawing.is_set():
            drawing.set()
            await drawn.wait()
        await show_in(self, detail)

    tab = await site.tab()
    await tab.until_heard("chat_settings")
    monkeypatch.setattr(Viewer, "show_in", slow_at_first)
    before = asyncio.create_task(tab.set(**{DETAIL: "agents"}))
    await drawing.wait()
    await tab.set(**{DETAIL: "agents", ASK_FIRST: True})
    drawn.set()
    await before
    assert await history.preferences("local") == {ASK_FIRST: "on", DETAIL: "agents", MODEL: CONFIGURED}


async def test_what_cannot_be_kept_holds_in_the_window(
    site: Site, orchestrator: ScriptedOrchestrator, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the person is told."""

    async def full(person: str, wanted: object) -> None:
        raise HistoryFull("There is no space left.")

    monkeypatch.setattr(history, "prefer", full)
    tab = await site.tab()
    await tab.until_heard("chat_settings")
    await tab.set(**{DETAIL: "answer"})
    said = f"This holds in this window, but it could not be kept. {ENGLISH.trouble(HistoryFull())}"
    await tab.until(lambda page: page.toasts == [said])


@pytest.mark.parametrize("sent", ["", "all", 3, None, ["answer"]])
def test_a_page_may_send_anything(sent: object) -> None:
    """What is no detail is the usual one."""
    assert Preferences.of({DETAIL: sent, ASK_FIRST: "yes"}) == Preferences()
