"""The page stays on this machine, weighs little, and fits on every screen."""

import pytest
from playwright.sync_api import Request, Route, expect

from tests.browser.chat_window import KATEX, ChatWindow
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


FIRST_VISIT, FURTHER_VISIT = (1_500_000, 40), (100_000, 40)
"""Bytes over the wire, headers included, and requests, until the page can be used. Seen: 1,355,000 and 21,000 bytes, 32
and 30 requests; nearly all of it is Chainlit's own script, which a browser keeps.
"""


def test_a_page_is_usable_before_much_was_transferred(open_window: Opened) -> None:
    """Most of it once: whoever comes again, or loads the page anew, asks little more than whether something changed."""
    window = open_window(first_visit=True)
    assert within(FIRST_VISIT, transferred_to(window))
    assert within(FURTHER_VISIT, transferred_to(window))


def transferred_to(window: ChatWindow) -> tuple[int, int]:
    """Bytes and requests until the page can be used."""
    finished: list[Request] = []

    def note(request: Request) -> None:
        if request.url != f"{window.base}/api/status":  # asked again and again, for as long as a machine takes
            finished.append(request)

    window.page.on("requestfinished", note)
    window.open()
    window.page.remove_listener("requestfinished", note)
    sizes = [request.sizes() for request in finished]
    return sum(each["responseHeadersSize"] + each["responseBodySize"] for each in sizes), len(sizes)


def within(most: tuple[int, int], seen: tuple[int, int]) -> bool:
    return seen[0] <= most[0] and 0 < seen[1] <= most[1]


BEGIN_TWO_SESSIONS = """
for (const session_id of ['the first', 'the second'])
  fetch('/set-session-cookie', { method: 'POST', body: JSON.stringify({ session_id }) });
fetch('/api/health').then((response) => response.text());
"""
"""What is said last is answered when all of it has left."""


def test_the_session_that_was_begun_last_stays(window: ChatWindow) -> None:
    """Chainlit's page begins two where it is opened at a conversation, and keeps the one whose cookie comes last."""
    begun: list[Route] = []

    def hold(route: Route) -> None:
        begun.append(route)

    window.page.route("**/set-session-cookie", hold)
    window.page.evaluate(BEGIN_TWO_SESSIONS)
    (first,) = begun
    with window.page.expect_request("**/set-session-cookie") as second:
        first.fulfill()
    assert second.value.post_data_json == {"session_id": "the second"}


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
    for name in ("Selection", "Gardener: ", "Baker: "):
        window.unfolded(name)
    window.fits()
    window.sources.first.click()
    expect(window.page.locator("#side-view-content mark")).to_be_visible()
    window.fits()
