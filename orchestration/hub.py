"""The event streams of all runs that somebody here watches, read once for all of them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from orchestration.connections import Connections
from orchestration.keys import Keys
from orchestration.messages import Recorded
from orchestration.reading import StreamReader
from orchestration.recording import Recording
from orchestration.streams import Fields

_Queue = asyncio.Queue[Recorded]


class EventHub:
    """Hands each new event of a run to everybody here who watches it. One reader for each place where streams are."""

    def __init__(self, connections: Connections, keys: Keys, recording: Recording | None = None) -> None:
        self.recording = recording or Recording()
        self._connections = connections
        self._streams = connections.streams
        self._keys = keys
        self._watchers: dict[bytes, set[_Queue]] = {}
        self._runs: dict[bytes, str] = {}
        """Whose stream each of these is."""
        self._bells: dict[bytes, set[asyncio.Event]] = {}
        self._readers: dict[int, StreamReader] = {}
        self._running: asyncio.TaskGroup | None = None
        self._leaving = False

    @asynccontextmanager
    async def watch(self, run: str, *, fresh: bool = False) -> AsyncIterator[_Queue]:
        """A queue that receives every event of the run from now on; from its first, when the run is fresh.

        "Now" is when this is entered: whatever is appended after that arrives.
        """
        stream = self._keys.events(run).encode()
        reader = self._reader(stream)
        queue: _Queue = asyncio.Queue()
        newest = b"0-0" if fresh or stream in reader else await self._streams.newest(stream.decode())
        self._watchers.setdefault(stream, set()).add(queue)
        self._runs[stream] = run
        reader.add(stream, newest)
        try:
            yield queue
        finally:
            self._watchers[stream].discard(queue)
            if not self._watchers[stream]:
                del self._watchers[stream], self._runs[stream]
                reader.remove(stream)

    @contextmanager
    def bell(self, *streams: str) -> Iterator[asyncio.Event]:
        """An event that is set by every new entry of other streams, and at the beginning; the listener clears it."""
        names, event = [stream.encode() for stream in streams], asyncio.Event()
        event.set()
        for name in names:
            self._bells.setdefault(name, set()).add(event)
            self._reader(name).add(name, b"0-0")
        try:
            yield event
        finally:
            for name in names:
                self._bells[name].discard(event)
                if not self._bells[name]:
                    del self._bells[name]
                    self._reader(name).remove(name)

    async def leave(self) -> None:
        """End the readers' waits, so that they can be cancelled where they wait for nothing of Redis."""
        self._leaving = True
        await asyncio.gather(*(reader.leave() for reader in self._readers.values()))

    async def run(self) -> None:
        """Read until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._running = group
            for reader in self._readers.values():
                group.create_task(reader.run())
            # There may be nothing to read yet, and more later.
            await asyncio.Event().wait()

    def _reader(self, stream: bytes) -> StreamReader:
        place = self._connections.place(stream.decode())
        reader = self._readers.get(place)
        if reader is None:
            reader = self._readers[place] = StreamReader(self._connections, self._deliver)
            if self._running is not None and not self._leaving:
                self._running.create_task(reader.run())
        return reader

    def _deliver(self, stream: bytes, entry: bytes, fields: Fields) -> None:
        if stream in self._bells:
            for bell in self._bells[stream]:
                bell.set()
            return
        event = self.recording.read(self._runs[stream], entry, fields)
        if event is not None:
            for queue in self._watchers[stream]:
                queue.put_nowait(event)
