"""The seeding's status, for whoever asks, waits or watches. Used on the event loop only."""

import asyncio
from collections.abc import AsyncIterator

from knowledge.errors import KnowledgeUnavailable
from knowledge.progress import KnowledgeStatus


class StatusBoard:
    def __init__(self) -> None:
        self.status = KnowledgeStatus()
        self._settled = asyncio.Event()
        self._watchers: set[asyncio.Queue[KnowledgeStatus]] = set()

    def publish(self, status: KnowledgeStatus) -> None:
        if self.status.settled:
            return
        self.status = status
        for watcher in self._watchers:
            watcher.put_nowait(status)
        if status.settled:
            self._settled.set()

    async def wait_ready(self) -> None:
        """Raises KnowledgeUnavailable with the reason if the seeding failed."""
        await self._settled.wait()
        if self.status.state == "failed":
            raise KnowledgeUnavailable(self.status.detail)

    async def watch(self) -> AsyncIterator[KnowledgeStatus]:
        """The status now, then each change; ends with "ready" or "failed"."""
        changes: asyncio.Queue[KnowledgeStatus] = asyncio.Queue()
        self._watchers.add(changes)
        try:
            status = self.status
            yield status
            while not status.settled:
                status = await changes.get()
                yield status
        finally:
            self._watchers.discard(changes)
