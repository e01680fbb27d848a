"""One blocking reader per process for the event streams of all runs that somebody here watches."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

from redis.asyncio import Redis

from orchestration.connections import BLOCK_MS, TROUBLE, Connections, still_wanted
from orchestration.keys import Keys
from orchestration.messages import Recorded
from orchestration.recording import Recording
from orchestration.streams import Fields, read

log = logging.getLogger(__name__)

_Queue = asyncio.Queue[Recorded]


class EventHub:
    """Hands each new event of a run to everybody here who watches it.

    A plain XREAD takes nothing away from anybody, so it may be interrupted: CLIENT UNBLOCK ends the wait when the
    set of watched runs grows.
    """

    def __init__(self, connections: Connections, keys: Keys, recording: Recording | None = None) -> None:
        self.recording = recording or Recording()
        self._connections = connections
        self._streams = connections.streams
        self._keys = keys
        self._watchers: dict[bytes, set[_Queue]] = {}
        self._runs: dict[bytes, str] = {}
        """Whose stream each of these is."""
        self._bells: dict[bytes, set[asyncio.Event]] = {}
        self._cursors: dict[bytes, bytes] = {}
        self._reading: frozenset[bytes] = frozenset()
        self._changed = asyncio.Event()
        self._watched = asyncio.Event()
        self._read_ended = asyncio.Event()
        self._client_id: int | None = None
        self._leaving = False

    @asynccontextmanager
    async def watch(self, run: str, *, fresh: bool = False) -> AsyncIterator[_Queue]:
        """A queue that receives every event of the run from now on; from its first, when the run is fresh.

        "Now" is when this is entered: whatever is appended after that arrives.
        """
        stream = self._keys.events(run).encode()
        queue: _Queue = asyncio.Queue()
        newest = b"0-0" if fresh or stream in self._cursors else await self._streams.newest(stream.decode())
        self._cursors.setdefault(stream, newest)
        self._watchers.setdefault(stream, set()).add(queue)
        self._runs[stream] = run
        self._changed.set()
        self._watched.set()
        try:
            yield queue
        finally:
            self._watchers[stream].discard(queue)
            if not self._watchers[stream]:
                del self._watchers[stream], self._cursors[stream], self._runs[stream]

    @contextmanager
    def bell(self, *streams: str) -> Iterator[asyncio.Event]:
        """An event that is set by every new entry of other streams, and at the beginning; the listener clears it."""
        names, event = [stream.encode() for stream in streams], asyncio.Event()
        event.set()
        for name in names:
            self._cursors.setdefault(name, b"0-0")
            self._bells.setdefault(name, set()).add(event)
        self._changed.set()
        self._watched.set()
        try:
            yield event
        finally:
            for name in names:
                self._bells[name].discard(event)
                if not self._bells[name]:
                    del self._bells[name], self._cursors[name]

    async def leave(self) -> None:
        """End the reader's wait, so that it can be cancelled where it waits for nothing of Redis."""
        self._leaving = True
        if self._client_id is not None:
            with suppress(*TROUBLE):
                await self._streams.unblock(self._client_id)

    async def run(self) -> None:
        """Read until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read_on())
            group.create_task(self._interrupt())

    async def _read_on(self) -> None:
        pause = 0.05
        while True:
            reader = self._connections.reader()
            try:
                self._client_id = await reader.client_id()
                pause = 0.05
                while True:
                    still_wanted()
                    await self._read(reader)
            except TROUBLE as error:
                log.warning("reading events: %s", error)
                await asyncio.sleep(pause)
                pause = min(1.0, pause * 2)
            finally:
                self._client_id = None
                self._finish_read()
                await reader.aclose()

    async def _read(self, reader: Redis) -> None:
        while self._leaving or not self._cursors:
            self._watched.clear()
            await self._watched.wait()
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
                self._deliver(stream, entry, fields)

    def _deliver(self, stream: bytes, entry: bytes, fields: Fields) -> None:
        if stream not in self._cursors:
            return
        self._cursors[stream] = entry
        if stream in self._bells:
            for bell in self._bells[stream]:
                bell.set()
            return
        event = self.recording.read(self._runs[stream], entry, fields)
        if event is not None:
            for queue in self._watchers[stream]:
                queue.put_nowait(event)

    def _finish_read(self) -> None:
        self._reading = frozenset()
        self._read_ended.set()

    async def _interrupt(self) -> None:
        """End the reader's wait when it does not wait for everything that is watched."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            # The reader may have sent its XREAD without being blocked in it yet, so one UNBLOCK can come too early.
            while self._reading and not self._reading.issuperset(self._cursors) and self._client_id is not None:
                try:
                    await self._streams.unblock(self._client_id)
                    pause = 0.005
                except TROUBLE as error:
                    log.info("the reader waits on: %s", error)
                    pause = 1.0
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._read_ended.wait()
