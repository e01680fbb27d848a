"""The page in German, by keyboard, and as a screen reader has it. Read the first test first."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.chat_window import ChatWindow
from tests.browser.conftest import DESKTOP, PHONE, Opened, Served
from tests.browser.test_a_question import QUESTION
from tests.browser.test_documents import about, file, list_documents

CHAINLITS = {
    ("aria-allowed-attr", "#thread-options"),
    ("aria-valid-attr-value", "[role=separator]"),
    ("color-contrast", "#chat-submit"),
    ("image-alt", "#welcome-screen img"),
    ("image-redundant-alt", "#chat-profiles img, #starters img"),
    ("landmark-unique", ".step [role=region][data-orientation]"),
    ("list", "ul[data-sidebar=menu]"),
    ("nested-interactive", "[data-sidebar=menu-button]"),
    ("page-has-heading-one", "html"),
    ("region", "[data-sidebar=group-label]"),
}
"""What axe finds in Chainlit's own markup, which is not ours to change: the rule, and where."""


NAMED = """
() => [...document.querySelectorAll('button')].every(
  (button) => button.ariaLabel || button.textContent.trim() || button.title || button.querySelector('img[alt]')
)
"""
"""Every button has a name. They come and go as the page is drawn and scrolled, and are named a moment later: this
waits, where axe would look in between.
"""


def violations(page: Page) -> list[str]:
    """What axe finds, without what is known of Chainlit."""
    page.wait_for_function(NAMED)
    found = []
    for violation in Axe().run(page, options={"rules": {"button-name": {"enabled": False}}}).response["violations"]:
        known = [selector for rule, selector in CHAINLITS if rule == violation["id"]]
        for node in violation["nodes"]:
            matches = page.locator(node["target"][0]).first.evaluate(
                "(found, known) => known.some((selector) => found.matches(selector))", known
            )
            if not matches:
                found.append(f"{violation['id']}: {node['target'][0]} {node['html'][:1200]}")
    return found


@pytest.fixture
def german(open_window: Opened) -> ChatWindow:
    return open_window(first_visit=True, language="de-AT").open()


@pytest.fixture
def german_phone(open_window: Opened) -> ChatWindow:
    return open_window(PHONE, first_visit=True, language="de").open()


def test_a_browser_that_wants_german_gets_german(german: ChatWindow) -> None:
    """Chainlit's texts, the server's, the elements' and the scripts', and the page says so of itself."""
    page = german.page
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(german.composer).to_have_attribute("placeholder", "Frag die Tischrunde …")
    expect(page.locator("#starters")).to_contain_text("Vertraulich sichern")
    german.ask(QUESTION)
    expect(german.sources).to_have_count(2)
    selection = german.unfolded("Auswahl")
    expect(selection).to_contain_text("Gardener und Baker wurden gewählt.")
    expect(selection).to_contain_text("2 von 2 Agenten gewählt")
    expect(german.answer).to_contain_text("2 Quellen")
    german.sources.first.click()
    expect(page.locator("#side-view-content")).to_contain_text("Gefunden von")


def test_german_words_fit_on_a_phone(german_phone: ChatWindow) -> None:
    """They are longer; nothing runs out of its place."""
    german_phone.ask(f"/plan {QUESTION}")
    card = german_phone.page.locator(".rt-proposal")
    expect(card.get_by_role("button", name="Diesen Plan starten")).to_be_visible()
    german_phone.fits()
    card.get_by_role("button", name="Diesen Plan starten").click()
    expect(german_phone.sources).to_have_count(2)
    german_phone.fits()


LISTEN = """
const announcer = document.querySelector('#rt-announcer');
window.announced = [];
new MutationObserver(() => announced.push(announcer.textContent)).observe(announcer, { childList: true });
"""


def announced(window: ChatWindow) -> object:
    """What a screen reader was told by itself."""
    return window.page.evaluate("announced")


def test_the_end_is_said_once(window: ChatWindow, served: Served) -> None:
    """Not each word, and not again what was there before."""
    window.page.evaluate(LISTEN)
    served.hold()
    window.ask(QUESTION)
    expect(window.page.get_by_text("begins.")).to_have_count(4)
    assert announced(window) == []
    served.release()
    expect(window.page.locator("#rt-announcer")).to_have_text("The answer is ready.")
    assert announced(window) == ["The answer is ready."]
    window.page.reload()
    expect(window.sources).to_have_count(2)
    expect(window.page.locator("#rt-announcer")).to_be_empty()


def test_the_panel_by_keyboard(window: ChatWindow) -> None:
    """Enter leads into the passage, Escape out of it and back to its source."""
    window.ask(QUESTION)
    expect(window.sources).to_have_count(2)
    window.sources.first.focus()
    window.page.keyboard.press("Enter")
    expect(window.page.locator("#side-view-content .rt-passage")).to_be_focused()
    window.page.keyboard.press("Escape")
    expect(window.page.locator("#side-view-content")).to_have_count(0)
    expect(window.sources.first).to_be_focused()


def test_a_conversation_is_renamed_by_keyboard(window: ChatWindow) -> None:
    """Chainlit shows its menu only to a pointer."""
    window.ask(QUESTION)
    expect(window.sources).to_have_count(2)
    expect(window.page).to_have_url(re.compile("/thread/"))
    thread = window.page.locator(f"#thread-{window.page.url.rpartition('/')[2]}")
    menu = thread.get_by_role("button", name="Rename or delete this conversation", exact=True)
    menu.focus()
    window.page.keyboard.press("Enter")
    expect(window.page.get_by_role("menuitem", name="Rename")).to_be_visible()


def test_what_a_screen_reader_has_is_in_order(open_window: Opened) -> None:
    """Names, roles, contrast: nothing of ours is wrong in any of the main states, and every button has a name."""
    window = open_window(DESKTOP).open()
    page = window.page
    expect(page.locator("#command-help")).to_have_attribute("aria-label", "Help")
    assert violations(page) == []
    window.ask(QUESTION)
    expect(window.sources).to_have_count(2)
    window.unfolded("Selection")
    window.sources.first.click()
    expect(page.locator("#side-view-content mark")).to_be_visible()
    expect(page.locator("#side-view-title button")).to_have_attribute("aria-label", "Close the panel")
    assert violations(page) == []
    window.open()
    window.ask(f"/plan {QUESTION}")
    expect(page.locator(".rt-proposal")).to_be_visible()
    assert violations(page) == []
    page.locator(".rt-proposal").get_by_role("button", name="Cancel").click()
    window.open()
    window.attach(file("damsons.md", about("damsons")), file("empty.md", ""))
    window.ask("When do I prune damsons?")
    expect(window.card.locator(".rt-choose").first).to_be_visible()
    assert violations(page) == []
    window.card.get_by_role("button", name="Do not keep").click()
    expect(window.card.locator(".rt-choose")).to_have_count(0)
    window.open()
    list_documents(window)
    window.listing.locator(".rt-shelf-head").first.click()
    assert violations(page) == []
