"""Which processes are alive and what they do: each writes a heartbeat, readers judge by its age."""

import asyncio
import logging
import os
import socket
import statistics
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Literal

from pydantic import ValidationError

from orchestration.batching import Batcher
from orchestration.connections import TROUBLE
from orchestration.errors import UnsupportedMessage
from orchestration.keys import Keys
from orchestration.messages import Message, decode, encode
from orchestration.worker import Worker

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 2.0
GONE_SECONDS = 3 * HEARTBEAT_SECONDS + 1
"""A process that was silent for this long does not count as alive."""

Kind = Literal["web", "worker", "ask"]


class Presence(Message):
    """A sign of life."""

    id: str
    kind: Kind
    host: str
    pid: int
    agents: tuple[str, ...] = ()
    """Agents whose steps it runs."""
    orchestrates: bool = False
    slots: int = 0
    busy: int = 0
    answered: int = 0
    failed: int = 0
    median_seconds: float = 0.0
    version: str = ""
    seen: float = 0.0
    """Epoch seconds, by its own clock."""


class PresenceReader:
    """Reads everybody's signs of life."""

    def __init__(self, batcher: Batcher, keys: Keys, clock: Callable[[], float] = time.time) -> None:
        self._batcher = batcher
        self._keys = keys
        self._clock = clock
        self._health: Mapping[str, float] = {}
        self._health_at = float("-inf")

    async def alive(self) -> list[Presence]:
        """Everybody who was heard of lately; entries of those long gone are removed."""
        found, gone = [], []
        for name, data in (await self._batcher("HGETALL", self._keys.presence)).items():
            try:
                presence = decode(Presence, data)
            except UnsupportedMessage:
                continue  # A newer program; what it offers cannot be judged here.
            except ValidationError:
                gone.append(name)
                continue
            if self._clock() - presence.seen <= GONE_SECONDS:
                found.append(presence)
            elif self._clock() - presence.seen > 100 * GONE_SECONDS:
                gone.append(name)
        if gone:
            await self._batcher("HDEL", self._keys.presence, *gone)
        return sorted(found, key=lambda p: (p.kind, p.id))

    async def health(self) -> Mapping[str, float]:
        """How able to work each agent is: absent when nobody runs it, 0.1 with all slots taken, 1 with all free.

        At most a second old: heartbeats are older than that anyway.
        """
        if self._clock() - self._health_at < 1.0:
            return self._health
        slots: dict[str, int] = {}
        free: dict[str, int] = {}
        for presence in await self.alive():
            for agent in presence.agents:
                slots[agent] = slots.get(agent, 0) + presence.slots
                free[agent] = free.get(agent, 0) + max(0, presence.slots - presence.busy)
        self._health_at = self._clock()
        self._health = {agent: 0.1 + 0.9 * free[agent] / max(1, slots[agent]) for agent in slots}
        return self._health


class Heartbeat:
    """Writes this process's sign of life."""

    def __init__(
        self,
        batcher: Batcher,
        keys: Keys,
        *,
        name: str,
        kind: Kind,
        orchestrates: bool,
        worker: Worker | None,
        slots: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._batcher = batcher
        self._keys = keys
        self._name = name
        self._kind = kind
        self._orchestrates = orchestrates
        self._worker = worker
        self._slots = slots
        self._clock = clock

    async def run(self) -> None:
        """Beat until cancelled, then say goodbye."""
        try:
            while True:
                try:
                    await self.beat()
                except TROUBLE as error:
                    log.info("no heartbeat: %s", error)
                await asyncio.sleep(HEARTBEAT_SECONDS)
        finally:
            await self._goodbye()

    async def beat(self) -> None:
        """Write one sign of life."""
        await self._batcher("HSET", self._keys.presence, self._name, encode(self._now()))

    def _now(self) -> Presence:
        worker = self._worker
        seconds = worker.counts.seconds if worker else []
        return Presence(
            id=self._name,
            kind=self._kind,
            host=socket.gethostname(),
            pid=os.getpid(),
            agents=tuple(worker.agents) if worker else (),
            orchestrates=self._orchestrates,
            slots=self._slots if worker else 0,
            busy=worker.busy if worker else 0,
            answered=worker.counts.answered if worker else 0,
            failed=worker.counts.failed if worker else 0,
            median_seconds=round(statistics.median(seconds), 4) if seconds else 0.0,
            version=version("roundtable"),
            seen=self._clock(),
        )

    async def _goodbye(self) -> None:
        try:
            await self._batcher("HDEL", self._keys.presence, self._name)
        except TROUBLE as error:
            log.info("no goodbye: %s", error)
