"""Until when a run may take. Time in which nobody could work on it does not count."""

import asyncio

from orchestration.records import OwnedRun
from orchestration.store import RunStore


class Deadline:
    """The deadline of a run that this process drives, by the event loop's clock."""

    def __init__(self, store: RunStore, run: OwnedRun) -> None:
        self._store = store
        self._run = run.task.id
        self._loop = asyncio.get_running_loop()
        self.at = self._loop.time() + run.seconds_left

    @property
    def left(self) -> float:
        """Seconds, as far as is known; 0 when it has passed."""
        return max(0.0, self.at - self._loop.time())

    async def renew(self) -> None:
        """Where it has passed it is asked for again: a halt or an outage moves it."""
        if self._loop.time() >= self.at:
            self.at = self._loop.time() + await self._store.seconds_left(self._run)

    async def check(self) -> None:
        """Raises TimeoutError when it has passed."""
        await self.renew()
        if self._loop.time() >= self.at:
            raise TimeoutError
