"""Who forges messages is seen: in the log, in the metrics, and in Redis, from where every process can tell of it."""

import asyncio
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from redis.exceptions import ResponseError

from orchestration.batching import Batcher
from orchestration.keys import OF_RUNS, Keys
from orchestration.metrics import Forgery, Metrics
from orchestration.trouble import of_another_kind

log = logging.getLogger(__name__)

_FIGURE = re.compile(rb"\d{1,14}")

ALARM_SECONDS = 86_400
"""An alarm ends by itself when nothing forged came for so long."""

UNREADABLE = "the alarm itself was changed by somebody"
"""Who may write one may spoil it, and that is one too."""


@dataclass(frozen=True)
class Alarm:
    """What came for one agent, or in its name, or what stood in a run, that nobody who has the signing keys wrote."""

    messages: int
    """Since the alarm began."""
    at: float
    """When the latest came, epoch seconds by the server's clock."""
    why: str
    """What was wrong with that one, as a clause."""


class Alarms:
    """Raises them, in one process."""

    def __init__(self, batcher: Batcher, keys: Keys, metrics: Metrics) -> None:
        self._batcher = batcher
        self._keys = keys
        self._metrics = metrics

    async def rise(self, agent: str, what: Forgery, why: str) -> None:
        """Something forged came; whoever notices it leaves it out."""
        log.error("forged %s for %s: %s", what, agent or "a run", why)
        self._metrics.forged(agent, what)
        await self._batcher.script("alarm", [self._keys.alarm(agent)], [why, 1000 * ALARM_SECONDS])


async def read_alarm(batcher: Batcher, keys: Keys, agent: str) -> Alarm | None:
    """The agent's, while it lasts."""
    try:
        messages, at, why = await batcher("HMGET", keys.alarm(agent), "messages", "at", "why")
    except ResponseError as error:
        if of_another_kind(error):
            return Alarm(1, 0.0, UNREADABLE)
        raise
    if messages is None or at is None or why is None:
        return None
    if not (_FIGURE.fullmatch(messages) and _FIGURE.fullmatch(at)):
        return Alarm(1, 0.0, UNREADABLE)
    return Alarm(int(messages), int(at) / 1000, why.decode(errors="replace"))


async def read_alarms(batcher: Batcher, keys: Keys, agents: Sequence[str]) -> Mapping[str, Alarm]:
    """Those that last, by agent, in one round trip; that of what was forged in runs stands first, under OF_RUNS."""
    return lasting(agents, await asyncio.gather(*(read_alarm(batcher, keys, name) for name in (OF_RUNS, *agents))))


def lasting(agents: Sequence[str], found: Sequence[Alarm | None]) -> Mapping[str, Alarm]:
    """What was found for OF_RUNS and for each of these agents, where there was something."""
    return {name: alarm for name, alarm in zip((OF_RUNS, *agents), found, strict=True) if alarm is not None}
