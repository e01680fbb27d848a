"""A browser window with the chat in it, as a test uses it."""

from dataclasses import dataclass, field
from typing import cast

from playwright.sync_api import (
    ConsoleMessage,
    Dialog,
    Error,
    FilePayload,
    Locator,
    Page,
    Request,
    TimeoutError,
    expect,
)

KATEX = "https://cdn.jsdelivr.net/npm/katex"
"""Chainlit's page links this stylesheet; the Content-Security-Policy keeps the browser from asking for it."""

TELLING_MS = 5_000
MOST_TOLD = 3_000
"""Characters."""
STEPS = """[...document.querySelectorAll("button[id^='step-']")].map((toggle) => toggle.id.slice(5))"""
SCROLLING = """
[...document.querySelectorAll('body div:not([data-sidebar=content])')]
  .filter((each) => each.scrollHeight > each.clientHeight && /auto|scroll/.test(getComputedStyle(each).overflowY))
  .map((each) => each.className)
"""
TOO_WIDE = """
[...document.querySelectorAll('body *:not(pre)')]
  .filter((each) => each.scrollWidth > each.clientWidth && /auto|scroll/.test(getComputedStyle(each).overflowX))
  .map((each) => `${each.tagName} ${each.id} ${each.className}`)
"""


@dataclass
class Witness:
    """What happened around a page that a person would not see, or should never see."""

    own: str
    signed_in: bool = True
    """A browser that was never here is told once that it is not signed in, and then signs in by itself."""
    with_history: bool = True
    """Without Redis the list of conversations is refused."""
    elsewhere: dict[str, str | None] = field(default_factory=dict)
    """Addresses of other hosts that the page wanted, with how that failed; None while it has not failed."""
    dialogs: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    """Errors in the console, and exceptions that nobody caught."""

    def watch(self, page: Page) -> None:
        page.on("request", self._requested)
        page.on("requestfailed", self._failed)
        page.on("dialog", self._asked)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _requested(self, request: Request) -> None:
        if not request.url.startswith((self.own, "data:", "blob:")):
            self.elsewhere[request.url] = None

    def _failed(self, request: Request) -> None:
        if request.url in self.elsewhere:
            self.elsewhere[request.url] = request.failure

    def _asked(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"{message.text} ({message.location['url']})")

    def troubles(self) -> list[str]:
        """What should not have been: a dialog, an error out of sight, a request that left for another host."""
        fetched = [url for url, why in self.elsewhere.items() if not url.startswith(KATEX) or why != "csp"]
        return [*self.dialogs, *(c for c in self.complaints if not self._harmless(c)), *fetched]

    def _harmless(self, complaint: str) -> bool:
        if KATEX in complaint and "Content Security Policy" in complaint:
            return True
        if complaint.startswith("`DialogContent` requires a `DialogTitle`"):
            # Chainlit's own side panel, which is a dialog on a phone.
            return True
        if not self.with_history and "Service Unavailable" in complaint:
            return "503" in complaint or "listThreads" in complaint
        return not self.signed_in and ("401 (Unauthorized)" in complaint or ": Unauthorized" in complaint)


@dataclass(frozen=True)
class ChatWindow:
    """One tab; its locators wait for what they name."""

    page: Page
    base: str
    witness: Witness

    def open(self, path: str = "/") -> "ChatWindow":
        """Go there, and wait until the page is connected; at a first visit it signs in and loads again before that."""
        with self.page.expect_websocket():
            self.page.goto(self.base + path)
        expect(self.composer).to_be_visible()
        return self

    def connected(self) -> None:
        """Wait until there is a session that can keep files: with it the commands come."""
        expect(self.page.locator("#command-help")).to_be_visible()

    def ask(self, question: str) -> None:
        """Type and press Enter."""
        self.composer.click()
        self.page.keyboard.insert_text(question)
        expect(self.page.locator("#chat-submit:not([disabled])")).to_be_visible()
        self.page.keyboard.press("Enter")

    def attach(self, *files: FilePayload) -> None:
        """Choose files with the paperclip, and wait until they are there to be sent."""
        self.connected()
        self.page.locator("#upload-button-input").set_input_files(files)
        expect(self.page.locator("#attachments")).to_be_visible()
        expect(self.page.locator("#upload-button")).to_be_visible()

    @property
    def card(self) -> Locator:
        """What becomes of the files that were handed in last."""
        return self.page.locator(".rt-delivery").last

    @property
    def listing(self) -> Locator:
        """The documents, as they were asked for last."""
        return self.page.locator(".rt-documents").last

    @property
    def composer(self) -> Locator:
        return self.page.locator("#chat-input")

    @property
    def stop_button(self) -> Locator:
        return self.page.locator("#stop-button")

    @property
    def answer(self) -> Locator:
        """What Roundtable says at last."""
        return self.page.locator("[data-step-type=assistant_message]").last

    @property
    def nodes(self) -> Locator:
        """The cards of the plan's graph."""
        return self.page.locator(".rt-plan .rt-node")

    @property
    def shimmers(self) -> Locator:
        """Titles of what is at work."""
        return self.page.locator(".loading-shimmer")

    @property
    def sources(self) -> Locator:
        """The list under the answer."""
        return self.answer.locator(".element-link")

    @property
    def in_text(self) -> Locator:
        """The numbers inside of the answer."""
        return self.answer.locator("a[href^='#cite-']")

    def step(self, name: str) -> Locator:
        """A step by the beginning of its name, with all that is nested in it."""
        toggle = self.page.locator(f"[id^='step-{name}']")
        return self.page.locator(".step").filter(has=toggle).first

    def unfolded(self, name: str) -> Locator:
        """The step, opened if it was folded."""
        toggle = self.page.locator(f"button[id^='step-{name}']").first
        if toggle.get_attribute("data-state") == "closed":
            toggle.click()
        return self.step(name)

    def steps(self) -> list[str]:
        """What can be folded, in the order of the page."""
        return cast(list[str], self.page.evaluate(STEPS))

    def shows(self, steps: list[str]) -> None:
        """Wait until the page shows exactly these steps."""
        try:
            self.page.wait_for_function(f"steps => JSON.stringify({STEPS}) === JSON.stringify(steps)", arg=steps)
        except TimeoutError as error:
            raise AssertionError(f"the page shows {self.steps()} and not {steps}") from error

    def told(self) -> str:
        """What stands on the page, for a test that has failed."""
        try:
            return f"{self.page.url}\n{self.page.inner_text('body', timeout=TELLING_MS)[:MOST_TOLD]}"
        except Error as error:
            return f"nothing can be seen: {error.message}"

    def stop(self) -> None:
        """Press Stop, even where the page is just being drawn anew."""
        expect(self.stop_button).to_be_visible()
        self.page.evaluate("document.querySelector('#stop-button').click()")

    def scrolls_in_one_place(self) -> None:
        """The conversation scrolls, and nothing around it or in it; the list of conversations may, too."""
        scrolling = self.page.evaluate(SCROLLING)
        assert len(scrolling) == 1, scrolling

    def fits(self) -> None:
        """Nothing can be scrolled sideways: neither the page nor, code aside, a part of it."""
        assert self.page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
        wide = self.page.evaluate(TOO_WIDE)
        assert wide == [], wide
