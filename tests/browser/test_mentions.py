"""The names of agents are completed in the composer."""

from playwright.sync_api import expect

from tests.browser.chat_window import ChatWindow
from tests.browser.conftest import PHONE, Opened


def test_an_agent_is_chosen_from_a_list_without_the_mouse(window: ChatWindow) -> None:
    """The caret stays in the composer, which tells a screen reader what is chosen; Enter takes it and sends nothing."""
    page = window.page
    composer, offered = page.locator("#chat-input"), page.get_by_role("listbox", name="Agents")
    composer.click()
    page.keyboard.type("ask @")
    expect(offered.get_by_role("option")).to_have_count(2)
    expect(offered).to_have_css("position", "fixed")
    expect(offered.get_by_role("option").first).to_have_css("display", "grid")
    expect(composer).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    chosen = offered.get_by_role("option", selected=True)
    expect(chosen).to_contain_text("@kitchen")
    assert composer.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    page.keyboard.press("Enter")
    expect(offered).to_have_count(0)
    page.keyboard.type("when to bake")
    expect(composer).to_have_value("ask @kitchen when to bake")
    expect(window.answer).to_have_count(0)


def test_what_is_typed_narrows_the_list_and_escape_closes_it(window: ChatWindow) -> None:
    page = window.page
    offered = page.get_by_role("listbox", name="Agents")
    page.locator("#chat-input").click()
    page.keyboard.type("@BA")
    expect(offered.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(offered).to_have_count(0)
    page.keyboard.type("k")
    expect(offered.get_by_role("option")).to_contain_text("@kitchen")
    page.keyboard.type("er@home")
    expect(offered).to_have_count(0)


def test_a_name_is_touched_on_a_phone(open_window: Opened) -> None:
    window = open_window(PHONE).open()
    page = window.page
    page.locator("#chat-input").click()
    page.keyboard.type("@")
    offered = page.get_by_role("listbox", name="Agents")
    expect(offered).to_be_in_viewport()
    window.fits()
    offered.get_by_role("option").filter(has_text="@kitchen").click()
    expect(page.locator("#chat-input")).to_have_value("@kitchen ")
