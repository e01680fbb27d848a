"""People with a password, in the browser: in, what a member is offered, and out."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from people import Accounts
from people.accounts import FILE
from tests.browser.chat_window import ChatWindow, Witness
from tests.browser.conftest import DESKTOP, PHONE, Served, new_profile, serving
from tests.browser.test_documents import about, file, list_documents
from tests.people.cheap import PASSWORD, cheap_passwords

MATCH = "That name and password do not match. Try again."


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Accounts:
    folder = tmp_path_factory.mktemp("people")
    accounts = Accounts(folder / "data" / FILE)
    accounts.add("ben", "member", cheap_passwords().hash(PASSWORD))
    return accounts


@pytest.fixture(scope="module")
def guarded(accounts: Accounts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with accounts."""
    with serving(accounts.file.parents[1], tmp_path_factory.getbasetemp() / "people.log") as served:
        yield served


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    profile = new_profile(browser, DESKTOP)
    yield profile.new_page()
    profile.close()


def sign_in(page: Page, name: str, password: str) -> None:
    page.locator("#email").fill(name)
    page.locator("#password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_a_member_comes_and_goes(guarded: Served, accounts: Accounts, page: Page) -> None:
    """Not with the wrong password; keeps a file for themselves; is out after signing out, and when removed."""
    window = ChatWindow(page, guarded.base, Witness(guarded.base, signed_in=False))
    window.witness.watch(page)
    page.goto(guarded.base)
    expect(page.locator("#email")).to_be_visible()
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    sign_in(page, "ben", "wrong, and long")
    expect(page.get_by_text(MATCH)).to_be_visible()
    window.fits()
    with page.expect_websocket():
        sign_in(page, "Ben", PASSWORD)
    expect(window.composer).to_be_visible()

    page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    window.attach(file("quinces.md", about("quinces")))
    page.keyboard.press("Enter")
    expect(window.card.locator(".rt-choose").first).to_be_visible()
    expect(window.answer).to_contain_text("Only you will see it.")
    expect(window.card.get_by_text("For everybody")).to_have_count(0)
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    window.fits()
    page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    window.card.locator(".rt-choose[data-best=yes]").click()
    expect(window.answer).to_contain_text("Only you see it.")
    list_documents(window)
    window.listing.get_by_role("button", name="Gardener").click()
    expect(window.listing.get_by_role("button", name="Remove quinces.md")).to_be_visible()
    expect(window.listing.get_by_role("button", name="Remove garden.md")).to_have_count(0)

    page.locator("#user-nav-button").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.locator("#email")).to_be_visible()
    page.goto(guarded.base)
    expect(page.locator("#email")).to_be_visible()
    with page.expect_websocket():
        sign_in(page, "ben", PASSWORD)
    expect(window.composer).to_be_visible()
    accounts.remove("ben")
    expect(page.locator("#email")).to_be_visible()
    assert window.witness.troubles() == []
