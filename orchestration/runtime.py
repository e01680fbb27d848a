"""The composition root: puts orchestration together and takes it apart again."""

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from agents import Agent, AgentRegistry, Answerer, load_catalog
from agents.answerers import answering
from agents.completing import Completer
from agents.models import Models
from agents.models.opening import open_models
from agents.runner import Runner
from agents.tools.servers import Servers, open_servers
from knowledge import Embedder, Knowledge, KnowledgeStatus, MiniLM, Record, open_knowledge
from orchestration.agent_orchestrator import AgentOrchestrator, Councils
from orchestration.alarms import Alarms
from orchestration.approvals import Approvals
from orchestration.brake import Brake
from orchestration.connections import CLOSING_SECONDS, TROUBLE, Connections
from orchestration.council import CouncilEngine
from orchestration.crash import Crash, survive
from orchestration.endings import Endings
from orchestration.engine import open_engine
from orchestration.errors import ConfigurationError, EngineUnavailable
from orchestration.gauges import Gauges
from orchestration.hints import Hints
from orchestration.hub import EventHub
from orchestration.inbox import Inbox
from orchestration.keeping import Keeper
from orchestration.keys import GROUP, PREFIX, Keys
from orchestration.machine import Processor
from orchestration.messages import PRIORITIES
from orchestration.metrics import Metrics
from orchestration.outage import Outage
from orchestration.path import Council
from orchestration.planner import Planner
from orchestration.presence import AgentHealth, Heartbeat, Kind, PresenceReader
from orchestration.recording import Recording
from orchestration.redis_log import RedisLog
from orchestration.redis_record import open_redis_record
from orchestration.scaling import Look, Scaler
from orchestration.selector import Selector
from orchestration.settings import Settings, make_data_folder
from orchestration.sharding import RunIds, agree
from orchestration.signing import KeyRing, Signing, read_key_ring
from orchestration.single import SingleAgent
from orchestration.step_store import StepStore
from orchestration.store import RunStore
from orchestration.terms import PLANNING, WRITING, share_of, task_budget
from orchestration.trouble import lacks_a_right, told
from orchestration.weights import Weights, nobodys
from orchestration.worker import GRACE_SECONDS, Worker
from orchestration.writing import aggregating

log = logging.getLogger(__name__)

TRY_AGAIN_SECONDS = 2.0
"""Between attempts to reach a Redis that was away at the start."""


@asynccontextmanager
async def open_runtime(
    settings: Settings,
    *,
    registry: AgentRegistry | None = None,
    answerer: Answerer | None = None,
    models: Models | None = None,
    embedder: Embedder | None = None,
    workers: bool | Sequence[str] = True,
    kind: Kind = "web",
    keeper: Keeper | None = None,
    join: bool = False,
    patient: bool = False,
    prefix: str = PREFIX,
    role: Callable[[str], str] = nobodys,
    crash: Crash = survive,
) -> AsyncIterator[AgentOrchestrator]:
    """Everything that a process needs for councils and for the single agent.

    `workers`: which agents' steps this process runs. `kind` is "worker" for a process that only runs steps.
    `keeper` is told of everything that ends, wherever it was asked; without one Redis keeps runs for a while.
    `join`: when another process on the same Redis orchestrates already, hand tasks to it and load nothing here.
    `patient`: when Redis is away, begin with the single agent and go on by itself as soon as Redis is there.
    `role` says what a person's role is called, for those that have a weight.
    `crash` is called at named points, so that a test can die there.
    """
    registry = registry or load_catalog()
    weights = Weights(settings.run.weights, role)
    await asyncio.to_thread(make_data_folder, settings.data)
    ring = await asyncio.to_thread(read_key_ring, settings.signing_keys)
    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
    keys = Keys(prefix, settings.run.shards)
    async with AsyncExitStack() as stack:
        if models is None:
            models = await stack.enter_async_context(open_models(settings.models, registry, settings.data))
        connections: Connections | None = None
        try:
            connections = await stack.enter_async_context(_open_agreed(settings, keys))
        except EngineUnavailable as error:
            if not patient:
                raise
            log.warning("%s Only the single agent answers until it does.", error)
        if connections is not None and join and await _somebody_orchestrates(connections, keys):
            yield await _joined(stack, settings, registry, models, connections, keys, ring, name, weights)
            return
        chosen = _chosen(workers, registry)
        bases = frozenset(chosen) if kind == "worker" else None
        shelves = open_shelves(settings, registry=registry, embedder=embedder, prefix=prefix, bases=bases)
        knowledge = await stack.enter_async_context(shelves)
        servers = await stack.enter_async_context(open_servers(settings.models.servers, registry))
        runner = _runner(settings, knowledge, models, servers, answerer)
        metrics = Metrics(registry, models.names)
        single = _single_agent(settings, registry, knowledge, runner, models, metrics, keeper)
        orchestrator = await _answering(stack, registry, knowledge, single, metrics, models)
        process = _Process(
            settings,
            registry,
            knowledge,
            runner,
            models,
            metrics,
            name,
            keys,
            ring,
            weights,
            kind,
            chosen,
            crash,
            orchestrator,
            single,
            keeper,
        )
        if connections is not None:
            await stack.enter_async_context(process.councils(connections))
        else:
            await stack.enter_async_context(_running([process.councils_when_redis_is_there]))
        yield orchestrator


@asynccontextmanager
async def open_single(
    settings: Settings,
    *,
    registry: AgentRegistry | None = None,
    answerer: Answerer | None = None,
    models: Models | None = None,
    embedder: Embedder | None = None,
) -> AsyncIterator[AgentOrchestrator]:
    """The single agent alone: no Redis is started, joined or asked. What is in the folder answers."""
    registry = registry or load_catalog()
    await asyncio.to_thread(make_data_folder, settings.data)
    async with AsyncExitStack() as stack:
        if models is None:
            models = await stack.enter_async_context(open_models(settings.models, registry, settings.data))
        knowledge = await stack.enter_async_context(_open_knowledge(settings, registry, embedder))
        servers = await stack.enter_async_context(open_servers(settings.models.servers, registry))
        runner = _runner(settings, knowledge, models, servers, answerer)
        metrics = Metrics(registry, models.names)
        single = _single_agent(settings, registry, knowledge, runner, models, metrics)
        yield await _answering(stack, registry, knowledge, single, metrics, models)


@asynccontextmanager
async def open_shelves(
    settings: Settings,
    *,
    registry: AgentRegistry | None = None,
    embedder: Embedder | None = None,
    prefix: str = PREFIX,
    bases: Collection[str] | None = None,
) -> AsyncIterator[Knowledge]:
    """The knowledge as it is shared. With REDIS_URL Redis has the record of what people put in and the data folder is
    a copy of it, of all `bases` or of these; without it the folder is all there is, and no Redis is needed.
    """
    registry = registry or load_catalog()
    await asyncio.to_thread(make_data_folder, settings.data)
    async with AsyncExitStack() as stack:
        record = None
        if settings.redis_url is not None:
            url = settings.redis_url.get_secret_value()
            record = await stack.enter_async_context(open_redis_record(url, Keys(prefix), settings.durability))
        yield await stack.enter_async_context(_open_knowledge(settings, registry, embedder, record, bases))


def _runner(
    settings: Settings, knowledge: Knowledge, models: Models, servers: Servers, answerer: Answerer | None
) -> Runner:
    return Runner(
        knowledge,
        answerer or answering(models, knowledge.embed, servers),
        settings.knowledge.passages,
        completer=Completer(models) if models else None,
    )


def _planner(models: Models, settings: Settings) -> Planner | None:
    return Planner(models, share_of(task_budget(settings), PLANNING)) if models else None


def _single_agent(
    settings: Settings,
    registry: AgentRegistry,
    knowledge: Knowledge,
    runner: Runner,
    models: Models,
    metrics: Metrics,
    keeper: Keeper | None = None,
) -> SingleAgent:
    return SingleAgent(
        list(registry),
        runner,
        Selector(registry, knowledge, _nobody, planner=_planner(models, settings)),
        aggregating(models, knowledge.embed, share_of(task_budget(settings), WRITING)),
        lambda: _preparation(knowledge),
        settings.run,
        task_budget(settings),
        metrics,
        keeper,
    )


async def _answering(
    stack: AsyncExitStack,
    registry: AgentRegistry,
    knowledge: Knowledge,
    single: SingleAgent,
    metrics: Metrics,
    models: Models,
) -> AgentOrchestrator:
    """The single agent, running."""
    orchestrator = AgentOrchestrator(registry, knowledge, single, metrics, models)
    await stack.enter_async_context(_running([single.run, orchestrator.run]))
    return orchestrator


@dataclass(frozen=True)
class _Process:
    """What councils in one process share with the single agent, and how the process takes part."""

    settings: Settings
    registry: AgentRegistry
    knowledge: Knowledge
    runner: Runner
    models: Models
    metrics: Metrics
    name: str
    keys: Keys
    ring: KeyRing
    weights: Weights
    kind: Kind
    workers: Mapping[str, Agent]
    crash: Crash
    orchestrator: AgentOrchestrator
    single: SingleAgent
    keeper: Keeper | None

    @asynccontextmanager
    async def councils(self, connections: Connections) -> AsyncIterator[None]:
        """Councils over this Redis, as long as the block lasts."""
        settings, registry, keys = self.settings, self.registry, self.keys
        signing, alarms = Signing(self.ring), Alarms(connections.batcher, keys, self.metrics)
        store = RunStore(connections.batcher, keys, settings.run, signing, weights=self.weights)
        approvals = Approvals(connections.batcher, keys, settings.run, signing)
        hub, hints = EventHub(connections, keys, Recording(signing)), Hints(connections, keys)
        brake = Brake(connections.batcher, keys, hints)
        worker = None
        if self.workers:
            worker = Worker(
                name=self.name,
                agents=self.workers,
                inbox=Inbox(self.name, self.workers, connections, keys),
                runner=self.runner,
                store=StepStore(connections.batcher, keys, settings.run, signing),
                hints=hints,
                brake=brake,
                metrics=self.metrics,
                signing=signing,
                alarms=alarms,
                settings=settings.run,
                crash=self.crash,
            )
        presences = PresenceReader(connections.batcher, keys, registry)
        heartbeat = Heartbeat(
            connections.batcher,
            keys,
            name=self.name,
            kind=self.kind,
            orchestrates=self.kind != "worker",
            worker=worker,
        )
        council = Council(
            registry=registry,
            selector=Selector(registry, self.knowledge, presences.health, planner=_planner(self.models, settings)),
            aggregator=aggregating(self.models, self.knowledge.embed, share_of(task_budget(settings), WRITING)),
            store=store,
            approvals=approvals,
            metrics=self.metrics,
            signing=signing,
            alarms=alarms,
            hub=hub,
            streams=connections.streams,
            keys=keys,
            preparation=lambda: _preparation(self.knowledge),
            settings=settings.run,
            budget=task_budget(settings),
            brake=brake if self.models else None,
            crash=self.crash,
        )
        driven = council if self.kind != "worker" else None
        engine = CouncilEngine(
            self.name, store, approvals, registry, settings.run, hints, self.metrics, alarms, driven, self.crash
        )
        outage = Outage(connections.batcher, keys.shards[0].probe)
        gauges = Gauges(connections.batcher, keys, presences, registry, settings.run.lease_ms)
        try:
            # Who may not do this would try for ever, and seem to be there.
            streams = [keys.tasks(agent, priority) for agent in self.workers for priority in PRIORITIES]
            await asyncio.gather(*(connections.streams.make_group(stream, GROUP) for stream in streams))
            # Before anything is asked here, so that whoever joins finds this process.
            await heartbeat.beat()
        except TROUBLE as error:
            if lacks_a_right(error):
                raise told(error) from error
            log.warning("Redis went away while this process started; the loops go on asking: %s", error)
        loops = [hub.run, hints.run, brake.run, heartbeat.run, engine.run, outage.run]
        loops.append(partial(self._stop_at_halt, brake))
        if worker is not None and settings.run.slots == "auto":
            look = Look(connections.batcher, keys, self.workers, settings.run.lease_ms, worker.busy, Processor())
            loops.append(Scaler(worker, look).run)
        if self.keeper is not None:
            loops.append(partial(self.keeper.follow, Endings(connections, keys, hub, store, settings.run)))
        log_ = RedisLog(connections, keys, hub, store)
        ids = RunIds(connections.batcher, keys, settings.run)
        councils = Councils(engine, log_, presences, connections, brake, outage, gauges, ids)
        async with _running(loops, worker, hub, connections, self.knowledge):
            with self.orchestrator.with_councils(councils):
                yield

    async def _stop_at_halt(self, brake: Brake) -> None:
        """The kill switch is for the single agent as well."""
        while True:
            await brake.pulled()
            await self.single.halt()
            await brake.released()

    async def councils_when_redis_is_there(self) -> None:
        """Try to reach it until that succeeds; then take part until cancelled."""
        while True:
            await asyncio.sleep(TRY_AGAIN_SECONDS)
            try:
                async with _open_agreed(self.settings, self.keys) as connections, self.councils(connections):
                    log.warning("Redis is there: councils answer from now on")
                    await asyncio.Event().wait()
            except (EngineUnavailable, ConfigurationError, *TROUBLE) as error:
                log.info("councils have to wait: %s", error)


@asynccontextmanager
async def _open_agreed(settings: Settings, keys: Keys) -> AsyncIterator[Connections]:
    """A Redis whose runs are divided as this process divides them."""
    async with open_engine(settings) as connections:
        await agree(connections.batcher, keys)
        yield connections


async def _somebody_orchestrates(connections: Connections, keys: Keys) -> bool:
    try:
        alive = await PresenceReader(connections.batcher, keys, ()).alive()
    except TROUBLE as error:
        raise told(error) from error
    # Another `ask` may be gone before it has driven anything of ours to its end.
    return any(presence.orchestrates and presence.kind == "web" for presence in alive)


async def _joined(
    stack: AsyncExitStack,
    settings: Settings,
    registry: AgentRegistry,
    models: Models,
    connections: Connections,
    keys: Keys,
    ring: KeyRing,
    name: str,
    weights: Weights,
) -> AgentOrchestrator:
    """A process that hands tasks in and watches; another one drives them."""
    signing = Signing(ring)
    store = RunStore(connections.batcher, keys, settings.run, signing, weights=weights)
    hub, hints = EventHub(connections, keys, Recording(signing)), Hints(connections, keys)
    metrics, outage = Metrics(registry, models.names), Outage(connections.batcher, keys.shards[0].probe)
    approvals = Approvals(connections.batcher, keys, settings.run, signing)
    alarms = Alarms(connections.batcher, keys, metrics)
    engine = CouncilEngine(name, store, approvals, registry, settings.run, hints, metrics, alarms, None)
    await stack.enter_async_context(_running([hub.run, outage.run], None, hub, connections))
    presences = PresenceReader(connections.batcher, keys, registry)
    gauges = Gauges(connections.batcher, keys, presences, registry, settings.run.lease_ms)
    log_ = RedisLog(connections, keys, hub, store)
    ids = RunIds(connections.batcher, keys, settings.run)
    councils = Councils(engine, log_, presences, connections, None, outage, gauges, ids)
    return AgentOrchestrator(registry, None, None, metrics, models, councils)


@asynccontextmanager
async def _open_knowledge(
    settings: Settings,
    registry: AgentRegistry,
    embedder: Embedder | None,
    record: Record | None = None,
    bases: Collection[str] | None = None,
) -> AsyncIterator[Knowledge]:
    seeds = {agent.name: agent.seeds() for agent in registry.values()}
    folder = settings.data / "knowledge"
    embedder = embedder or MiniLM(exports=folder / ".model")
    async with open_knowledge(folder, settings.knowledge, embedder, seeds, record, bases) as knowledge:
        yield knowledge


async def _preparation(knowledge: Knowledge) -> AsyncIterator[KnowledgeStatus]:
    """Each change while the knowledge is being read; nothing when it is ready. Raises KnowledgeUnavailable."""
    if knowledge.status.state != "ready":
        async for status in knowledge.watch():
            if status.state in ("ready", "failed"):
                break
            yield status
        await knowledge.wait_ready()


def _chosen(workers: bool | Sequence[str], registry: AgentRegistry) -> Mapping[str, Agent]:
    if workers is True:
        return registry
    return registry.only(workers) if workers else {}


@asynccontextmanager
async def _running(
    loops: Sequence[Callable[[], Awaitable[None]]],
    worker: Worker | None = None,
    hub: EventHub | None = None,
    connections: Connections | None = None,
    knowledge: Knowledge | None = None,
) -> AsyncIterator[None]:
    """Run the loops until the block ends; a worker begins when its `knowledge` is there, and at the end it finishes
    what it has begun, or gives it back.

    The end takes a few seconds at most, whether or not Redis answers.
    """
    failure: Exception | None = None
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_as_coroutine(loop), name=str(loop)) for loop in loops]
        working = group.create_task(_work(worker, knowledge)) if worker is not None else None
        # Each loop has begun when the block does: what is asked at once finds somebody.
        await asyncio.sleep(0)
        try:
            yield
        except Exception as error:  # Not for the group, which would wrap the caller's error into its own.
            failure = error
        finally:
            begun = worker is not None and (knowledge is None or knowledge.status.settled)
            patience = GRACE_SECONDS + GIVING_BACK_SECONDS if begun else 0.0
            if connections is not None:
                if not connections.batcher.available:
                    patience = 0.0  # What cannot be given back is recovered by others after a lease.
                connections.end_within(patience + CLOSING_SECONDS)
            if worker is not None and working is not None:
                # Not in the group, which takes no more tasks where a loop broke: the steps are given back all the same.
                leaving = asyncio.create_task(worker.leave())
                await asyncio.wait([working], timeout=patience)
                leaving.cancel()
                working.cancel()
            if hub is not None:
                await hub.leave()
            for task in tasks:
                task.cancel()
    if failure is not None:
        raise failure


GIVING_BACK_SECONDS = 2.0
"""How long a worker may take to give back what it cannot finish; without Redis others recover it after a lease."""


async def _work(worker: Worker, knowledge: Knowledge | None) -> None:
    """Who answered before its documents are indexed or fetched would find nothing where there is something."""
    if knowledge is not None:
        async for _ in knowledge.watch():
            pass
    await worker.run()


async def _as_coroutine(loop: Callable[[], Awaitable[None]]) -> None:
    await loop()


async def _nobody() -> Mapping[str, AgentHealth]:
    return {}
