"""A worker's side of its agents' streams: what comes in, what it holds, what is done with.

Each agent has a stream for steps of which a person awaits the answer, and one in the background.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from agents import Agent
from orchestration import breaker
from orchestration.connections import FIRST_PAUSE_SECONDS, TROUBLE, Connections
from orchestration.keys import GROUP, Keys
from orchestration.messages import PRIORITIES
from orchestration.round_trips import Argument
from orchestration.step_store import Acknowledged
from orchestration.streams import Entry, Fields
from orchestration.taking import Taker

log = logging.getLogger(__name__)

DEAD_LETTERS_KEPT = 1_000
FIELDS_KEPT = 100
"""Of a dead letter. Ours have two; a script can pass on some thousands, and one that cannot be kept would come again
for ever.
"""
GONE_MS = 600_000
"""A consumer that was silent for this long is not coming back."""

Outcome = Literal["", "ok", "failed"]
"""How an attempt went, for its agent's circuit breaker; "" when that says nothing about the agent."""


@dataclass(frozen=True)
class Delivery:
    """A message for an agent. Entries of different streams may have the same id."""

    agent: Agent
    stream: str
    entry: bytes
    fields: Fields


class Inbox:
    """Reads one consumer group on several streams under one consumer name."""

    def __init__(
        self,
        consumer: str,
        agents: Mapping[str, Agent],
        connections: Connections,
        keys: Keys,
    ) -> None:
        self._consumer = consumer
        self._connections = connections
        self._batcher = connections.batcher
        self._streams = connections.streams
        self._keys = keys
        # Those of a person who waits come first, wherever all are gone through.
        self._agents = {keys.tasks(agent, priority): agents[agent] for priority in PRIORITIES for agent in agents}
        places: dict[int, list[str]] = {}
        for agent in agents:
            places.setdefault(connections.place(keys.tasks(agent, PRIORITIES[0])), []).append(agent)
        self._takers = [
            Taker(consumer, {one: [keys.tasks(agent, one) for agent in there] for one in PRIORITIES}, len(agents))
            for there in places.values()
        ]
        self._leaving = False

    async def open(self) -> None:
        """Make the groups; waits for Redis when it is away."""
        while True:
            try:
                await self._make_groups()
                return
            except TROUBLE as error:
                log.warning("%s waits for Redis: %s", self._consumer, error)
                await asyncio.sleep(0.2)

    async def read(self, free: Callable[[], Awaitable[int]], deliver: Callable[[Delivery], None]) -> None:
        """Deliver messages until `leave`. `free` is awaited before each read and gives the number of free slots.

        A blocked read is never cancelled: what it was given would be lost from sight. After any failed read the
        consumer's own list is read first, because the reply that was lost may have put messages on it.
        """
        async with asyncio.TaskGroup() as reading:
            for taker in self._takers:
                reading.create_task(self._read(taker, free, deliver))

    async def _read(
        self, taker: Taker, free: Callable[[], Awaitable[int]], deliver: Callable[[Delivery], None]
    ) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._leaving:
            reader = None
            try:
                reader = await self._connections.reader_of(taker.streams[0])
                taker.client = await reader.client_id()
                self._deliver(await taker.held(reader), deliver)
                pause = FIRST_PAUSE_SECONDS
                while not self._leaving:
                    slots = await free()
                    if not self._leaving:
                        self._deliver(await taker.next(reader, slots), deliver)
            except TROUBLE as error:
                # Once for each outage: outage.py says when it begins and when it is over.
                level = logging.WARNING if pause == FIRST_PAUSE_SECONDS else logging.DEBUG
                log.log(level, "%s cannot read its messages: %s", self._consumer, error)
                await self._recreate(error)
                await asyncio.sleep(pause)
                pause = min(1.0, pause * 2)
            finally:
                taker.client = None
                if reader is not None:
                    await reader.aclose()

    async def leave(self) -> None:
        """Read nothing new."""
        self._leaving = True
        await asyncio.gather(*(self._unblock(taker) for taker in self._takers))

    async def _unblock(self, taker: Taker) -> None:
        if taker.client is not None:
            with suppress(*TROUBLE):
                await self._connections.unblock(taker.streams[0], taker.client)

    async def recover(self, idle_ms: int, most: int) -> list[Delivery]:
        """Take over messages whose worker gave no sign of life for so long."""
        found: list[Delivery] = []
        for stream in self._agents:
            if len(found) < most and not self._leaving:
                agent, left = self._agents[stream], most - len(found)
                entries = await self._streams.idle(stream, GROUP, self._consumer, idle_ms, left)
                found += [Delivery(agent, stream, entry, fields) for entry, fields in entries]
        return found

    async def reap(self) -> None:
        """Remove what dead workers left behind in the groups."""
        await asyncio.gather(*(self._batcher.script("reap", [stream], [GROUP, GONE_MS]) for stream in self._agents))

    async def keep(self, held: Sequence[Delivery]) -> None:
        """Show that these are still being worked on, so that nobody recovers them."""
        by_stream: dict[str, list[Argument]] = {}
        for delivery in held:
            by_stream.setdefault(delivery.stream, []).append(delivery.entry)
        scripts = (
            self._batcher.script("keep", [stream], [GROUP, self._consumer, *entries])
            for stream, entries in by_stream.items()
        )
        await asyncio.gather(*scripts)

    async def done(self, delivery: Delivery, outcome: Outcome = "") -> None:
        """The message has done its work. A crash before this delivers it again, and claim answers DONE."""
        args: list[Argument] = [GROUP, delivery.entry, outcome, breaker.FAILURES]
        args += [int(1000 * breaker.FIRST_SECONDS), int(1000 * breaker.MOST_SECONDS)]
        keys = [delivery.stream, self._keys.breaker(delivery.agent.name)]
        await self._batcher.script("acknowledge", keys, args, leisure=True)

    def with_result(self, delivery: Delivery, outcome: Outcome) -> Acknowledged | None:
        """For a message that is done with in the moment in which its result is committed; None where `done` has to
        follow: the two are on different servers, or a failure is to be counted.
        """
        if not self._batcher.one_server or outcome == "failed":
            return None
        return Acknowledged(delivery.stream, delivery.entry, self._keys.breaker(delivery.agent.name))

    async def give_back(self, delivery: Delivery) -> None:
        """Let any worker have the message, at once."""
        args: list[Argument] = [GROUP, self._consumer, delivery.entry, self._keys.hints]
        await self._batcher.script("again", [delivery.stream], args)

    async def bury(self, delivery: Delivery, reason: str, *, done: bool) -> None:
        """Keep a message that no worker can use as a dead letter, with the reason; `done`: and acknowledge it."""
        agent = delivery.agent.name
        log.error("dead letter for %s: %s", agent, reason)
        fields = dict(islice(delivery.fields.items(), FIELDS_KEPT))
        about = {**fields, b"reason": reason.encode(), b"entry": delivery.entry}
        flat: list[Argument] = [part for item in about.items() for part in item]
        args: list[Argument] = [GROUP, delivery.entry, DEAD_LETTERS_KEPT, int(done), *flat]
        await self._batcher.script("bury", [delivery.stream, self._keys.dead(agent)], args)

    async def close(self) -> None:
        """Remove this consumer where it holds nothing, so that names do not pile up."""
        try:
            for stream in self._agents:
                await self._batcher.script("leave", [stream], [GROUP, self._consumer])
        except TROUBLE as error:
            log.info("%s was not removed: %s", self._consumer, error)

    def _deliver(self, reply: list[tuple[bytes, list[Entry]]], deliver: Callable[[Delivery], None]) -> None:
        for stream, entries in reply:
            for entry, fields in entries:
                name = stream.decode()
                deliver(Delivery(self._agents[name], name, entry, fields or {}))

    async def _recreate(self, error: Exception) -> None:
        """When somebody flushed the server: make the groups again, from the first entry."""
        if "NOGROUP" in str(error):
            with suppress(*TROUBLE):
                await self._make_groups()

    async def _make_groups(self) -> None:
        for stream in self._agents:
            await self._streams.make_group(stream, GROUP)
