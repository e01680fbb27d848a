"""Which processes are alive and what they do: each writes heartbeats, readers judge by their age."""

import asyncio
import logging
import os
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from orchestration.batching import Batcher
from orchestration.breaker import CLOSED, Breaker, read_breakers
from orchestration.connections import TROUBLE
from orchestration.errors import UnsupportedMessage
from orchestration.keys import Keys
from orchestration.messages import Message, decode, encode, schema_of
from orchestration.round_trips import Argument
from orchestration.worker import Worker

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 2.0
GONE_SECONDS = 3 * HEARTBEAT_SECONDS + 1
"""A process that was silent for this long does not count as alive."""
FORGOTTEN_SECONDS = 100 * GONE_SECONDS
FRESH_SECONDS = 1.0
"""What is known about agents is read again after this long; heartbeats are older than that anyway."""

Kind = Literal["web", "worker", "ask"]


Count = Annotated[int, Field(ge=0, lt=2**53)]
"""Others write it, so it has to be one that can be reckoned with."""


class AgentWork(Message):
    """What one process did for one agent since it started."""

    busy: Count = 0
    """Steps in hand."""
    answered: Count = 0
    failed: Count = 0
    """Failed attempts."""
    median_seconds: float = 0.0
    """Of the latest hundred steps that it answered."""


class Presence(Message):
    """A sign of life."""

    id: str
    kind: Kind
    host: str
    pid: int
    work: Mapping[str, AgentWork] = {}
    """By agent whose steps it runs."""
    orchestrates: bool = False
    slots: Count = 0
    busy: Count = 0
    version: str = ""
    seen: float = 0.0
    """Epoch seconds, by the server's clock; set by the reader."""

    @property
    def agents(self) -> tuple[str, ...]:
        """Agents whose steps it runs."""
        return tuple(self.work)


@dataclass(frozen=True)
class AgentHealth:
    """How one agent is doing, in all processes together."""

    agent: str
    workers: int = 0
    """Live processes that run its steps."""
    slots: int = 0
    """Steps that those can work on at once, whosever they are."""
    free: int = 0
    busy: int = 0
    """Its steps in hand."""
    answered: int = 0
    failed: int = 0
    median_seconds: float = 0.0
    """The median over its workers of their medians; 0 when it has answered nothing yet."""
    breaker: Breaker = CLOSED

    @property
    def success_rate(self) -> float | None:
        """Share of the attempts that did not fail, 0 to 1; None before the first."""
        attempts = self.answered + self.failed
        return self.answered / attempts if attempts else None

    @property
    def fitness(self) -> float:
        """How able to work it is, for the selection: 0 when nobody runs it, 1 with all slots free and no failures."""
        if not self.workers:
            return 0.0
        load = 0.1 + 0.9 * self.free / max(1, self.slots)
        rate = self.success_rate
        return load * (1.0 if rate is None else 0.5 + 0.5 * rate)


def health_of(agents: Iterable[str], alive: Iterable[Presence], breakers: Mapping[str, Breaker]) -> list[AgentHealth]:
    """One line for each agent."""
    alive = list(alive)
    found = []
    for agent in agents:
        running = [presence for presence in alive if agent in presence.work]
        work = [presence.work[agent] for presence in running]
        medians = sorted(w.median_seconds for w in work if w.answered)
        found.append(
            AgentHealth(
                agent=agent,
                workers=len(running),
                slots=sum(presence.slots for presence in running),
                free=sum(max(0, presence.slots - presence.busy) for presence in running),
                busy=sum(w.busy for w in work),
                answered=sum(w.answered for w in work),
                failed=sum(w.failed for w in work),
                median_seconds=medians[len(medians) // 2] if medians else 0.0,
                breaker=breakers.get(agent, CLOSED),
            )
        )
    return found


class PresenceReader:
    """Reads everybody's signs of life, and what they say about the agents."""

    def __init__(
        self, batcher: Batcher, keys: Keys, agents: Iterable[str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._batcher = batcher
        self._keys = keys
        self._agents = tuple(agents)
        self._clock = clock
        self._health: Mapping[str, AgentHealth] = {}
        self._read_at = float("-inf")

    async def alive(self) -> list[Presence]:
        """Everybody who was heard of lately."""
        found = []
        for _, seen, data in await self._heard():
            try:
                presence = decode(Presence, data)
            except (UnsupportedMessage, ValidationError):
                continue  # Another version of the program; what it offers cannot be judged here.
            found.append(presence.model_copy(update={"seen": float(seen) / 1000}))
        return sorted(found, key=lambda p: (p.kind, p.id))

    async def schemas(self) -> Mapping[str, str]:
        """The version of the messages of everybody who was heard of lately, by id; also of whom this program cannot
        read.
        """
        found = {}
        for name, _, data in await self._heard():
            with suppress(ValidationError):
                found[name.decode()] = schema_of(data)
        return found

    async def _heard(self) -> list[tuple[bytes, bytes, bytes]]:
        """Of everybody who was heard of lately the id, when that was (ms), and what was said."""
        args = [int(1000 * GONE_SECONDS)]
        _, *flat = await self._batcher.script("alive", [self._keys.presence, self._keys.seen], args)
        return list(zip(flat[::3], flat[1::3], flat[2::3], strict=True))

    async def health(self) -> Mapping[str, AgentHealth]:
        """How each agent is doing, at most a second old."""
        if self._clock() - self._read_at >= FRESH_SECONDS:
            alive, breakers = await asyncio.gather(self.alive(), read_breakers(self._batcher, self._keys, self._agents))
            self._health = {one.agent: one for one in health_of(self._agents, alive, breakers)}
            self._read_at = self._clock()
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
    ) -> None:
        self._batcher = batcher
        self._keys = keys
        self._name = name
        self._kind = kind
        self._orchestrates = orchestrates
        self._worker = worker
        self._version = version("roundtable")

    async def run(self) -> None:
        """Beat until cancelled, then say goodbye."""
        beating: asyncio.Task[None] | None = None
        try:
            while True:
                beating = asyncio.create_task(self._try_to_beat())
                await asyncio.shield(beating)
                await asyncio.sleep(HEARTBEAT_SECONDS)
        finally:
            # A beat that is on its way would arrive after the goodbye, and a process that is gone would seem alive.
            if beating is not None:
                await beating
            await self._goodbye()

    async def _try_to_beat(self) -> None:
        try:
            await self.beat()
        except TROUBLE as error:
            log.info("no heartbeat: %s", error)

    async def beat(self) -> None:
        """Write one sign of life."""
        args: list[Argument] = [self._name, encode(self._now()), int(1000 * FORGOTTEN_SECONDS)]
        await self._batcher.script("beat", [self._keys.presence, self._keys.seen], args)

    def _now(self) -> Presence:
        worker = self._worker
        counts = worker.counts if worker else {}
        return Presence(
            id=self._name,
            kind=self._kind,
            host=socket.gethostname(),
            pid=os.getpid(),
            work={
                agent: AgentWork(
                    busy=worker.busy(agent) if worker else 0,
                    answered=count.answered,
                    failed=count.failed,
                    median_seconds=count.median_seconds,
                )
                for agent, count in counts.items()
            },
            orchestrates=self._orchestrates,
            slots=worker.slots if worker else 0,
            busy=worker.busy() if worker else 0,
            version=self._version,
        )

    async def _goodbye(self) -> None:
        try:
            await asyncio.gather(
                self._batcher("HDEL", self._keys.presence, self._name),
                self._batcher("ZREM", self._keys.seen, self._name),
            )
        except TROUBLE as error:
            log.info("no goodbye: %s", error)
