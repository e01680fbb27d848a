"""How the reader of streams ends."""

import asyncio
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import ConnectionError

from orchestration.connections import Connections
from orchestration.reading import StreamReader
from tests.orchestration.waiting import PATIENCE_SECONDS


class Forgetful:
    """As redis-py is on Python 3.11: of a cancellation and an error that come together, it passes on the error."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def reader_of(self, stream: str) -> Redis:
        self.asked.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ConnectionError(f"the server of {stream} is away") from None
        raise AssertionError("nobody sets that event")


async def test_a_reader_ends_though_redis_goes_away_at_that_moment() -> None:
    """It does not wait for streams that nobody will ever add."""
    connections = Forgetful()
    reader = StreamReader(cast(Connections, connections), lambda stream, entry, fields: None)
    reader.add(b"events", b"0-0")
    reading = asyncio.create_task(reader.run())
    await connections.asked.wait()

    await reader.leave()
    reading.cancel()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.wait([reading])
    assert reading.cancelled()
