"""Commands, the line that says what is going on, and how much of it all is shown."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.chat_window import ChatWindow
from tests.browser.conftest import PHONE, Opened, Served
from tests.browser.test_a_question import QUESTION


def line(window: ChatWindow, words: str) -> Locator:
    """The line at the top of the run."""
    return window.page.locator(f"[id^='step-{words}']")


def show(window: ChatWindow, detail: str) -> None:
    """Choose it in the settings."""
    window.page.locator("#chat-settings-open-modal").click()
    window.page.get_by_role("dialog").get_by_role("combobox").click()
    window.page.get_by_role("option", name=detail).click()
    window.page.locator("#confirm").click()
    expect(window.page.get_by_role("dialog")).to_have_count(0)


def main_steps(window: ChatWindow) -> list[str]:
    """Without what is nested in them."""
    return [name for name in window.steps() if not name.startswith(("Found", "Reasoning"))]


def test_the_list_of_commands_is_whole_on_a_phone(open_window: Opened) -> None:
    """On the page to begin with, where little is above the field."""
    page = open_window(PHONE).open().page
    expect(page.locator("#command-help")).to_be_visible()
    page.locator("#chat-input").press("/")
    expect(page.get_by_role("option").first).to_be_in_viewport(ratio=0.99)
    header = page.locator("#header").bounding_box()
    offered = page.locator("[cmdk-list]").bounding_box()
    assert header is not None
    assert offered is not None
    assert offered["y"] >= header["y"] + header["height"]


@pytest.fixture
def changing(open_window: Opened) -> Iterator[ChatWindow]:
    """A phone's window; what it chooses holds for new windows too, and there it is put back."""
    yield open_window(PHONE).open()
    show(open_window().open(), "Everything")


def test_less_and_more_is_shown_at_once(changing: ChatWindow, served: Served) -> None:
    """What comes back stands where it stood; the line at the top tells what goes on in every detail."""
    window = changing
    window.ask(QUESTION)
    expect(window.nodes).to_have_count(6)
    expect(line(window, "Answered in")).to_contain_text("by 2 agents")
    expect(window.stop_button).to_be_hidden()
    before = main_steps(window)
    show(window, "The answer only")
    expect(window.page.locator(".rt-plan")).to_have_count(0)
    expect(window.sources).to_have_count(2)
    assert window.steps() == []
    window.fits()
    show(window, "Everything")
    expect(window.nodes).to_have_count(6)
    expect(window.sources).to_have_count(2)
    assert main_steps(window) == before
    expect(window.page.locator(".step").last).to_contain_text("Prune roses in March")
    show(window, "The answer only")
    served.hold()
    window.ask(QUESTION)
    expect(line(window, "Gardener and Baker are at work")).to_be_visible()
    expect(window.page.locator(".rt-plan")).to_have_count(0)
    served.release()
    expect(line(window, "Answered in")).to_have_count(2)
    window.fits()


def test_commands_say_what_can_be_done(open_window: Opened) -> None:
    """Chosen by its button, typed, and typed wrong; a conversation begins with the first question only."""
    window = open_window(PHONE).open()
    window.page.locator("#command-help").click()
    window.page.locator("#chat-submit").click()
    expect(window.answer).to_contain_text("/single QUESTION")
    window.fits()
    for typed, said in (
        ("/status now", "Nobody is missing. 2 agents can be asked."),
        ("/agents garden", "@garden"),
        ("/stauts", "Did you mean /status?"),
    ):
        window.ask(typed)
        expect(window.answer).to_contain_text(said)
        window.fits()
    assert "/thread/" not in window.page.url
    window.ask("/single How long do I bake rye bread?")
    expect(window.answer).to_contain_text("Bake rye bread for fifty minutes at 220 degrees.")
    expect(line(window, "Answered in")).to_contain_text("by the single agent")
    expect(window.page.locator("#chat-profiles")).to_contain_text("Council")
