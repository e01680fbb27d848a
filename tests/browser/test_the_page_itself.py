"""The page stays on this machine, and fits on every screen."""

import pytest
from playwright.sync_api import expect

from tests.browser.chat_window import KATEX
from tests.browser.conftest import PHONE, Opened, Served
from tests.browser.test_a_question import QUESTION


def test_a_first_visit_asks_no_other_host(open_window: Opened) -> None:
    """Only Chainlit's stylesheet link points elsewhere, and the policy stops the browser before it connects."""
    window = open_window(first_visit=True)
    policies: list[str] = []
    window.page.on("response", lambda response: policies.append(response.headers.get("content-security-policy", "")))
    window.open()
    assert all("default-src 'self'" in policy for policy in policies)
    window.ask(QUESTION)
    expect(window.sources).to_have_count(2)
    elsewhere = window.witness.elsewhere
    assert [url for url in elsewhere if not url.startswith(KATEX)] == []
    assert set(elsewhere.values()) == {"csp"}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_phone_never_scrolls_sideways(open_window: Opened, served: Served, dark: bool) -> None:
    """Neither before, during nor after a run, nor with a passage open."""
    window = open_window(PHONE, dark=dark).open()
    expect(window.page.locator("html")).to_have_class("dark" if dark else "light")
    window.fits()
    served.hold()
    window.ask(QUESTION)
    expect(window.page.get_by_text("begins.")).to_have_count(4)
    window.fits()
    served.release()
    expect(window.sources).to_have_count(2)
    for name in ("Selection", "Gardener: ", "Baker: ", "Putting it together"):
        window.unfolded(name)
    window.fits()
    window.sources.first.click()
    expect(window.page.locator("#side-view-content mark")).to_be_visible()
    window.fits()
