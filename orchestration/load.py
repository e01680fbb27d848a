"""How much is going on in all processes together, as Redis knows it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orchestration.alarms import Alarm, lasting, read_alarm
from orchestration.batching import Batcher
from orchestration.keys import OF_RUNS, Keys


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
    """What was forged lately, by agent, and in runs."""


async def read_load(batcher: Batcher, keys: Keys, agents: Sequence[str]) -> Load:
    """In one round trip."""
    shards = keys.shards
    active, waiting, awaiting, letters, alarms = await asyncio.gather(
        asyncio.gather(*(batcher("ZCARD", shard.active) for shard in shards)),
        asyncio.gather(*(batcher("ZCARD", shard.waiting) for shard in shards)),
        asyncio.gather(*(batcher("ZCARD", shard.awaiting) for shard in shards)),
        asyncio.gather(*(batcher("XLEN", keys.dead(agent)) for agent in agents)),
        asyncio.gather(*(read_alarm(batcher, keys, name) for name in (OF_RUNS, *agents))),
    )
    at_work = sum(active) - sum(waiting) - sum(awaiting)
    return Load(at_work, sum(waiting), sum(awaiting), tuple(letters), lasting(agents, alarms))
