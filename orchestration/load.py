"""How much is going on in all processes together, as Redis knows it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orchestration.alarms import Alarm, read_alarms
from orchestration.batching import Batcher
from orchestration.keys import Keys


@dataclass(frozen=True)
class Load:
    """Runs of all people that have not ended, and what is left over."""

    at_work: int = 0
    waiting: int = 0
    """For a place."""
    awaiting_approval: int = 0
    dead_letters: Sequence[int] = ()
    """Messages that no worker could use, for each agent."""
    alarms: Mapping[str, Alarm] = field(default_factory=dict)
    """Agents for whom messages were forged lately."""


async def read_load(batcher: Batcher, keys: Keys, agents: Sequence[str]) -> Load:
    """In one round trip."""
    active, waiting, awaiting, letters, alarms = await asyncio.gather(
        batcher("ZCARD", keys.active),
        batcher("ZCARD", keys.waiting),
        batcher("ZCARD", keys.awaiting),
        asyncio.gather(*(batcher("XLEN", keys.dead(agent)) for agent in agents)),
        read_alarms(batcher, keys, agents),
    )
    return Load(active - waiting - awaiting, waiting, awaiting, tuple(letters), alarms)
