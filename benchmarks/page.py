"""What a person waits for: the page after a start, the first agent at work, the whole answer with its citations.

    python -m benchmarks.page [--json] [--data FOLDER] [--asks N]

`roundtable serve` runs as it is, with its catalog and its model. It is started twice, and the second start is the one
that is measured: the first one of a new folder reads the documents. Times of an ask are taken inside of the browser,
from the press of Enter to the frame in which something is there; each ask begins a new conversation.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import cast

from playwright.sync_api import Browser, Page, sync_playwright

from agents import load_catalog
from benchmarks.coordination import STARTER
from benchmarks.measure import Spread, spread

TARGETS_MS = {"start to usable page": 10_000, "Enter to first agent step": 500, "Enter to last citation": 2_000}
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
LONGEST_MS = 300_000
"""The first ask of a new folder waits until its documents are read."""
WATCH = """
(titles) => {
  const seen = { pressed: 0, step: 0, citation: 0, citations: 0, ended: 0 };
  window.seen = seen;
  addEventListener('keydown', (event) => { if (event.key === 'Enter') seen.pressed = performance.now(); }, true);
  const isAgent = (toggle) => titles.some((title) => toggle.id.startsWith('step-' + title));
  const look = () => {
    const now = performance.now();
    if (!seen.step && [...document.querySelectorAll("button[id^='step-']")].some(isAgent)) seen.step = now;
    const citations = document.querySelectorAll("a[href^='#cite-'], .rt-source").length;
    if (citations > seen.citations) Object.assign(seen, { citations, citation: now });
    if (document.querySelector('.rt-source') && !document.querySelector('#stop-button')) seen.ended = now;
  };
  let asked = false;
  new MutationObserver(() => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; look(); });
  }).observe(document.body, { childList: true, subtree: true });
}
"""


@contextmanager
def serving(data: Path) -> Iterator[str]:
    """The address of a server in a process of its own, which is asked to stop at the end."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    environ = {**os.environ, "ROUNDTABLE_DATA": str(data), "PORT": str(port)}
    with subprocess.Popen([sys.executable, "-m", "cli.main", "serve"], env=environ, stdout=subprocess.PIPE) as server:
        try:
            assert server.stdout is not None
            assert b"Roundtable is at" in server.stdout.readline(), "the server did not start"
            yield f"http://localhost:{port}"
        finally:
            server.terminate()
            server.wait(timeout=60)


def new_page(browser: Browser, address: str) -> Page:
    """A page of a browser that was never here, once it can be used."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    begin(page, address)
    return page


def begin(page: Page, address: str) -> None:
    """An empty conversation, once it can be used: a first visit signs in and loads again before it connects."""
    with page.expect_websocket():
        page.goto(address)
    page.wait_for_selector("#chat-input")


def ask(page: Page, titles: list[str]) -> dict[str, float]:
    """Seconds from Enter to each thing that the page was watched for."""
    page.evaluate(WATCH, titles)
    page.click("#chat-input")
    page.keyboard.insert_text(STARTER)
    page.wait_for_selector("#chat-submit:not([disabled])")
    page.keyboard.press("Enter")
    page.wait_for_function("window.seen.ended", timeout=LONGEST_MS)
    seen = cast(dict[str, float], page.evaluate("window.seen"))
    return {name: (seen[name] - seen["pressed"]) / 1_000 for name in ("step", "citation")}


def measure(data: Path, asks: int) -> dict[str, Spread]:
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is needed: apt-get install chromium"
    titles = [agent.title for agent in load_catalog().values()]
    with sync_playwright() as playwright, ExitStack() as stack:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        stack.callback(browser.close)
        with serving(data) as address:
            # The demo knowledge is read when the first answer is there.
            ask(new_page(browser, address), titles)
        begun = time.perf_counter()
        with serving(data) as address:
            page = new_page(browser, address)
            usable = time.perf_counter() - begun
            first = ask(page, titles)
            times = []
            for _ in range(asks):
                begin(page, address)
                times.append(ask(page, titles))
    return {
        "start to usable page": spread([usable]),
        "first ask of a start, to last citation": spread([first["citation"]]),
        "Enter to first agent step": spread([took["step"] for took in times]),
        "Enter to last citation": spread([took["citation"] for took in times]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--data", type=Path, help="a data folder, kept; a temporary one if it is left out")
    parser.add_argument("--asks", type=int, default=10)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rt-page-") as folder:
        figures = measure(given.data or Path(folder), given.asks)
    if given.json:
        print(json.dumps({"ms": {k: v.as_dict() for k, v in figures.items()}, "targets_ms": TARGETS_MS}))
        return
    print(f"Milliseconds\n{'':40}{'count':>6} {'p50':>9} {'p99':>9} {'max':>9} {'target':>9}")
    for name, figure in figures.items():
        print(f"{name:40}{figure.row()} {TARGETS_MS.get(name, '-'):>9}")


if __name__ == "__main__":
    main()
