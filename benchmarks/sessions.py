"""How many chats go through one web process, and whether every page has everything in the end.

    python -m benchmarks.sessions [--json] [--chats N ...] [--seconds S]

The web process is the real application with its embedded Redis. In each chat a question is asked at the same moment,
four agents answer it, and each of them speaks 50 words a second for some seconds. The pages are socket clients in
this process: each keeps what it hears as the browser does. Every word has its number and its time, so that a page knows
at once when one is missing or came twice, and how late it is; in the end each page is compared with what is drawn from
the log of its run.

Clients, server and Redis share the machine, so each one's processor time is told by itself.
"""

import argparse
import asyncio
import json
import os
import socket
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

from benchmarks.children import Child, child
from benchmarks.measure import Spread, markdown_table, spread
from benchmarks.speakers import NAMES, QUESTION, delays, four_agents
from benchmarks.web import settings_of
from chat.picture import draw
from chat.story import Story, tell
from orchestration import AgentOrchestrator, open_runtime
from people import LOCAL
from tests.chat.browser_side import Site, Tab
from tests.chat.page import shows

CHATS = (10, 50, 100)
LAST_SECONDS = 10.0
"""How long a page may wait for what was sent to it last."""
LONGEST_SECONDS = 90
STEP_WANTED_MS = 1_000.0
"""From the message to the first agent's step, for 99 of 100 chats, when 50 ask at once."""
TITLES = {name: agent.title for name, agent in four_agents().items()}


class TimedTab(Tab):
    """A page that notes when things came, and whether each agent's words came whole and in order."""

    def __init__(self, address: str, cookie: str, profile: str) -> None:
        super().__init__(address, cookie, profile)
        self.asked = self.first_step = self.last_word = self.ended = 0.0
        self.events = 0
        self.late: list[float] = []
        self.torn: list[str] = []
        """What was wrong with the words, at whatever moment."""
        self.greeted = asyncio.Event()
        self.over = asyncio.Event()
        self.came = asyncio.Event()
        """Set at everything that comes."""
        self._said: dict[str, str] = {}
        self._heard: dict[str, int] = {}

    async def ask(self, question: str, command: str | None = None, files: Sequence[str] = ()) -> str:
        self.asked = time.monotonic()
        return await super().ask(question, command, files)

    async def _hear(self, event: str, data: object = None) -> None:
        now = time.monotonic()
        self.events += 1
        self.page.hear(event, data)
        self.greeted.set()
        self.came.set()
        if isinstance(data, Mapping):
            self._notice(event, cast(Mapping[str, object], data), now)

    def _notice(self, event: str, data: Mapping[str, object], now: float) -> None:
        id = str(data.get("id"))
        if event == "first_interaction":
            self.thread = str(data["thread_id"])
        elif event == "new_message" and data["name"] in TITLES.values():
            self.first_step = self.first_step or now
            self._said.setdefault(id, "")
        elif data.get("name") == "on_message" and data.get("end"):
            self.ended = now
            self.over.set()
        if id in self._said:
            self._listen(id, now)

    def _listen(self, step: str, now: float) -> None:
        before, after = self._said[step], str(self.page.steps[step]["output"])
        try:
            if not after.startswith(before.strip()):
                raise ValueError(f"{len(before)} characters were taken back")
            late = list(delays(after[len(before) :], self._heard.get(step, 0), now))
        except ValueError as error:
            self.torn.append(str(error))
            return
        if late:
            self.last_word = now
            self.late += late
            self._said[step] = after
            self._heard[step] = self._heard.get(step, 0) + len(late)


@dataclass(frozen=True)
class Used:
    """Processor seconds of everybody."""

    server: float
    redis: float
    pages: float

    def __sub__(self, before: "Used") -> "Used":
        return Used(self.server - before.server, self.redis - before.redis, self.pages - before.pages)


@dataclass(frozen=True)
class Sessions:
    """What became of so many chats that asked at the same moment."""

    chats: int
    events: int
    """Socket events that the pages received."""
    events_per_second: float
    words: int
    cpu: Used
    seconds: float
    server_us_per_event: float
    to_first_step_ms: Spread
    to_last_word_ms: Spread
    word_late_ms: Spread
    """From when a word was due to when its page had it."""
    torn: int
    """Pages on which a word was missing or doubled, at any moment."""
    different: int
    """Pages that were not, in the end, what the log of their run draws."""
    idle_bytes: float
    """Resident memory of the web process with the pages connected."""
    bytes: float
    """The same when all was answered."""

    @property
    def met(self) -> bool:
        return self.to_first_step_ms.p99 <= STEP_WANTED_MS and not self.torn and not self.different


async def measure(chats: int, seconds: float) -> Sessions:
    """Ask in so many chats at once, and wait until every page is told the end."""
    with tempfile.TemporaryDirectory(prefix="rt-bench-") as folder, socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
        free.close()
        slots = len(NAMES) * chats
        settings = settings_of(Path(folder), port, slots)
        async with (
            child("benchmarks.web", folder, str(port), str(seconds), str(slots)) as web,
            open_runtime(settings, registry=four_agents(), join=True) as watching,
            Site.open(f"http://127.0.0.1:{port}") as site,
        ):
            # The first question of a process finds nothing warm; that is another measurement (benchmarks/page.py).
            await _ask_in(await _connected(site, 1))
            return await _measured(await _connected(site, chats), web, watching)


async def _connected(site: Site, count: int) -> list[TimedTab]:
    tabs = [TimedTab(site.address, site.cookie, "Council") for _ in range(count)]
    site.tabs += tabs
    for tab in tabs:
        await tab.connect()
        await tab.greeted.wait()
    return tabs


async def _ask_in(tabs: Sequence[TimedTab]) -> None:
    async with asyncio.timeout(LONGEST_SECONDS):
        await asyncio.gather(*(tab.ask(QUESTION) for tab in tabs))
        for tab in tabs:
            await tab.over.wait()


async def _measured(tabs: Sequence[TimedTab], web: Child, watching: AgentOrchestrator) -> Sessions:
    idle, before, greetings = await web.ask("rss"), await _used(web, watching), sum(tab.events for tab in tabs)
    await _ask_in(tabs)
    used = await _used(web, watching) - before
    events = sum(tab.events for tab in tabs) - greetings
    elapsed = max(tab.ended for tab in tabs) - min(tab.asked for tab in tabs)
    late = [each for tab in tabs for each in tab.late]
    return Sessions(
        chats=len(tabs),
        seconds=round(elapsed, 2),
        events=events,
        events_per_second=round(events / elapsed, 1),
        words=len(late),
        cpu=used,
        server_us_per_event=round(1e6 * used.server / events, 1),
        to_first_step_ms=spread([tab.first_step - tab.asked for tab in tabs]),
        to_last_word_ms=spread([tab.last_word - tab.asked for tab in tabs]),
        word_late_ms=spread(late),
        torn=sum(1 for tab in tabs if tab.torn),
        different=sum([not await _is_as_its_log_says(tab, watching) for tab in tabs]),
        idle_bytes=idle,
        bytes=await web.ask("rss"),
    )


async def _used(web: Child, watching: AgentOrchestrator) -> Used:
    assert watching.connections is not None, "Redis is there"
    redis = await watching.connections.batcher("INFO", "cpu")
    return Used(
        server=await web.ask("cpu"),
        redis=float(redis["used_cpu_user"]) + float(redis["used_cpu_sys"]),
        pages=time.process_time(),
    )


async def _is_as_its_log_says(tab: TimedTab, watching: AgentOrchestrator) -> bool:
    [run] = await watching.runs(LOCAL, tab.thread)
    story = Story(run)
    async for recorded in watching.follow(run, person=LOCAL):
        story = tell(story, recorded)
    picture = draw(story, TITLES)
    # On a machine that has no time the last events of a page may still be on their way.
    with suppress(TimeoutError):
        async with asyncio.timeout(LAST_SECONDS):
            while not shows(tab.page, picture):
                tab.came.clear()
                await tab.came.wait()
    return shows(tab.page, picture)


def table(found: Sequence[Sessions]) -> str:
    """For a document: a row for each number of chats."""
    head = [
        "chats", "events/s", "server µs/event", "server cores", "first step p50", "p99 ms", "last word p50", "p99 ms",
        "word late p50", "p99 ms", "wrong pages", "MB",
    ]  # fmt: skip
    rows = [
        [
            str(it.chats),
            f"{it.events_per_second:.0f}",
            f"{it.server_us_per_event:.0f}",
            f"{it.cpu.server / it.seconds:.2f}",
            *(
                f"{at:.0f}"
                for of in (it.to_first_step_ms, it.to_last_word_ms, it.word_late_ms)
                for at in (of.p50, of.p99)
            ),
            str(it.torn + it.different),
            f"{it.bytes / 1e6:.0f}",
        ]
        for it in found
    ]
    return markdown_table(head, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--chats", type=int, nargs="+", default=CHATS, metavar="N")
    parser.add_argument("--seconds", type=float, default=4.0, help="that each agent speaks")
    given = parser.parse_args()
    found = [asyncio.run(measure(chats, given.seconds)) for chats in given.chats]
    if given.json:
        rows = [asdict(it) | {"met": it.met} for it in found]
        print(json.dumps({"cores": os.cpu_count(), "first_step_wanted_ms": STEP_WANTED_MS, "sessions": rows}))
        return
    print(f"{os.cpu_count()} cores, {given.seconds:g} s of words\n\n{table(found)}")


if __name__ == "__main__":
    main()
