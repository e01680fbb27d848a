"""What a process shows to Prometheus."""

from collections.abc import Iterable
from dataclasses import dataclass

from prometheus_client import Metric, generate_latest
from prometheus_client.registry import Collector

from orchestration.gauges import Gauges, redis_up
from orchestration.metrics import Metrics


@dataclass(frozen=True)
class Exposition:
    """What was counted here, and what Redis says. Without `gauges` no Redis is used."""

    metrics: Metrics
    gauges: Gauges | None

    async def text(self) -> bytes:
        """In Prometheus' text format; within two seconds, whether or not Redis answers."""
        read = await self.gauges.read() if self.gauges is not None else [redis_up(False)]
        return generate_latest(_Collected([*self.metrics.collect(), *read]))


@dataclass(frozen=True)
class _Collected(Collector):
    """Ready-made metrics, as the library wants to be given them."""

    found: list[Metric]

    def collect(self) -> Iterable[Metric]:
        return self.found
