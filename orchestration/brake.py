"""The kill switch: an operator stops all agents everywhere, and starts them again."""

import asyncio
import logging
from datetime import UTC, datetime

from pydantic import ValidationError

from orchestration.batching import Batcher
from orchestration.connections import TROUBLE
from orchestration.errors import Halted, UnsupportedMessage
from orchestration.hints import Hints, ticks
from orchestration.keys import Keys
from orchestration.messages import Message, decode, encode

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
"""A lost hint delays the stop by this much at most."""


class Halt(Message):
    """Why all agents stand still."""

    since: float = 0.0
    """Epoch seconds, by the clock of whoever gave the order; 0 when it is not known."""
    reason: str = ""

    def fact(self) -> str:
        """For an operator, without a full stop."""
        since = f" since {datetime.fromtimestamp(self.since, UTC):%H:%M} UTC" if self.since else ""
        return f"All agents have been stopped{since}{f' ({self.reason})' if self.reason else ''}"

    def sentence(self) -> str:
        """For a person who asks something meanwhile."""
        return f"{self.fact()}. Please ask again when they work again."


class Brake:
    """One process's view of the kill switch, at most half a second old."""

    def __init__(self, batcher: Batcher, keys: Keys, hints: Hints) -> None:
        self._batcher = batcher
        self._keys = keys
        self._hints = hints
        self._halt: Halt | None = None
        self._pulled = asyncio.Event()
        self._released = asyncio.Event()
        self._released.set()

    @property
    def halt(self) -> Halt | None:
        """Why all agents stand still; None while they work."""
        return self._halt

    def check(self) -> None:
        """Raises Halted."""
        if self._halt is not None:
            raise Halted(self._halt.sentence(), self._halt.reason)

    async def pulled(self) -> None:
        """Wait until all agents have to stop."""
        await self._pulled.wait()

    async def released(self) -> None:
        """Wait until they may work."""
        await self._released.wait()

    async def run(self) -> None:
        """Look until cancelled."""
        with self._hints.listen() as hint:
            async for _ in ticks(hint, LOOK_SECONDS):
                try:
                    self._see(await halted(self._batcher, self._keys))
                except TROUBLE as error:
                    log.warning("whether agents have to stop is not known: %s", error)

    def _see(self, halt: Halt | None) -> None:
        if (halt is None) != (self._halt is None):
            log.warning("all agents %s", "may work again" if halt is None else "have to stop")
        self._halt = halt
        (self._released if halt is None else self._pulled).set()
        (self._pulled if halt is None else self._released).clear()


async def halted(batcher: Batcher, keys: Keys) -> Halt | None:
    """Why all agents stand still at this moment; None while they work. The first shard says it for all."""
    data: bytes | None = await batcher("GET", keys.shards[0].halted)
    return None if data is None else read_halt(data)


def read_halt(data: bytes) -> Halt:
    """What the switch says; one that another version of the program, or a hand, has set stops all agents as well."""
    try:
        return decode(Halt, data)
    except (UnsupportedMessage, ValidationError):
        return Halt()


async def pull(batcher: Batcher, keys: Keys, halt: Halt) -> bool:
    """Stop all agents everywhere, within a second; False when they were, and that halt keeps its time and reason.

    The first shard is the first to have it and the last to lose it, so whoever looks there never takes agents for
    working that stand still; one who gave the order and died in the middle of it gives it again.
    """
    first, *others = (shard.halted for shard in keys.shards)
    pulled = bool(await batcher("SET", first, encode(halt), "NX"))
    if others and (there := await batcher("GET", first)) is not None:
        await asyncio.gather(*(batcher("SET", other, there) for other in others))
    await batcher("PUBLISH", keys.hints, "")
    return pulled


async def release(batcher: Batcher, keys: Keys) -> bool:
    """Let all agents work again; False when they did."""
    first, *others = (shard.halted for shard in keys.shards)
    await asyncio.gather(*(batcher("DEL", other) for other in others))
    held = bool(await batcher("DEL", first))
    await batcher("PUBLISH", keys.hints, "")
    return held
