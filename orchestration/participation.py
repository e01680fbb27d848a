"""How a process takes part in councils over one Redis: what it drives, which steps it does, what it tells of itself."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from agents import Agent, AgentRegistry, Budget
from agents.models import Models
from agents.runner import Runner
from knowledge import Knowledge
from orchestration.agent_orchestrator import AgentOrchestrator, Councils
from orchestration.alarms import Alarms
from orchestration.approvals import Approvals
from orchestration.brake import Brake
from orchestration.connections import TROUBLE, Connections
from orchestration.council import CouncilEngine
from orchestration.crash import Crash
from orchestration.endings import Endings
from orchestration.engine import open_engine
from orchestration.errors import ConfigurationError, EngineUnavailable
from orchestration.gauges import Gauges
from orchestration.hints import Hints
from orchestration.hub import EventHub
from orchestration.inbox import Inbox
from orchestration.keeping import Keeper
from orchestration.keys import GROUP, Keys
from orchestration.machine import Processor
from orchestration.messages import PRIORITIES
from orchestration.metrics import Metrics
from orchestration.outage import Outage
from orchestration.path import Council
from orchestration.planner import planning_with
from orchestration.presence import Heartbeat, Kind, PresenceReader
from orchestration.recording import Recording
from orchestration.redis_log import RedisLog
from orchestration.running import Loop, running
from orchestration.scaling import Look, Scaler
from orchestration.selector import Selector
from orchestration.settings import Settings
from orchestration.sharding import RunIds, agree
from orchestration.shelves import preparation
from orchestration.signing import KeyRing, Signing
from orchestration.single import SingleAgent
from orchestration.step_store import StepStore
from orchestration.store import RunStore
from orchestration.trouble import lacks_a_right, told
from orchestration.weights import Weights
from orchestration.worker import Worker
from orchestration.writing import aggregating

log = logging.getLogger(__name__)

TRY_AGAIN_SECONDS = 2.0
"""Between attempts to reach a Redis that was away at the start."""


@dataclass(frozen=True)
class Participant:
    """What councils in one process share with its single agent, and how the process takes part."""

    settings: Settings
    registry: AgentRegistry
    knowledge: Knowledge
    runner: Runner
    models: Models
    budget: Budget
    """Of a whole task."""
    metrics: Metrics
    name: str
    keys: Keys
    ring: KeyRing
    weights: Weights
    kind: Kind
    workers: Mapping[str, Agent]
    """Those whose steps it does."""
    crash: Crash
    orchestrator: AgentOrchestrator
    single: SingleAgent
    keeper: Keeper | None

    @asynccontextmanager
    async def taking_part(self, connections: Connections) -> AsyncIterator[None]:
        """Councils over this Redis, as long as the block lasts."""
        participation = Participation(self, connections)
        await participation.announce()
        loops = participation.loops()
        async with running(loops, participation.worker, participation.hub, connections, self.knowledge):
            with self.orchestrator.with_councils(participation.councils()):
                yield

    async def take_part_when_redis_is_there(self) -> None:
        """Try to reach it until that succeeds; then take part until cancelled."""
        while True:
            await asyncio.sleep(TRY_AGAIN_SECONDS)
            try:
                async with open_agreed(self.settings, self.keys) as connections, self.taking_part(connections):
                    log.warning("Redis is there: councils answer from now on")
                    await asyncio.Event().wait()
            except (EngineUnavailable, ConfigurationError, *TROUBLE) as error:
                log.info("councils have to wait: %s", error)


class Participation:
    """The parts of one process over one Redis."""

    def __init__(self, participant: Participant, connections: Connections) -> None:
        batcher, keys, settings = connections.batcher, participant.keys, participant.settings.run
        self._participant = participant
        self._connections = connections
        self._signing = Signing(participant.ring)
        self._alarms = Alarms(batcher, keys, participant.metrics)
        self._store = RunStore(batcher, keys, settings, self._signing, weights=participant.weights)
        self._approvals = Approvals(batcher, keys, settings, self._signing)
        self._hints = Hints(connections, keys)
        self._brake = Brake(batcher, keys, self._hints)
        self._presences = PresenceReader(batcher, keys, participant.registry)
        self._outage = Outage(batcher, keys.shards[0].probe)
        self.hub = EventHub(connections, keys, Recording(self._signing))
        self.worker = self._worker() if participant.workers else None
        self._engine = self._council_engine()
        self._heartbeat = Heartbeat(
            batcher,
            keys,
            name=participant.name,
            kind=participant.kind,
            orchestrates=participant.kind != "worker",
            worker=self.worker,
        )

    async def announce(self) -> None:
        """Make what must be there, and tell others that this process is; before anything is asked here, so that whoever
        joins finds it. Raises ConfigurationError where its user may not do that: it would try for ever, and seem to be
        there.
        """
        keys, make_group = self._participant.keys, self._connections.streams.make_group
        streams = [keys.tasks(agent, priority) for agent in self._participant.workers for priority in PRIORITIES]
        try:
            await asyncio.gather(*(make_group(stream, GROUP) for stream in streams))
            await self._heartbeat.beat()
        except TROUBLE as error:
            if lacks_a_right(error):
                raise told(error) from error
            log.warning("Redis went away while this process started; the loops go on asking: %s", error)

    def loops(self) -> list[Loop]:
        """What goes on as long as it takes part."""
        participant, connections = self._participant, self._connections
        settings = participant.settings.run
        parts = (self.hub, self._hints, self._brake, self._heartbeat, self._engine, self._outage)
        loops: list[Loop] = [*(part.run for part in parts), self._stop_at_halt]
        if self.worker is not None and settings.slots == "auto":
            busy = self.worker.busy
            look = Look(
                connections.batcher, participant.keys, participant.workers, settings.lease_ms, busy, Processor()
            )
            loops.append(Scaler(self.worker, look).run)
        if participant.keeper is not None:
            endings = Endings(connections, participant.keys, self.hub, self._store, settings, self._alarms)
            loops.append(partial(participant.keeper.follow, endings))
        return loops

    def councils(self) -> Councils:
        """What the orchestrator asks them with."""
        participant, batcher = self._participant, self._connections.batcher
        settings = participant.settings.run
        return Councils(
            self._engine,
            RedisLog(self._connections, participant.keys, self.hub, self._store),
            self._presences,
            self._connections,
            self._brake,
            self._outage,
            Gauges(batcher, participant.keys, self._presences, participant.registry, settings.lease_ms),
            RunIds(batcher, participant.keys, settings),
        )

    def _worker(self) -> Worker:
        participant, settings = self._participant, self._participant.settings.run
        return Worker(
            name=participant.name,
            agents=participant.workers,
            inbox=Inbox(participant.name, participant.workers, self._connections, participant.keys),
            runner=participant.runner,
            store=StepStore(self._connections.batcher, participant.keys, settings, self._signing),
            hints=self._hints,
            brake=self._brake,
            metrics=participant.metrics,
            signing=self._signing,
            alarms=self._alarms,
            settings=settings,
            crash=participant.crash,
        )

    def _council_engine(self) -> CouncilEngine:
        participant = self._participant
        return CouncilEngine(
            participant.name,
            self._store,
            self._approvals,
            participant.registry,
            participant.settings.run,
            self._hints,
            participant.metrics,
            self._alarms,
            self._council() if participant.kind != "worker" else None,
            participant.crash,
        )

    def _council(self) -> Council:
        participant, models, knowledge = self._participant, self._participant.models, self._participant.knowledge
        planner = planning_with(models, participant.budget)
        return Council(
            registry=participant.registry,
            selector=Selector(participant.registry, knowledge, self._presences.health, planner=planner),
            aggregator=aggregating(models, knowledge.embed, participant.budget),
            store=self._store,
            approvals=self._approvals,
            metrics=participant.metrics,
            signing=self._signing,
            alarms=self._alarms,
            hub=self.hub,
            streams=self._connections.streams,
            keys=participant.keys,
            preparation=lambda: preparation(knowledge),
            settings=participant.settings.run,
            budget=participant.budget,
            brake=self._brake if models else None,
            crash=participant.crash,
        )

    async def _stop_at_halt(self) -> None:
        """The kill switch is for the single agent as well."""
        while True:
            await self._brake.pulled()
            await self._participant.single.halt()
            await self._brake.released()


@asynccontextmanager
async def open_agreed(settings: Settings, keys: Keys) -> AsyncIterator[Connections]:
    """A Redis whose runs are divided as this process divides them."""
    async with open_engine(settings) as connections:
        await agree(connections.batcher, keys)
        yield connections
