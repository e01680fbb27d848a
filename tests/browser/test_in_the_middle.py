"""A run belongs to its conversation, not to a window: it survives a reload, is the same in two windows, and stops."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.chat_window import ChatWindow
from tests.browser.conftest import DESKTOP, PHONE, Opened, Served
from tests.browser.test_a_question import QUESTION

AT_ONCE_MS = 30_000
"""Well under a second where nothing else is going on."""


def at_work(window: ChatWindow, served: Served) -> list[str]:
    """Ask, and come back in the middle of it; what the page shows then."""
    served.hold()
    window.ask(QUESTION)
    served.say("Thinking it over.")
    thoughts_shown(window)
    return window.steps()


def thoughts_shown(window: ChatWindow) -> None:
    """Both agents have said what they were told to, for both parts of the question."""
    expect(window.page.get_by_text(re.compile("begins. Thinking it over."))).to_have_count(4)


def is_stopped(window: ChatWindow) -> None:
    """The run has ended, and nothing looks as if it were still at work."""
    expect(window.answer).to_contain_text("Stopped. No agent had answered yet.")
    expect(window.stop_button).to_be_hidden()
    expect(window.shimmers).to_have_count(0)
    expect(window.page.locator(".rt-node[data-kind=step][data-state=cancelled]")).to_have_count(4)
    expect(window.page.locator(".rt-pill")).to_have_text("Stopped")
    expect(window.page.locator("[data-state=running]")).to_have_count(0)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_reload_shows_the_same_run_live(open_window: Opened, served: Served, size: tuple[int, int]) -> None:
    """What was there is there again, what happens afterwards arrives, and Stop stops it at once."""
    window = open_window(size).open()
    before = at_work(window, served)
    expect(window.page).to_have_url(re.compile("/thread/"))
    window.page.reload()
    thoughts_shown(window)
    window.shows(before)
    expect(window.page.locator("[data-step-type=user_message]")).to_have_count(1)
    served.say("Still here.")
    expect(window.page.get_by_text("Still here.")).to_have_count(4)
    expect(window.stop_button).to_be_visible()
    # However long the run is, what goes on stays in sight.
    window.page.get_by_text("Still here.").last.scroll_into_view_if_needed()
    expect(window.page.locator("[id^='step-'][id*='at work']")).to_be_in_viewport(ratio=0.99)
    window.stop()
    expect(window.answer).to_contain_text("Stopped.", timeout=AT_ONCE_MS)
    is_stopped(window)


def test_the_answer_comes_to_a_page_that_was_reloaded(open_window: Opened, served: Served) -> None:
    """Nothing of a run belongs to the page that began it."""
    window = open_window().open()
    at_work(window, served)
    window.page.reload()
    thoughts_shown(window)
    served.release()
    expect(window.sources).to_have_count(2)
    expect(window.shimmers).to_have_count(0)


def test_two_windows_show_the_same_run(open_window: Opened, served: Served) -> None:
    """A second window sees what the first one sees, while it happens; Stop in one is Stop in both, for good."""
    first, second = open_window().open(), open_window(PHONE)
    steps = at_work(first, served)
    second.open(first.page.url.removeprefix(first.base))
    thoughts_shown(second)
    second.shows(steps)
    served.say("Live in both.")
    for window in (first, second):
        expect(window.page.get_by_text("Live in both.")).to_have_count(4)
    second.stop()
    for window in (first, second):
        is_stopped(window)
    first.page.reload()
    is_stopped(first)


def test_a_question_in_one_window_appears_in_the_other(open_window: Opened) -> None:
    """A conversation goes on in whichever window it is continued."""
    first, second = open_window().open(), open_window()
    first.ask("@garden When do I prune roses?")
    expect(first.sources.first).to_be_visible()
    second.open(first.page.url.removeprefix(first.base))
    expect(second.answer).to_contain_text("Prune roses in March")
    second.ask("@kitchen How long do I bake rye bread?")
    for window in (first, second):
        expect(window.answer).to_contain_text("fifty minutes")
        expect(window.page.locator("[data-step-type=user_message]")).to_have_count(2)
