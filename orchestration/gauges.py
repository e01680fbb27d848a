"""What Redis says about the whole system at the moment when Prometheus asks; in one round trip."""

import asyncio
import logging
from collections.abc import Iterable, Mapping

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from redis.exceptions import NoPermissionError

from orchestration.backlog import read_backlogs
from orchestration.batching import Batcher
from orchestration.breaker import BreakerState, read_breakers
from orchestration.connections import TROUBLE
from orchestration.keys import OF_RUNS, Keys
from orchestration.load import Load, read_load
from orchestration.presence import PresenceReader, health_of

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 1.0
"""Redis that has not answered by then counts as away, so that a scrape is answered within two seconds."""
BREAKER: dict[BreakerState, int] = {"closed": 0, "half_open": 1, "open": 2}


class Gauges:
    """The same in every process on one Redis."""

    def __init__(
        self, batcher: Batcher, keys: Keys, presences: PresenceReader, agents: Iterable[str], lease_ms: int
    ) -> None:
        self._batcher = batcher
        self._keys = keys
        self._presences = presences
        self._agents = tuple(agents)
        self._lease_ms = lease_ms

    async def read(self) -> list[Metric]:
        """Everything; while Redis is away only that: an old figure would look like a new one. One that takes no writes
        is not up."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return [redis_up(self._batcher.takes_writes), *await self._read()]
        except TROUBLE as error:
            if isinstance(error, NoPermissionError):
                # A worker with rights of its own is told what concerns its agents, and others show the rest.
                return [redis_up(self._batcher.takes_writes)]
            log.warning("what Redis has is not known: %s", error)
            return [redis_up(False)]

    async def load(self) -> Load:
        """Runs and dead letters alone, for a person who asks."""
        return await read_load(self._batcher, self._keys, self._agents)

    async def _read(self) -> list[Metric]:
        keys, batcher, agents = self._keys, self._batcher, self._agents
        alive, breakers, load, halted, lying = await asyncio.gather(
            self._presences.alive(),
            read_breakers(batcher, keys, agents),
            self.load(),
            batcher("EXISTS", keys.shards[0].halted),
            read_backlogs(batcher, keys, agents, self._lease_ms),
        )
        health = health_of(agents, alive, breakers)
        return [
            _gauge("runs_in_flight", "Runs that have begun and not ended.", load.at_work),
            _gauge("runs_waiting", "Runs that wait for their turn.", load.waiting),
            _gauge(
                "runs_awaiting_approval", "Runs whose plan its person has still to approve.", load.awaiting_approval
            ),
            _gauge("halted", "1 while an operator has stopped all agents.", halted),
            self._each("queue_depth", "Steps that nobody works on.", [lying[agent].queued for agent in agents]),
            self._each("steps_pending", "Steps that workers have in hand.", [lying[agent].in_hand for agent in agents]),
            self._each(
                "oldest_lease_seconds",
                "Time since the longest silent worker that took a step was heard of; 0 without steps.",
                [lying[agent].silent_seconds for agent in agents],
            ),
            self._each("dead_letters", "Messages that no worker could use.", load.dead_letters),
            _by_agent(
                "forged_lately",
                "Messages that nobody who has the signing keys wrote, since a day without any.",
                {name: load.alarms[name].messages if name in load.alarms else 0 for name in (OF_RUNS, *agents)},
            ),
            self._each(
                "breaker_state",
                "0 closed; 1 half open, the next attempt decides; 2 open, the agent is left out.",
                [BREAKER[one.breaker.state] for one in health],
            ),
            self._each("slots", "Steps that the agent's processes work on at once.", [one.slots for one in health]),
            self._each("workers_alive", "Processes that run the agent's steps.", [one.workers for one in health]),
        ]

    def _each(self, name: str, about: str, values: Iterable[float]) -> Metric:
        """One value for each agent."""
        return _by_agent(name, about, dict(zip(self._agents, values, strict=True)))


def redis_up(up: bool) -> Metric:
    """Whether Redis answered."""
    return _gauge("redis_up", "1 when Redis answered this scrape.", int(up))


def _by_agent(name: str, about: str, values: Mapping[str, float]) -> Metric:
    gauge = GaugeMetricFamily(f"roundtable_{name}", about, labels=["agent"])
    for agent, value in values.items():
        gauge.add_metric([agent], value)
    return gauge


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(f"roundtable_{name}", about, value=value)
