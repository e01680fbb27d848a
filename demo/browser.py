"""The chat in Chromium, as the acts of a scene use it."""

import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Error, Locator, async_playwright, expect
from playwright.async_api import Page as Tab

from demo.errors import NoBrowser, NotAsExpected

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ("--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update")
WIDTH, HEIGHT = 1280, 900
PATIENCE_MS = 120_000
"""A new data folder answers when its documents are read."""
DOWN = """
() => {
  const arrow = document.querySelector('button.rounded-full:has(svg.lucide-arrow-down)');
  arrow?.click();
  return !arrow;
}
"""
"""Goes to the end of the conversation, where no arrow stands over it; true when it is there."""
MISSING = (
    "There is no Chromium: none of chromium, chromium-browser and google-chrome is on the PATH. Install one, such as "
    "with `apt-get install chromium`."
)


def find_chromium() -> str | None:
    """The program; None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def has_display() -> bool:
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


class ChatPage:
    """One tab with the chat in it."""

    def __init__(self, tab: Tab, address: str, pictures: Path) -> None:
        self._tab = tab
        self._address = address
        self._pictures = pictures

    async def begin(self) -> None:
        async with self._tab.expect_websocket():
            await self._tab.goto(self._address)
        await expect(self._composer).to_be_visible()
        await self.banner("")

    async def start(self, label: str) -> None:
        await self._tab.locator("#starters > button").filter(has_text=label).click()

    async def ask(self, question: str) -> None:
        asked = self._tab.locator("[data-step-type=user_message]")
        before = await asked.count()
        await self._composer.click()
        await self._tab.keyboard.insert_text(question)
        await self._send()
        await expect(asked).to_have_count(before + 1)

    async def answered(self, words: str) -> None:
        # An answer that stood there before the question is none to it.
        messages = self._tab.locator("[data-step-type=user_message], [data-step-type=assistant_message]")
        await expect(messages.last).to_have_attribute("data-step-type", "assistant_message")
        await expect(self._answer).to_contain_text(words)
        await expect(self._answer.locator(".element-link").first).to_be_visible()
        await expect(self._tab.locator("#stop-button")).to_be_hidden()
        await expect(self._tab.locator(".loading-shimmer")).to_have_count(0)

    async def shows(self, words: str, times: int = 1) -> None:
        await expect(self._tab.get_by_text(words).nth(times - 1)).to_be_visible()

    async def unfold(self, step: str) -> None:
        toggle = self._tab.locator(f"button[id^='step-{step}']").last
        if await toggle.get_attribute("data-state") == "closed":
            await toggle.click()

    async def open_citation(self) -> None:
        await self._answer.locator(".element-link").first.click()
        await expect(self._tab.locator("#side-view-content mark").first).to_be_visible()

    async def turn_ask_first(self, on: bool) -> None:
        await self._tab.locator("#chat-settings-open-modal").click()
        switch = self._tab.get_by_role("switch", name="Ask me first")
        if (await switch.get_attribute("aria-checked") == "true") != on:
            await switch.click()
        await self._tab.locator("#confirm").click()
        await expect(self._tab.get_by_role("dialog")).to_have_count(0)

    async def change_plan(self, out: int, step: int, question: str) -> None:
        plan = self._plan
        await plan.get_by_role("button", name=f"Take step {out} out", exact=True).click()
        await plan.get_by_label(f"Question of step {step}", exact=True).fill(question)

    async def run_plan(self) -> None:
        await self._plan.get_by_role("button", name="Run this plan").click()

    async def hand_in(self, file: Path) -> None:
        await self._tab.locator("#upload-button-input").set_input_files(file)
        await expect(self._tab.locator("#attachments")).to_be_visible()
        await expect(self._tab.locator("#upload-button")).to_be_visible()
        await self._composer.click()
        await self._send()
        await expect(self._card.locator(".rt-choose").first).to_be_visible()

    async def give_to(self, agent: str) -> None:
        await self._card.locator(f".rt-choose[data-agent={agent}]").click()
        await expect(self._card.locator("[data-file=added], [data-file=unchanged]")).to_be_visible()

    async def banner(self, words: str) -> None:
        banner = self._tab.locator(".rt-banner")
        if words:
            await expect(banner).to_contain_text(words)
        else:
            await expect(banner).to_have_count(0)

    async def rename(self, name: str) -> None:
        await self._conversations.first.hover()
        await self._tab.locator("#thread-options").first.click()
        await self._tab.get_by_role("menuitem", name="Rename").click()
        dialog = self._tab.get_by_role("dialog")
        await dialog.get_by_role("textbox").fill(name)
        await dialog.get_by_role("button", name="Confirm").click()
        await expect(self._conversations.first).to_contain_text(name)

    async def search(self, words: str) -> None:
        await self._tab.locator("#search-chats-button").click()
        async with self._tab.expect_response(lambda response: words in (response.request.post_data or "")):
            await self._tab.get_by_role("dialog").get_by_role("combobox").fill(words)
        await expect(self._results.first).to_be_visible()

    async def open_result(self, name: str) -> None:
        await self._results.filter(has_text=name).click()
        await expect(self._answer.locator(".element-link").first).to_be_visible()

    async def picture(self, name: str, height: int, dark: bool) -> None:
        if dark:
            await self._look("dark")
        await self._tab.set_viewport_size({"width": WIDTH, "height": height})
        await self._tab.wait_for_function(DOWN)
        await self._tab.mouse.move(WIDTH - 1, height - 1)
        await self._tab.evaluate("document.activeElement?.blur()")
        await self._tab.evaluate("Promise.all(document.getAnimations().map((each) => each.finished.catch(() => {})))")
        # Two frames: what was drawn for the new size, and what followed from it.
        await self._tab.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        await self._tab.screenshot(path=self._pictures / f"{name}.png", animations="disabled", caret="hide")
        await self._tab.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        if dark:
            await self._look("light")

    async def _send(self) -> None:
        await expect(self._tab.locator("#chat-submit:not([disabled])")).to_be_visible()
        await self._tab.keyboard.press("Enter")

    async def _look(self, scheme: str) -> None:
        await self._tab.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        async with self._tab.expect_websocket():
            await self._tab.reload()
        await expect(self._answer.locator(".element-link").first).to_be_visible()

    @property
    def _composer(self) -> Locator:
        return self._tab.locator("#chat-input")

    @property
    def _answer(self) -> Locator:
        return self._tab.locator("[data-step-type=assistant_message]").last

    @property
    def _plan(self) -> Locator:
        return self._tab.locator(".rt-proposal").last

    @property
    def _card(self) -> Locator:
        return self._tab.locator(".rt-delivery").last

    @property
    def _conversations(self) -> Locator:
        return self._tab.locator("[id^='thread-']:not(#thread-history, #thread-options)")

    @property
    def _results(self) -> Locator:
        return self._tab.get_by_role("dialog").get_by_role("option")


@asynccontextmanager
async def open_browser(address: str, *, headless: bool, pictures: Path) -> AsyncIterator[ChatPage]:
    """A window of a browser that was never here. Raises NoBrowser, and NotAsExpected for what a page does not do."""
    program = find_chromium()
    if program is None:
        raise NoBrowser(MISSING)
    # As root, in a container, Chromium starts in no other way; it sees nothing but the demonstration's own page.
    arguments = [*ARGUMENTS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        # Ctrl-C is for us: we close the browser.
        browser = await playwright.chromium.launch(
            executable_path=program, args=arguments, headless=headless,
            handle_sigint=False, handle_sigterm=False, handle_sighup=False,
        )  # fmt: skip
        try:
            context = await browser.new_context(
                viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", reduced_motion="reduce"
            )
            context.set_default_timeout(PATIENCE_MS)
            yield ChatPage(await context.new_page(), address, pictures)
        except (Error, AssertionError) as error:
            # What follows is the whole page in words.
            said = " ".join(re.sub(r"\x1b\[\d+m", "", str(error)).partition("Aria snapshot")[0].split())
            raise NotAsExpected(f"The page did not do what was expected: {said}") from error
        finally:
            await browser.close()
