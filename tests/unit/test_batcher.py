"""Commands share round trips, and none of them is left behind."""

import asyncio
from collections.abc import Collection, Sequence
from typing import Any

import pytest

from orchestration.batching import Batcher
from orchestration.lane import SILENT_LOOKS
from orchestration.round_trips import Command, WritesRefused
from tests.orchestration.waiting import PATIENCE_SECONDS


class OneMoment:
    """Stands where Redis is; every reply that is on its way arrives at the same moment."""

    def __init__(self) -> None:
        self._begun = asyncio.Semaphore(0)
        self._moment = asyncio.Event()

    async def one_more_on_its_way(self) -> None:
        """Wait until another round trip has begun."""
        await self._begun.acquire()

    def arrive(self) -> None:
        """Let all replies arrive."""
        self._moment.set()
        self._moment = asyncio.Event()

    async def __call__(self, commands: Sequence[Command]) -> list[Any]:
        """A round trip: each command comes back as its own reply."""
        await self.arrived()
        return [command[0] for command in commands]

    async def arrived(self) -> None:
        self._begun.release()
        await self._moment.wait()


async def test_a_command_is_sent_although_both_round_trips_just_ended() -> None:
    """Two replies at one moment wake their callers before anything else runs; what one asks next goes out at once."""
    server = OneMoment()
    batcher = Batcher(server)

    async def ask_and_ask_again() -> bytes:
        await batcher("ONE")
        reply: bytes = await batcher("ANOTHER")
        return reply

    async with asyncio.timeout(PATIENCE_SECONDS):
        asking = asyncio.create_task(ask_and_ask_again())
        await server.one_more_on_its_way()
        meanwhile = asyncio.create_task(batcher("MEANWHILE"))
        await server.one_more_on_its_way()
        server.arrive()
        assert await meanwhile == b"MEANWHILE"
        await server.one_more_on_its_way()
        server.arrive()
        assert await asking == b"ANOTHER"


async def test_what_is_in_no_hurry_leaves_with_the_next_command() -> None:
    """One round trip for both, in the order in which they were asked for."""
    server = OneMoment()
    batcher = Batcher(server)

    async with asyncio.timeout(PATIENCE_SECONDS):
        leisurely = asyncio.create_task(batcher.script("acknowledge", [], [], leisure=True))
        prompt = asyncio.create_task(batcher("NOW"))
        await server.one_more_on_its_way()
        server.arrive()

        assert await prompt == b"NOW"
        assert leisurely.done(), "it came back with the other one"
        assert await leisurely == b"EVALSHA"


async def test_what_is_in_no_hurry_leaves_by_itself_when_nothing_else_does() -> None:
    """After a moment, and at the latest when the process leaves."""
    server = OneMoment()
    batcher = Batcher(server)

    async with asyncio.timeout(PATIENCE_SECONDS):
        for end in (asyncio.Event().wait, batcher.close):
            leisurely = asyncio.create_task(batcher.script("acknowledge", [], [], leisure=True))
            await asyncio.sleep(0)
            ending = asyncio.create_task(end())
            await server.one_more_on_its_way()
            server.arrive()
            assert await leisurely == b"EVALSHA"
            ending.cancel()


async def test_a_silent_server_is_taken_for_gone() -> None:
    """Not by the clock: who was stopped himself, and wakes up a day later, has not waited for anybody."""
    server = OneMoment()
    batcher = Batcher(server)

    async with asyncio.timeout(PATIENCE_SECONDS):
        asking = asyncio.create_task(batcher("ONE"))
        await server.one_more_on_its_way()
        for _ in range(SILENT_LOOKS):
            batcher.look()
        assert batcher.available
        batcher.look()
        assert not batcher.available
        server.arrive()
        await asking
        assert batcher.available


async def test_what_cannot_be_encoded_fails_for_its_caller_only() -> None:
    """Ids come from pages, and a page may send half a letter."""
    server = OneMoment()
    batcher = Batcher(server)

    async with asyncio.timeout(PATIENCE_SECONDS):
        asking = asyncio.create_task(batcher("GET", "one"))
        with pytest.raises(UnicodeEncodeError):
            await batcher("GET", "\ud800")
        await server.one_more_on_its_way()
        server.arrive()
        await asking


async def test_a_server_that_takes_no_writes_is_as_good_as_gone() -> None:
    """What only reads is answered, and must not hide it; a write that is taken ends it."""
    full = True

    async def answers(commands: Sequence[Command]) -> list[Any]:
        return [WritesRefused("OOM") if full and command[0] != b"GET" else b"OK" for command in commands]

    batcher = Batcher(answers)
    with pytest.raises(WritesRefused):
        await batcher("SET", "one", "1")
    await batcher("GET", "one")
    assert not batcher.available
    assert not batcher.takes_writes
    with pytest.raises(WritesRefused):
        await batcher.probe("probe")
    full = False
    await batcher.probe("probe")
    assert batcher.available
    assert batcher.takes_writes


class Halves:
    """A map of two servers, "a" and "b": keys name theirs. What is sent is written down, and `away` does not answer."""

    def __init__(self) -> None:
        self.known = ["a", "b"]
        self.away: set[str] = set()
        self.sent: list[list[str]] = []

    def server(self, command: Command) -> str:
        key = command[1]
        assert isinstance(key, bytes)
        return key.decode()[0]

    def servers(self) -> Collection[str]:
        return self.known

    def near(self, key: str, server: str) -> str:
        return server + key

    async def look_again(self) -> None:
        if "b" in self.away:
            self.known = ["a", "c"]

    async def __call__(self, commands: Sequence[Command]) -> list[Any]:
        names = [part.decode() for _, part, *_ in commands if isinstance(part, bytes)]
        self.sent.append(names)
        if self.away.intersection(name[0] for name in names):
            raise ConnectionError("away")
        return names


async def test_each_server_has_its_own_round_trips() -> None:
    """Commands of one moment are sorted by where they go."""
    halves = Halves()
    batcher = Batcher(halves, halves)
    assert await asyncio.gather(*(batcher("GET", key) for key in ("a1", "b1", "a2", "b2"))) == ["a1", "b1", "a2", "b2"]
    assert sorted(halves.sent) == [["a1", "a2"], ["b1", "b2"]]


async def test_what_the_first_command_prepares_is_there_for_the_others() -> None:
    """The first one's server has answered before anything is sent to another, and replies come in the order asked."""
    halves = Halves()
    batcher = Batcher(halves, halves)
    commands: list[Command] = [("SET", "a1"), ("SET", "b1"), ("SET", "a2"), ("SET", "c1")]
    assert await batcher.together(commands) == ["a1", "b1", "a2", "c1"]
    assert halves.sent[0] == ["a1", "a2"]
    assert sorted(halves.sent[1:]) == [["b1"], ["c1"]]


async def test_nothing_follows_a_first_command_that_did_not_arrive() -> None:
    """Or a message would be sent whose step nobody has marked as queued."""
    halves = Halves()
    halves.away = {"a"}
    batcher = Batcher(halves, halves)
    with pytest.raises(ConnectionError):
        await batcher.together([("SET", "a1"), ("SET", "b1")])
    assert halves.sent == [["a1"]]


async def test_one_server_that_is_away_is_enough_for_an_outage() -> None:
    """The others' answers do not hide it; it ends with its own, and a probe is sent to it alone."""
    halves = Halves()
    batcher = Batcher(halves, halves)
    halves.away = {"a"}
    with pytest.raises(ConnectionError):
        await batcher("GET", "a1")
    await batcher("GET", "b1")
    assert not batcher.available
    with pytest.raises(ConnectionError):
        await batcher.probe("-probe")
    halves.away = set()
    await batcher.probe("-probe")
    assert batcher.available
    assert halves.sent[2:] == [["a-probe"], ["a-probe"]]


async def test_a_server_that_was_replaced_is_not_waited_for() -> None:
    """Its successor has a lane of its own."""
    halves = Halves()
    batcher = Batcher(halves, halves)
    halves.away = {"b"}
    with pytest.raises(ConnectionError):
        await batcher("GET", "b1")
    assert not batcher.available
    await batcher.probe("-probe")
    assert batcher.available
    await batcher.until_available()
