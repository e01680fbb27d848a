"""What lies on the agents' streams: steps that wait for a worker, and steps that a worker has in hand."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from orchestration.batching import Batcher
from orchestration.keys import GROUP, Keys
from orchestration.messages import PRIORITIES
from orchestration.round_trips import Argument

MOST_PENDING = 10_000
"""Messages in workers' hands that are looked at for one agent; there are as many as slots in all its processes."""
GIVEN_BACK_MS = 86_400_000
"""What is given back counts as untouched for this long (scripts/again.lua)."""


@dataclass(frozen=True)
class Backlog:
    """One agent's steps at one moment."""

    queued: int = 0
    """Nobody works on them: new, given back, or lost by a worker that is gone."""
    in_hand: int = 0
    """A worker said within the lease that it works on them."""
    silent_seconds: float = 0.0
    """For how long nothing was heard of the longest silent worker that took one and did not give it back."""


async def read_backlogs(batcher: Batcher, keys: Keys, agents: Iterable[str], lease_ms: int) -> Mapping[str, Backlog]:
    """The steps of these agents, in one round trip."""
    names = list(agents)
    streams = [keys.tasks(name, priority) for name in names for priority in PRIORITIES]
    found = await asyncio.gather(*(_read(batcher, stream, lease_ms) for stream in streams))
    count = len(PRIORITIES)
    each = (found[start : start + count] for start in range(0, len(found), count))
    return {name: _together(several) for name, several in zip(names, each, strict=True)}


def _together(several: Sequence[Backlog]) -> Backlog:
    return Backlog(
        queued=sum(one.queued for one in several),
        in_hand=sum(one.in_hand for one in several),
        silent_seconds=max(one.silent_seconds for one in several),
    )


async def _read(batcher: Batcher, stream: str, lease_ms: int) -> Backlog:
    args: list[Argument] = [GROUP, lease_ms, GIVEN_BACK_MS, MOST_PENDING]
    messages, in_hand, silent_ms = await batcher.script("backlog", [stream], args)
    return Backlog(queued=max(0, messages - in_hand), in_hand=in_hand, silent_seconds=silent_ms / 1000)
