"""A conversation goes on: a follow-up is understood in plain sight, and another agent is asked by keyboard."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE, Opened


@pytest.mark.parametrize(("size", "dark"), [(DESKTOP, False), (PHONE, True)])
def test_a_conversation_goes_on(open_window: Opened, size: tuple[int, int], dark: bool) -> None:
    """On a desktop and on a phone, light and dark."""
    window = open_window(size, dark=dark).open()
    window.ask("@garden When do I prune roses?")
    expect(window.answer.locator(".rt-again")).to_be_visible()

    window.ask("And in March?")
    expect(window.step("Understood as “Prune roses: and in March?”")).to_be_visible()
    answers = window.page.locator("[data-step-type=assistant_message]")
    expect(answers).to_have_count(2)

    fold = window.answer.locator(".rt-again summary")
    fold.focus()
    window.page.keyboard.press("Enter")
    expect(window.answer.get_by_role("button", name="Ask Gardener again")).to_be_visible()
    window.page.keyboard.press("Tab")
    window.page.keyboard.press("Tab")
    expect(window.answer.get_by_role("combobox", name="Another agent")).to_be_focused()
    window.page.keyboard.type("Baker")
    window.page.keyboard.press("Tab")
    expect(window.answer.get_by_role("button", name="Ask the chosen agent")).to_be_focused()
    window.page.keyboard.press("Enter")

    asked = window.page.locator("[data-step-type=user_message]").last
    expect(asked).to_contain_text("@kitchen Prune roses: and in March?")
    expect(window.step("Baker")).to_be_visible()
    expect(answers).to_have_count(3)
    window.fits()
