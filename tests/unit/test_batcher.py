"""Commands share round trips, and none of them is left behind."""

import asyncio
from types import TracebackType
from typing import Any, Self, cast

from redis.asyncio import Redis

from orchestration.batching import Batcher


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

    def pipeline(self, transaction: bool) -> "Trip":
        return Trip(self)

    async def arrived(self) -> None:
        self._begun.release()
        await self._moment.wait()


class Trip:
    def __init__(self, server: OneMoment) -> None:
        self._server = server
        self._commands: list[tuple[Any, ...]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def execute_command(self, *command: Any) -> None:
        self._commands.append(command)

    async def execute(self, raise_on_error: bool) -> list[Any]:
        await self._server.arrived()
        return [command[0] for command in self._commands]


async def test_a_command_is_sent_although_both_round_trips_just_ended() -> None:
    """Two replies at one moment wake their callers before anything else runs; what one asks next goes out at once."""
    server = OneMoment()
    batcher = Batcher(cast(Redis, server))

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
