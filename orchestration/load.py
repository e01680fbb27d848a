"""How much is going on in all processes together, as Redis knows it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from orchestration.alarms import Alarm, read_alarm
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
    alarms: Sequence[Alarm | None] = ()
    """What was forged lately, for each agent."""


async def read_load(batcher: Batcher, keys: Keys, agents: Sequence[str]) -> Load:
    """In one round trip."""
    shards = keys.shards
    active, waiting, awaiting, letters, alarms = await asyncio.gather(
        asyncio.gather(*(batcher("ZCARD", shard.active) for shard in shards)),
        asyncio.gather(*(batcher("ZCARD", shard.waiting) for shard in shards)),
        asyncio.gather(*(batcher("ZCARD", shard.awaiting) for shard in shards)),
        asyncio.gather(*(batcher("XLEN", keys.dead(agent)) for agent in agents)),
        asyncio.gather(*(read_alarm(batcher, keys, agent) for agent in agents)),
    )
    at_work = sum(active) - sum(waiting) - sum(awaiting)
    return Load(at_work, sum(waiting), sum(awaiting), tuple(letters), tuple(alarms))
