"""Pub/sub hints that something urgent happened. They only shorten a wait: everybody looks by themselves too."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from orchestration.connections import BLOCK_MS, TROUBLE, Connections, still_wanted
from orchestration.keys import Keys

log = logging.getLogger(__name__)


class Hints:
    """One subscription per process; each listener gets an event that is set whenever a hint came."""

    def __init__(self, connections: Connections, keys: Keys) -> None:
        self._connections = connections
        self._keys = keys
        self._listeners: set[asyncio.Event] = set()

    @contextmanager
    def listen(self) -> Iterator[asyncio.Event]:
        """An event that is set at every hint; the listener clears it."""
        event = asyncio.Event()
        self._listeners.add(event)
        try:
            yield event
        finally:
            self._listeners.discard(event)

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            still_wanted()
            reader = self._connections.reader()
            try:
                async with reader.pubsub() as pubsub:
                    await pubsub.subscribe(self._keys.hints)
                    while True:
                        still_wanted()
                        hint = await pubsub.get_message(ignore_subscribe_messages=True, timeout=BLOCK_MS / 1000)
                        still_wanted()
                        if hint is not None:
                            for event in self._listeners:
                                event.set()
            except TROUBLE as error:
                log.info("hints are off for now: %s", error)
                await asyncio.sleep(1.0)
            finally:
                await reader.aclose()


async def ticks(hint: asyncio.Event, seconds: float) -> AsyncIterator[None]:
    """Tick every so many seconds, and at once at a hint."""
    while True:
        try:
            async with asyncio.timeout(seconds):
                await hint.wait()
        except TimeoutError:
            pass
        hint.clear()
        yield
