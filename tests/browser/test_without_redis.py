"""Redis goes away under a question: the page says so, offers a way to go on, and is itself again afterwards."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.chat_window import ChatWindow
from tests.browser.conftest import PHONE, Opened, Served
from tests.browser.test_a_question import QUESTION

AWAY = "The agents cannot be reached; the single agent answers until they are back"
KEPT = "The agents cannot be reached. Your question is kept; this goes on by itself when they are back."
OFFER = "Answer with the single agent now"


@pytest.fixture
def frozen(served: Served) -> Iterator[Served]:
    """The server with agents that are held, whose Redis goes on after the test whatever the test did."""
    served.hold()
    yield served
    served.thaw()
    served.release()


def in_the_middle(window: ChatWindow) -> None:
    window.ask(QUESTION)
    expect(window.page.get_by_text("begins.")).to_have_count(4)


def test_the_single_agent_answers_in_place_of_a_council_that_stands_still(open_window: Opened, frozen: Served) -> None:
    """The banner, the sentence, the button, one answer; and when Redis is back nothing of the council is added."""
    window = open_window().open()
    in_the_middle(window)
    frozen.freeze()
    expect(window.page.get_by_text(KEPT)).to_be_visible()
    expect(window.page.locator(".rt-banner")).to_have_text(AWAY)
    offer = window.page.get_by_role("button", name=OFFER)
    expect(offer).to_be_visible()
    frozen.release()  # Whoever is at work finishes, and has nobody to tell.
    offer.click()
    expect(window.sources.first).to_be_visible()
    expect(window.page.get_by_text(KEPT)).to_have_count(0)
    expect(window.page.get_by_text(re.compile("begins."))).to_have_count(0)
    steps = window.steps()
    assert "Single agent" in " ".join(steps)
    frozen.thaw()
    expect(window.page.locator(".rt-banner")).to_have_count(0)
    window.page.reload()
    expect(window.sources.first).to_be_visible()
    window.shows(steps)
    expect(window.page.locator("[data-step-type=user_message]")).to_have_count(1)
    expect(window.page.locator("[data-step-type=assistant_message]")).to_have_count(1)


def test_a_question_that_redis_never_heard_is_kept_and_answered_alone(open_window: Opened, frozen: Served) -> None:
    """Asked before anybody knew that Redis is away; a reload does not lose it, and it gets one answer."""
    window = open_window().open()
    window.witness.with_history = False
    frozen.freeze()
    window.ask(QUESTION)
    expect(window.page.get_by_text(KEPT)).to_be_visible()
    expect(window.page).to_have_url(re.compile("/thread/"))
    window.page.reload()
    expect(window.page.get_by_text(KEPT)).to_be_visible()
    expect(window.page.locator("[data-step-type=user_message]")).to_contain_text("When do I prune roses")
    frozen.release()
    window.page.get_by_role("button", name=OFFER).click()
    expect(window.sources.first).to_be_visible()
    frozen.thaw()
    expect(window.page.locator(".rt-banner")).to_have_count(0)
    window.page.reload()
    expect(window.sources.first).to_be_visible()
    expect(window.page.locator("[data-step-type=user_message]")).to_have_count(1)
    expect(window.page.locator("[data-step-type=assistant_message]")).to_have_count(1)


def test_redis_that_is_back_before_the_click_takes_the_offer_away(open_window: Opened, frozen: Served) -> None:
    """On a phone, which it fits; the council goes on by itself and answers."""
    window = open_window(PHONE, dark=True).open()
    in_the_middle(window)
    frozen.freeze()
    expect(window.page.get_by_role("button", name=OFFER)).to_be_visible()
    window.fits()
    frozen.thaw()
    expect(window.page.get_by_text(KEPT)).to_have_count(0)
    expect(window.page.get_by_role("button", name=OFFER)).to_have_count(0)
    frozen.release()
    expect(window.sources).to_have_count(2)
    expect(window.page.locator(".rt-banner")).to_have_count(0)


def test_who_is_there_is_a_command(open_window: Opened) -> None:
    """Chosen from the list that a slash opens; the answer is a table, and no conversation begins."""
    window = open_window(PHONE).open()
    window.composer.click()
    window.page.keyboard.insert_text("/agents")
    expect(window.page.get_by_role("option").filter(has_text="agents")).to_be_visible()
    window.page.keyboard.press("Enter")
    expect(window.composer).to_have_value("")
    window.page.keyboard.press("Enter")
    expect(window.answer.locator("td").filter(has_text="Gardener")).to_be_visible()
    expect(window.answer.locator("tr").filter(has_text="Baker")).to_contain_text("0/8")
    expect(window.answer).to_contain_text("ready")
    assert "/thread/" not in window.page.url
    window.fits()
