"""Whether Redis is away, as this process sees it: told to whoever waits, not only to whoever asks."""

import asyncio
import logging
from typing import Protocol

from orchestration.connections import TROUBLE
from orchestration.trouble import AWAY, NO_WRITES

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.25
"""Silence makes no noise, so somebody has to look."""


class Asked(Protocol):
    """Who asks Redis: batching.Batcher is one."""

    @property
    def available(self) -> bool: ...

    @property
    def takes_writes(self) -> bool: ...

    def look(self) -> None: ...

    async def probe(self, key: str) -> None: ...


class Outage:
    """The time during which Redis does not answer or takes no writes, if it does not."""

    def __init__(self, batcher: Asked, key: str) -> None:
        """`key` is one that nobody else uses."""
        self._batcher = batcher
        self._key = key
        self._begun = asyncio.Event()
        self._ended = asyncio.Event()
        self._ended.set()
        self.since = 0.0
        """When it was noticed last, by the event loop's clock."""

    @property
    def is_on(self) -> bool:
        return self._begun.is_set()

    @property
    def sentence(self) -> str:
        """What is wrong, for a person."""
        return AWAY if self._batcher.takes_writes else NO_WRITES

    async def begins(self) -> None:
        """Wait until Redis does not answer."""
        await self._begun.wait()

    async def ends(self) -> None:
        """Wait until it answers."""
        await self._ended.wait()

    async def run(self) -> None:
        """Look until cancelled; while Redis is away, ask it as well."""
        while True:
            self._batcher.look()
            self._look()
            if self.is_on:
                try:
                    await self._batcher.probe(self._key)
                except TROUBLE as error:
                    log.debug("still away: %s", error)
            self._look()
            await asyncio.sleep(LOOK_SECONDS)

    def _look(self) -> None:
        away = not self._batcher.available
        if away == self.is_on:
            return
        trouble = "does not answer" if self._batcher.takes_writes else "takes no writes"
        log.warning("Redis %s", trouble if away else "answers again")
        if away:
            self.since = asyncio.get_running_loop().time()
        (self._begun if away else self._ended).set()
        (self._ended if away else self._begun).clear()
