"""A browser, a server to look at, and windows that tell what went on behind their back."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest
from playwright.sync_api import Browser, BrowserContext, ViewportSize, expect, sync_playwright

from tests.browser.chat_window import ChatWindow, Witness

ROOT = Path(__file__).parents[2]
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_MS = 60_000
"""However busy the machine is; what is waited for comes within a second or two where it is not."""
DESKTOP, PHONE = (1280, 900), (390, 844)

Opened = Callable[..., ChatWindow]
SEEN = pytest.StashKey[list[ChatWindow]]()
"""The windows of a test."""
Profiles = Callable[[tuple[int, int]], BrowserContext]


@dataclass(frozen=True)
class Served:
    """The server's address, and its agents in the hand of a test."""

    base: str
    orders: IO[str]
    done: IO[str]

    def hold(self) -> None:
        """Agents that start from now on wait in the middle of their reasoning."""
        self._order("hold")

    def say(self, words: str) -> None:
        """Every agent that waits, or comes to wait, reasons on with these words."""
        self._order(f"say {words}")

    def release(self) -> None:
        """Agents go on and answer."""
        self._order("release")

    def freeze(self) -> None:
        """Redis answers nothing any more."""
        self._order("freeze")

    def thaw(self) -> None:
        """Redis goes on."""
        self._order("thaw")

    def _order(self, order: str) -> None:
        self.orders.write(f"{order}\n")
        self.orders.flush()
        assert self.done.readline() == "done\n", "the server is gone; see page.log in pytest's temporary folder"


# Not for the whole session: while Playwright is open, its event loop runs in this thread, and no other one can.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.fail(
            f"There is no {', '.join(NAMES[:-1])} or {NAMES[-1]} on the PATH: the tests of the page need a browser. "
            "Install one with `apt-get install chromium`."
        )
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        try:
            yield opened
        finally:
            opened.close()


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The real application with an embedded Redis over two small agents, without a login."""
    with serving(tmp_path_factory.mktemp("page"), tmp_path_factory.getbasetemp() / "page.log") as served:
        yield served


@contextmanager
def serving(folder: Path, log_to: Path, **environment: str) -> Iterator[Served]:
    """The real application over two small agents, on the data in a folder; it must end cleanly."""
    command = [sys.executable, "-m", "tests.browser.serving", str(folder)]
    with (
        log_to.open("a") as log,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            port = int(process.stdout.readline())
            yield Served(f"http://localhost:{port}", process.stdin, process.stdout)
            process.terminate()
            assert process.wait(PATIENCE_MS / 1000) == 0
        finally:
            process.kill()


@pytest.fixture
def served(server: Served) -> Iterator[Served]:
    """The server, with its agents free to answer after the test whatever the test did."""
    yield server
    server.release()


@pytest.fixture(scope="package")
def profiles(browser: Browser, server: Served) -> Iterator[Profiles]:
    """Browser profiles that have been here before, one for each size; a new one would load and sign in anew."""
    with kept_profiles(browser, server) as kept:
        yield kept


@contextmanager
def kept_profiles(browser: Browser, server: Served) -> Iterator[Profiles]:
    """The same for a server of a test's own."""
    with ExitStack() as closing:
        kept: dict[tuple[int, int], BrowserContext] = {}

        def profile(size: tuple[int, int]) -> BrowserContext:
            if size not in kept:
                kept[size] = made = new_profile(browser, size)
                closing.callback(made.close)
                visit = made.new_page()
                ChatWindow(visit, server.base, Witness(server.base)).open()
                visit.close()
            return kept[size]

        yield profile


def new_profile(browser: Browser, size: tuple[int, int], language: str = "en-US") -> BrowserContext:
    """Cookies, cache and window of somebody who was never here."""
    width, height = size
    viewport: ViewportSize = {"width": width, "height": height}
    context = browser.new_context(viewport=viewport, reduced_motion="reduce", locale=language)
    context.set_default_timeout(PATIENCE_MS)
    return context


@pytest.fixture
def open_window(
    browser: Browser, served: Served, profiles: Profiles, request: pytest.FixtureRequest
) -> Iterator[Opened]:
    """Opens windows; at the end every window's witness is asked."""
    seen: list[ChatWindow] = []
    request.node.stash[SEEN] = seen
    with windows(browser, served, profiles, seen) as opened:
        yield opened


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that fails tells what stood in its windows."""
    report = yield
    if report.when == "call" and report.failed:
        report.sections += [("a window", window.told()) for window in item.stash.get(SEEN, [])]
    return report


@contextmanager
def windows(
    browser: Browser, served: Served, profiles: Profiles, seen: list[ChatWindow] | None = None
) -> Iterator[Opened]:
    """The same for a server of a test's own; those that were opened are in `seen`."""
    with ExitStack() as closing:
        witnesses: list[Witness] = []

        def opened(
            size: tuple[int, int] = DESKTOP, *, dark: bool = False, first_visit: bool = False, language: str = "en-US"
        ) -> ChatWindow:
            profile = new_profile(browser, size, language) if first_visit else profiles(size)
            if first_visit:
                closing.callback(profile.close)
            page = profile.new_page()
            closing.callback(page.close)
            page.emulate_media(color_scheme="dark" if dark else "light")
            witness = Witness(served.base, signed_in=not first_visit)
            witness.watch(page)
            witnesses.append(witness)
            window = ChatWindow(page, served.base, witness)
            if seen is not None:
                seen.append(window)
            return window

        yield opened
        assert [trouble for witness in witnesses for trouble in witness.troubles()] == []


@pytest.fixture
def window(open_window: Opened) -> ChatWindow:
    """The chat on a desktop, empty."""
    return open_window().open()
