"""How many steps a process works on at once, and how one of them gets the process for itself."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class Slots:
    """Places for steps. Whoever wants all of them goes before those who want one."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._taken = 0
        self._wanting_all = 0
        self._changed = asyncio.Event()

    def resize(self, count: int) -> None:
        """From now on so many; what is at work beyond them goes on."""
        self.count = count
        self._changed.set()

    @property
    def reserved(self) -> bool:
        """Whether somebody has, or waits for, all of them: then nothing new should be begun here."""
        return self._wanting_all > 0

    @asynccontextmanager
    async def one(self, patience: float) -> AsyncIterator[bool]:
        """One slot, given as True; False when none was free for `patience` seconds."""
        if not self._free():
            try:
                async with asyncio.timeout(patience):
                    await self._until(self._free)
            except TimeoutError:
                yield False
                return
        self._taken += 1
        try:
            yield True
        finally:
            self._taken -= 1
            self._changed.set()

    @asynccontextmanager
    async def all(self) -> AsyncIterator[None]:
        """Every slot, once those in use are free."""
        self._wanting_all += 1
        try:
            await self._until(lambda: self._taken == 0)
            self._taken = self.count
            try:
                yield
            finally:
                self._taken = 0
        finally:
            self._wanting_all -= 1
            self._changed.set()

    def _free(self) -> bool:
        return self._taken < self.count and not self.reserved

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            self._changed.clear()
            await self._changed.wait()
