"""Circuit breakers: an agent that fails again and again is left out for a while, then tried again.

Each attempt's outcome is told together with the acknowledgement of its message (scripts/acknowledge.lua), so it costs
no round trip; the state is shared by all processes and read here.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from redis.exceptions import ResponseError

from orchestration.batching import Batcher
from orchestration.keys import Keys
from orchestration.trouble import of_another_kind

FAILURES = 5
"""So many failed attempts in a row open the breaker; one success closes it."""
FIRST_SECONDS = 30.0
"""The first rest; it doubles with each further failure after a rest."""
MOST_SECONDS = 300.0
MOST_COUNTED = 1_000_000

BreakerState = Literal["closed", "open", "half_open"]


@dataclass(frozen=True)
class Breaker:
    """One agent's breaker."""

    failures: int = 0
    """Attempts that failed in a row."""
    seconds: float = 0.0
    """For how long the agent is left out from now."""

    @property
    def state(self) -> BreakerState:
        """Half open: its rest is over, and the next attempt decides."""
        if self.seconds > 0:
            return "open"
        return "half_open" if self.failures >= FAILURES else "closed"


CLOSED = Breaker()


async def read_breakers(batcher: Batcher, keys: Keys, agents: Iterable[str]) -> Mapping[str, Breaker]:
    """The breakers of these agents, in one round trip."""
    names = list(agents)
    (seconds, micros), *found = await asyncio.gather(
        batcher("TIME"), *(_figures(batcher, keys.breaker(name)) for name in names)
    )
    now = int(seconds) + int(micros) / 1e6
    return {name: _breaker(failures, until, now) for name, (failures, until) in zip(names, found, strict=True)}


async def _figures(batcher: Batcher, key: str) -> Sequence[bytes | None]:
    try:
        failures, until = await batcher("HMGET", key, "failures", "until")
    except ResponseError as error:
        if of_another_kind(error):
            return None, None
        raise
    return failures, until


def _breaker(failures: bytes | None, until: bytes | None, now: float) -> Breaker:
    """What cannot be read is one that says nothing: the workers of an agent write it, and it must not stop others."""
    try:
        seconds = max(0.0, float(until or 0) / 1000 - now)
        return Breaker(min(int(failures or 0), MOST_COUNTED), min(seconds, MOST_SECONDS))
    except ValueError:
        return CLOSED
