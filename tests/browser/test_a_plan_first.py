"""The plan before it runs: seen, changed and run by the person, in every window the same."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.chat_window import ChatWindow
from tests.browser.conftest import PHONE, Opened, Served
from tests.browser.test_a_question import QUESTION


def turn(window: ChatWindow, *, on: bool) -> None:
    """Turn the switch in the settings, which stands the other way."""
    window.page.locator("#chat-settings-open-modal").click()
    switch = window.page.get_by_role("switch", name="Ask me first")
    expect(switch).to_have_attribute("aria-checked", "false" if on else "true")
    switch.click()
    window.page.locator("#confirm").click()
    expect(window.page.get_by_role("dialog")).to_have_count(0)


@pytest.fixture
def asking(open_window: Opened) -> Iterator[ChatWindow]:
    """A window with the switch on. A new one has it on as well, and there it is turned off again."""
    window = open_window().open()
    turn(window, on=True)
    yield window
    turn(open_window().open(), on=False)


def plan(window: ChatWindow) -> Locator:
    """The card of the plan that came up last."""
    return window.page.locator(".rt-proposal").last


def button(window: ChatWindow, name: str) -> Locator:
    return plan(window).get_by_role("button", name=name, exact=True)


def is_folded(window: ChatWindow, name: str) -> None:
    """The plan is decided: its card is folded away, and nothing on it can be pressed any more."""
    expect(window.page.locator(f"button[id='step-{name}']")).to_have_attribute("data-state", "closed")
    window.unfolded(name)
    expect(plan(window)).to_be_visible()
    expect(plan(window).locator("button, select, textarea")).to_have_count(0)


def test_a_plan_is_changed_and_run(asking: ChatWindow, open_window: Opened) -> None:
    """Switched on once: the plan waits for the person, through a reload and in a second window, and runs as changed."""
    first, second = asking, open_window(PHONE)
    first.ask(QUESTION)
    expect(plan(first).locator(".rt-step")).to_have_count(4)
    expect(first.stop_button).to_be_hidden()
    expect(first.shimmers).to_have_count(0)

    button(first, "Take step 4 out").press("Enter")
    button(first, "Take step 2 out").press("Enter")
    expect(button(first, "Take step 2 out")).to_be_focused()
    plan(first).get_by_label("Question of step 1").fill("How much water do roses want?")
    button(first, "Move step 2 up").press("Enter")
    expect(button(first, "Move step 1 down")).to_be_focused()
    plan(first).get_by_role("checkbox", name="1 Baker").check()
    first.page.reload()
    expect(plan(first).get_by_label("Question of step 2")).to_have_value("How much water do roses want?")
    expect(plan(first).get_by_role("checkbox", name="1 Baker")).to_be_checked()

    second.open(first.page.url.removeprefix(first.base))
    expect(plan(second).locator(".rt-step")).to_have_count(4)
    second.fits()
    button(first, "Run this plan").press("Enter")
    for window in (first, second):
        expect(window.answer).to_contain_text("ten litres of water")
        text = window.answer.inner_text()
        assert text.index("fifty minutes") < text.index("ten litres")
        expect(window.nodes).to_have_text(
            [re.compile(t) for t in ("Your question", "1.*Baker", "2.*Gardener", "Answer")]
        )
        is_folded(window, "Plan, approved with changes")
        expect(window.step("Plan, approved")).to_contain_text("Gardener was taken out")
        expect(window.shimmers).to_have_count(0)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_one_question_with_a_plan(open_window: Opened, dark: bool) -> None:
    """`/plan` asks for this question only; a plan that cannot run says why, an agent more answers, on a phone."""
    window = open_window(PHONE, dark=dark).open()
    window.ask("/plan @garden When do I prune roses?")
    expect(window.page.locator("[data-step-type=user_message]")).to_have_text("@garden When do I prune roses?")
    plan(window).get_by_label("Question of step 1").fill(" ")
    button(window, "Run this plan").click()
    expect(plan(window).get_by_role("alert")).to_contain_text("Step 1: The question is empty, so nothing was asked.")
    plan(window).get_by_label("Question of step 1").fill("When do I prune roses?")
    plan(window).get_by_label("Add an agent").select_option("kitchen")
    button(window, "Add").click()
    expect(plan(window).get_by_label("Question of step 2")).to_be_focused()
    window.page.keyboard.press("Control+A")
    window.page.keyboard.insert_text("How long do I bake rye bread?")
    window.fits()
    button(window, "Run this plan").click()
    expect(window.answer).to_contain_text("fifty minutes")
    expect(window.sources).to_have_count(2)


def test_a_large_plan_stays_small(open_window: Opened) -> None:
    """Of many steps before it a step names only those that it waits for; the others are there when they are wanted."""
    window = open_window(PHONE).open()
    window.ask(f"/plan {QUESTION}")
    expect(plan(window).locator(".rt-step")).to_have_count(4)
    for number in range(5, 9):
        plan(window).get_by_label("Add an agent").select_option("kitchen")
        button(window, "Add").click()
        plan(window).get_by_label(f"Question of step {number}").fill(f"And number {number}?")
    last = plan(window).locator(".rt-step").last
    expect(last.get_by_role("checkbox")).to_have_count(0)
    last.get_by_text("Waits for: no other step").click()
    last.get_by_role("checkbox", name="7 Baker").check()
    last.get_by_role("checkbox", name="1 ").check()
    expect(last.get_by_text("Waits for: 1, 7")).to_be_visible()
    window.fits()
    button(window, "Cancel").click()
    is_folded(window, "Plan, not run")


def test_a_plan_is_cancelled(open_window: Opened, served: Served) -> None:
    """In one window, and it is over in the other. Something else is answered meanwhile and disturbs no typing."""
    first, second = open_window().open(), open_window()
    first.ask("/plan @garden When do I prune roses?")
    expect(plan(first)).to_be_visible()
    served.hold()
    first.ask("@kitchen How long do I bake rye bread?")
    expect(first.stop_button).to_be_visible()
    question = plan(first).get_by_label("Question of step 1")
    question.press("Home")
    served.release()
    expect(first.answer).to_contain_text("fifty minutes")
    expect(first.stop_button).to_be_hidden()
    expect(question).to_be_focused()
    first.page.keyboard.insert_text("Now: ")
    expect(question).to_have_value("Now: When do I prune roses?")
    second.open(first.page.url.removeprefix(first.base))
    expect(button(second, "Run this plan")).to_be_enabled()
    button(first, "Cancel").click()
    for window in (first, second):
        is_folded(window, "Plan, not run")
        expect(window.page.get_by_text("Stopped. No agent had answered yet.")).to_be_visible()
