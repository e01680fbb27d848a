"""A person's conversations: named, found, come back to after a restart of the server, deleted."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.chat_window import ChatWindow, Witness
from tests.browser.conftest import DESKTOP, PHONE, Opened, Served, new_profile, serving

ROSES, BREAD = "@garden How much water do roses want?", "@kitchen How long do I bake rye bread?"


@pytest.fixture
def profile(browser: Browser) -> Iterator[Page]:
    """A browser of its own, so that nobody else's conversations are in its list."""
    context = new_profile(browser, DESKTOP)
    yield context.new_page()
    context.close()


def entries(page: Page) -> Locator:
    return page.locator("[id^='thread-']:not(#thread-history, #thread-options)")


def test_a_conversation_lives_until_it_is_deleted(profile: Page, tmp_path: Path) -> None:
    """Asked, rated, renamed, found by its answer, resumed after a restart with the very same steps, deleted."""
    with serving(tmp_path, tmp_path / "page.log") as served:
        window = ChatWindow(profile, served.base, Witness(served.base)).open()
        for question in (BREAD, ROSES):
            window.open()
            window.ask(question)
            expect(window.sources.first).to_be_visible()
        expect(entries(profile)).to_have_text([re.compile("How much water"), re.compile("How long")])
        steps, thread = window.steps(), profile.url.removeprefix(served.base)
        profile.locator(".positive-feedback-off").last.click()
        profile.get_by_role("dialog").get_by_role("textbox").fill("Roses thank you.")
        profile.locator("#submit-feedback").click()
        expect(profile.locator(".positive-feedback-on")).to_be_visible()
        expect(profile.get_by_role("button", name="Your comment", exact=True)).to_be_visible()
        rename(profile, "The thirst of roses")
        expect(entries(profile).first).to_contain_text("The thirst of roses")
        search(profile, "litres morning")
        expect(results(profile)).to_have_count(1)
        expect(results(profile)).to_contain_text("The thirst of roses")
        profile.keyboard.press("Escape")
    with serving(tmp_path, tmp_path / "page.log") as served:
        window = ChatWindow(profile, served.base, Witness(served.base)).open(thread)
        expect(window.sources.first).to_be_visible()
        window.shows(steps)
        expect(profile.locator(".positive-feedback-on")).to_be_visible()
        expect(entries(profile).first).to_contain_text("The thirst of roses")
        window.sources.first.click()
        expect(profile.locator("#side-view-content")).to_contain_text("ten litres of water")
        menu(profile, "Delete")
        profile.get_by_role("button", name="Confirm").click()
        expect(entries(profile)).to_have_text([re.compile("How long")])
        profile.reload()
        expect(entries(profile)).to_have_text([re.compile("How long")])


def test_a_conversation_that_is_deleted_elsewhere_leaves_the_page(open_window: Opened, served: Served) -> None:
    """It says so, and nothing of it stays to be read."""
    window = open_window().open()
    window.ask(ROSES)
    expect(window.sources.first).to_be_visible()
    other = open_window(PHONE)
    other.open(window.page.url.removeprefix(served.base))
    expect(other.sources.first).to_be_visible()
    menu(window.page, "Delete")
    window.page.get_by_role("button", name="Confirm").click()
    expect(other.page.get_by_text("This conversation was deleted.")).to_be_visible()
    expect(other.page.locator("[data-step-type]")).to_have_count(0)


def test_what_was_said_can_be_taken_along(open_window: Opened) -> None:
    """A run as JSON; what offers it stands on one line, also on a phone."""
    window = open_window(PHONE).open()
    window.ask(ROSES)
    expect(window.sources.first).to_be_visible()
    link = window.page.get_by_role("link", name="Download this run as JSON")
    place = link.bounding_box()
    assert place is not None
    assert place["width"] > place["height"]
    with window.page.expect_download() as taken:
        link.click()
    assert '"state": "answered"' in taken.value.path().read_text()


def menu(page: Page, item: str) -> None:
    """Of the first conversation in the list."""
    entries(page).first.hover()
    page.locator("#thread-options").first.click()
    page.get_by_role("menuitem", name=item).click()


def rename(page: Page, name: str) -> None:
    menu(page, "Rename")
    page.get_by_role("dialog").get_by_role("textbox").fill(name)
    page.get_by_role("dialog").get_by_role("button", name="Confirm").click()


def search(page: Page, words: str) -> None:
    page.locator("#search-chats-button").click()
    page.get_by_role("dialog").get_by_role("combobox").fill(words)


def results(page: Page) -> Locator:
    return page.get_by_role("dialog").get_by_role("option")
