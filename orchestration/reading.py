"""One blocking reader of streams that are in one place, and may become more while it waits."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from redis.asyncio import Redis

from orchestration.connections import BLOCK_MS, FIRST_PAUSE_SECONDS, TROUBLE, Connections, still_wanted
from orchestration.streams import Fields, read

log = logging.getLogger(__name__)

Deliver = Callable[[bytes, bytes, Fields], None]
"""Gets each new entry: its stream, its id, and what is in it."""


class StreamReader:
    """A plain XREAD takes nothing away from anybody, so it may be interrupted: CLIENT UNBLOCK ends the wait when the
    set of streams grows.
    """

    def __init__(self, connections: Connections, deliver: Deliver) -> None:
        self._connections = connections
        self._deliver = deliver
        self._cursors: dict[bytes, bytes] = {}
        self._reading: frozenset[bytes] = frozenset()
        self._changed = asyncio.Event()
        self._wanted = asyncio.Event()
        self._read_ended = asyncio.Event()
        self._client: tuple[str, int] | None = None
        """A stream where it reads, and its id there."""
        self._leaving = False

    def __contains__(self, stream: bytes) -> bool:
        return stream in self._cursors

    def add(self, stream: bytes, after: bytes) -> None:
        """Read a stream from an entry on, unless it is read already."""
        self._cursors.setdefault(stream, after)
        self._changed.set()
        self._wanted.set()

    def remove(self, stream: bytes) -> None:
        del self._cursors[stream]

    async def leave(self) -> None:
        """End the wait, so that it can be cancelled where it waits for nothing of Redis."""
        self._leaving = True
        if self._client is not None:
            with suppress(*TROUBLE):
                await self._connections.unblock(*self._client)

    async def run(self) -> None:
        """Read until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read_on())
            group.create_task(self._interrupt())

    async def _read_on(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            still_wanted()
            await self._something_to_read()
            stream = next(iter(self._cursors)).decode()
            reader = None
            try:
                reader = await self._connections.reader_of(stream)
                self._client = (stream, await reader.client_id())
                while True:
                    still_wanted()
                    await self._read(reader)
                    pause = FIRST_PAUSE_SECONDS
            except TROUBLE as error:
                # Once for each outage: outage.py says when it begins and when it is over.
                log.log(logging.WARNING if pause == FIRST_PAUSE_SECONDS else logging.DEBUG, "reading events: %s", error)
                await asyncio.sleep(pause)
                pause = min(1.0, pause * 2)
            finally:
                self._client = None
                self._finish_read()
                if reader is not None:
                    await reader.aclose()

    async def _something_to_read(self) -> None:
        while self._leaving or not self._cursors:
            self._wanted.clear()
            await self._wanted.wait()

    async def _read(self, reader: Redis) -> None:
        await self._something_to_read()
        cursors = dict(self._cursors)
        self._reading = frozenset(cursors)
        self._read_ended.clear()
        try:
            reply = await read(reader, cursors, BLOCK_MS)
        finally:
            self._finish_read()
        still_wanted()
        for stream, entries in reply:
            for entry, fields in entries:
                if stream in self._cursors:
                    self._cursors[stream] = entry
                    self._deliver(stream, entry, fields)

    def _finish_read(self) -> None:
        self._reading = frozenset()
        self._read_ended.set()

    async def _interrupt(self) -> None:
        """End the reader's wait when it does not wait for everything that is to be read."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            # The reader may have sent its XREAD without being blocked in it yet, so one UNBLOCK can come too early.
            while self._reading and not self._reading.issuperset(self._cursors) and self._client is not None:
                try:
                    await self._connections.unblock(*self._client)
                    pause = 0.005
                except TROUBLE as error:
                    log.info("the reader waits on: %s", error)
                    pause = 1.0
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._read_ended.wait()
