"""A process that hands tasks in and watches, while another one drives them and does their steps."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agents import AgentRegistry
from agents.models import Models
from orchestration.agent_orchestrator import AgentOrchestrator, Councils
from orchestration.alarms import Alarms
from orchestration.approvals import Approvals
from orchestration.connections import TROUBLE, Connections
from orchestration.council import CouncilEngine
from orchestration.gauges import Gauges
from orchestration.hints import Hints
from orchestration.hub import EventHub
from orchestration.keys import Keys
from orchestration.metrics import Metrics
from orchestration.outage import Outage
from orchestration.presence import PresenceReader
from orchestration.recording import Recording
from orchestration.redis_log import RedisLog
from orchestration.running import running
from orchestration.settings import RunSettings
from orchestration.sharding import RunIds
from orchestration.signing import KeyRing, Signing
from orchestration.store import RunStore
from orchestration.trouble import told
from orchestration.weights import Weights


async def somebody_orchestrates(connections: Connections, keys: Keys) -> bool:
    """Whether a server is there that drives what is handed in. Raises what `trouble.told` makes of Redis's errors."""
    try:
        alive = await PresenceReader(connections.batcher, keys, ()).alive()
    except TROUBLE as error:
        raise told(error) from error
    # Another `ask` may be gone before it has driven anything of ours to its end.
    return any(presence.orchestrates and presence.kind == "web" for presence in alive)


@asynccontextmanager
async def joined(
    settings: RunSettings,
    registry: AgentRegistry,
    models: Models,
    connections: Connections,
    keys: Keys,
    ring: KeyRing,
    name: str,
    weights: Weights,
) -> AsyncIterator[AgentOrchestrator]:
    """Its orchestrator, as long as the block lasts."""
    signing = Signing(ring)
    store = RunStore(connections.batcher, keys, settings, signing, weights=weights)
    hub, hints = EventHub(connections, keys, Recording(signing)), Hints(connections, keys)
    metrics, outage = Metrics(registry, models.names), Outage(connections.batcher, keys.shards[0].probe)
    approvals = Approvals(connections.batcher, keys, settings, signing)
    alarms = Alarms(connections.batcher, keys, metrics)
    engine = CouncilEngine(name, store, approvals, registry, settings, hints, metrics, alarms, None)
    presences = PresenceReader(connections.batcher, keys, registry)
    gauges = Gauges(connections.batcher, keys, presences, registry, settings.lease_ms)
    log_ = RedisLog(connections, keys, hub, store)
    ids = RunIds(connections.batcher, keys, settings)
    councils = Councils(engine, log_, presences, connections, None, outage, gauges, ids)
    async with running([hub.run, outage.run], None, hub, connections):
        yield AgentOrchestrator(registry, None, None, metrics, models, councils)
