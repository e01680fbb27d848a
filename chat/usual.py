"""How long agents usually take, as they were measured; asked for at most every few seconds for all windows together."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from orchestration.errors import RoundtableError
from orchestration.presence import AgentHealth

log = logging.getLogger(__name__)

FRESH_SECONDS = 5.0

Medians = Mapping[str, float]
"""Seconds by agent; an agent of which nothing was measured is not there."""


class Measured(Protocol):
    """Where it is known how agents are; an orchestrator is one."""

    async def health(self) -> Mapping[str, AgentHealth]: ...


class Usual:
    """Medians of all agents."""

    def __init__(self, measured: Measured, clock: Callable[[], float] = time.monotonic) -> None:
        self._measured = measured
        self._clock = clock
        self._medians: Medians = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def medians(self) -> Medians:
        """Those of the last seconds; nothing where they cannot be told."""
        # Who comes while they are asked for waits for the same reply: every window is to tell the same.
        async with self._reading:
            if self._clock() - self._read_at >= FRESH_SECONDS:
                try:
                    health = await self._measured.health()
                except RoundtableError as error:
                    log.info("how long agents take is not known: %s", error)
                    health = {}
                self._medians = {name: one.median_seconds for name, one in health.items() if one.median_seconds}
                self._read_at = self._clock()
        return self._medians
