"""Commands share round trips, and none of them is left behind."""

import asyncio
from collections.abc import Sequence
from typing import Any

from orchestration.batching import SILENT_LOOKS, Batcher
from orchestration.round_trips import Command


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

    async def ask_and_ask_again() -> str:
        await batcher("ONE")
        reply: str = await batcher("ANOTHER")
        return reply

    async with asyncio.timeout(5):
        asking = asyncio.create_task(ask_and_ask_again())
        await server.one_more_on_its_way()
        meanwhile = asyncio.create_task(batcher("MEANWHILE"))
        await server.one_more_on_its_way()
        server.arrive()
        assert await meanwhile == "MEANWHILE"
        await server.one_more_on_its_way()
        server.arrive()
        assert await asking == "ANOTHER"


async def test_what_is_in_no_hurry_leaves_with_the_next_command() -> None:
    """One round trip for both, in the order in which they were asked for."""
    server = OneMoment()
    batcher = Batcher(server)

    async with asyncio.timeout(5):
        leisurely = asyncio.create_task(batcher.at_leisure("LATER"))
        prompt = asyncio.create_task(batcher("NOW"))
        await server.one_more_on_its_way()
        server.arrive()

        assert await prompt == "NOW"
        assert leisurely.done(), "it came back with the other one"
        assert await leisurely == "LATER"


async def test_what_is_in_no_hurry_leaves_by_itself_when_nothing_else_does() -> None:
    """After a moment, and at the latest when the process leaves."""
    server = OneMoment()
    batcher = Batcher(server)

    async with asyncio.timeout(5):
        for end in (asyncio.Event().wait, batcher.close):
            leisurely = asyncio.create_task(batcher.at_leisure("LATER"))
            await asyncio.sleep(0)
            ending = asyncio.create_task(end())
            await server.one_more_on_its_way()
            server.arrive()
            assert await leisurely == "LATER"
            ending.cancel()


async def test_a_silent_server_is_taken_for_gone() -> None:
    """Not by the clock: who was stopped himself, and wakes up a day later, has not waited for anybody."""
    server = OneMoment()
    batcher = Batcher(server)

    async with asyncio.timeout(5):
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
