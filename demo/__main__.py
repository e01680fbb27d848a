"""Present the real application, scene by scene.

    python -m demo [--auto | --record] [--scene N] [--data FOLDER] [--port N] [--by-hand]

By itself it opens Chromium, and goes on whenever Enter is pressed. Without a display, or without Chromium, it says what
to do in a browser of one's own, and does only what is not the browser's. Ctrl-C ends it, and everything it started.
"""

import argparse
import asyncio
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack, nullcontext
from pathlib import Path

from benchmarks.children import REPOSITORY
from cli.errors import PortTaken
from cli.sockets import listening
from demo.backstage import open_backstage
from demo.browser import MISSING, find_chromium, has_display, open_browser
from demo.errors import DemoError, NoBrowser
from demo.runner import Pace, Runner
from demo.script import SCENES
from demo.stage import Page
from demo.terminal import Enter, after_reading, at_once, say

PICTURES = REPOSITORY / "docs" / "images"
INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m demo", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--auto", action="store_true", help="go on by itself, with pauses for an audience")
    way.add_argument("--record", action="store_true", help="go on at once, and leave the README's pictures")
    way.add_argument("--by-hand", action="store_true", help="open no browser: the presenter uses one")
    parser.add_argument("--scene", type=int, choices=range(1, len(SCENES) + 1), default=1, help="begin with this one")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="a data folder, kept; else one that goes away")
    parser.add_argument("--port", type=int, metavar="N", help="where the chat listens; else any port that is free")
    given = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="rt-demo-") as folder:
            return _run(given, (given.data or Path(folder)).absolute())
    except KeyboardInterrupt:
        print("\nStopped; nothing is left running.", file=sys.stderr)
        return INTERRUPTED


def _run(given: argparse.Namespace, data: Path) -> int:
    trouble: list[str] = []
    try:
        asyncio.run(present(given, data))
    except* (DemoError, PortTaken) as group:
        # It comes out of the group in which the processes were watched.
        trouble = [str(error) for error in _each(group)]
    for words in trouble:
        print(words, file=sys.stderr)
    return 1 if trouble else 0


def _each(group: BaseExceptionGroup[Exception]) -> Iterator[Exception]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _each(error)
        else:
            yield error


async def present(given: argparse.Namespace, data: Path) -> None:
    """Everything that a presentation needs, and then the presentation."""
    by_hand = given.by_hand or _why_by_hand(given)
    # Seen here, where it becomes a sentence; the process that listens there says nothing to the terminal.
    with listening(given.port) if given.port else nullcontext():
        port = given.port or _free_port()
    address = f"http://localhost:{port}"
    async with AsyncExitStack() as stack:
        say("Starting the chat and two workers; a new data folder takes half a minute.")
        backstage = await stack.enter_async_context(open_backstage(data, port, say))
        page: Page | None = None
        if not by_hand:
            headless = given.record or not has_display()
            page = await stack.enter_async_context(open_browser(address, headless=headless, pictures=PICTURES))
        pace: Pace = at_once if given.record else after_reading if given.auto else Enter()
        say(f"The chat is at {address}, its data in {data}. Ctrl-C ends everything.")
        runner = Runner(page, backstage, say=say, pace=pace, recording=given.record)
        await runner.play(SCENES, given.scene)
        by_itself = given.auto or given.record
        await runner.end("\nThat was all." if by_itself else "\nThat was all. The chat stays until you press Enter.")


def _why_by_hand(given: argparse.Namespace) -> bool:
    """Whether nothing else is possible, having said why. Raises NoBrowser when it was to go on by itself."""
    if find_chromium() is None:
        if given.auto or given.record:
            raise NoBrowser(MISSING)
        say(f"{MISSING} Until then use a browser of your own.")
        return True
    if not has_display() and not (given.auto or given.record):
        say("There is no display to open a browser on: use one of your own, here or through a tunnel to the port.")
        return True
    return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
