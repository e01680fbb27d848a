"""The composition root: puts orchestration together and takes it apart again."""

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager

from agents import Agent, AgentRegistry, Answerer, load_catalog
from agents.answerers import ANSWERERS
from agents.runner import Runner
from knowledge import Embedder, Knowledge, KnowledgeStatus, MiniLM, open_knowledge
from orchestration.aggregation import ExtractiveAggregator
from orchestration.asking import checked
from orchestration.brake import Brake
from orchestration.connections import TROUBLE, Connections, open_connections
from orchestration.council import CouncilEngine
from orchestration.crash import Crash, survive
from orchestration.embedded import open_embedded
from orchestration.errors import ConfigurationError, EngineUnavailable, UnknownRun
from orchestration.hints import Hints
from orchestration.hub import EventHub
from orchestration.inbox import Inbox
from orchestration.keys import Keys
from orchestration.log import MemoryLog
from orchestration.messages import Answer, Recorded, Task, TaskResult
from orchestration.path import Council
from orchestration.presence import AgentHealth, Heartbeat, Kind, Presence, PresenceReader
from orchestration.redis_log import RedisLog
from orchestration.selector import Selector
from orchestration.settings import Settings, make_data_folder
from orchestration.single import SingleAgent
from orchestration.store import RunStore
from orchestration.worker import GRACE_SECONDS, Worker

log = logging.getLogger(__name__)


AWAY = "Redis does not answer; nothing is lost, please try again in a moment."


@contextmanager
def _translated() -> Iterator[None]:
    """What redis-py raises becomes one sentence for a person."""
    try:
        yield
    except TROUBLE as error:
        log.warning("Redis: %s", error)
        raise EngineUnavailable(AWAY) from error


class AgentOrchestrator:
    """Ask, watch, stop: councils over Redis and the single agent behind one door."""

    def __init__(
        self,
        registry: AgentRegistry,
        knowledge: Knowledge | None,
        single: SingleAgent | None,
        engine: CouncilEngine | None,
        council_log: RedisLog | None,
        presences: PresenceReader | None,
        connections: Connections | None,
        brake: Brake | None,
    ) -> None:
        self.registry = registry
        self._knowledge = knowledge
        self._single = single
        self._engine = engine
        self._council_log = council_log
        self._presences = presences
        self.connections = connections
        self._brake = brake

    @property
    def knowledge(self) -> Knowledge:
        """This process's knowledge; a process that only hands tasks in has none."""
        if self._knowledge is None:
            raise ConfigurationError("This process holds no knowledge; the running server does.")
        return self._knowledge

    @property
    def redis_available(self) -> bool:
        """Whether Redis answered last."""
        return self.connections is not None and self.connections.batcher.available

    async def submit(self, task: Task) -> str:
        task = checked(task, self.registry)
        if task.mode == "council" and not self.redis_available and self._single is not None:
            # Known to be away before anything is sent, so that nothing is answered twice.
            task = task.model_copy(update={"mode": "single", "instead_of_council": True})
        if self._brake is not None:
            self._brake.check()
        if task.mode == "single":
            if self._single is None:
                raise ConfigurationError("The single agent does not run in this process.")
            return await self._single.submit(task)
        if self._engine is None:
            raise EngineUnavailable(AWAY)
        with _translated():
            return await self._engine.submit(task)

    async def dispatch_task(self, task: Task) -> TaskResult:
        async with aclosing(self.stream(task)) as events:
            async for recorded in events:
                if isinstance(recorded.event, Answer):
                    return recorded.event.result
        raise EngineUnavailable("The run's events ended without an answer.")

    async def stream(self, task: Task) -> AsyncGenerator[Recorded, None]:
        if task.mode == "single" or self._council_log is None or not self.redis_available:
            run = await self.submit(task)
            async for recorded in self.follow(run, person=task.person):
                yield recorded
            return
        async with self._council_log.begin(task.id) as events:
            await self.submit(task)
            async for recorded in events:
                yield recorded

    async def follow(self, run: str, *, person: str, after: str = "") -> AsyncIterator[Recorded]:
        with _translated():
            async for recorded in self._log_of(run).follow(run, person=person, after=after):
                yield recorded

    async def cancel(self, run: str, *, person: str) -> bool:
        task = await self.task(run, person)
        if self._single is not None and run in self._single.log:
            return await self._single.cancel(task)
        assert self._engine is not None, "a run that was found is somebody's"
        with _translated():
            return await self._engine.cancel(task)

    async def task(self, run: str, person: str) -> Task:
        with _translated():
            return await self._log_of(run).task(run, person)

    async def runs(self, person: str, conversation: str) -> list[str]:
        found = await self._runs_in_redis(person, conversation)
        if self._single is None:
            return found
        alone = await self._single.log.runs(person, conversation)
        if not found or not alone:
            return found + alone
        asked = {run: (await self.task(run, person)).asked_at for run in found + alone}
        return sorted(asked, key=lambda run: asked[run])

    async def _runs_in_redis(self, person: str, conversation: str) -> list[str]:
        """None of them while Redis is away: a conversation with the single agent is there all the same."""
        if self._council_log is None:
            return []
        try:
            return await self._council_log.runs(person, conversation)
        except TROUBLE as error:
            log.warning("the runs of a conversation cannot be read: %s", error)
            return []

    async def conversations(self, person: str, most: int = 50) -> list[tuple[str, float]]:
        newest: dict[str, float] = {}
        for log_ in self._logs():
            with _translated():
                for thread, at in await log_.conversations(person, most):
                    newest[thread] = max(at, newest.get(thread, 0.0))
        return sorted(newest.items(), key=lambda item: -item[1])[:most]

    async def processes(self) -> list[Presence]:
        """Every process that is alive on this Redis."""
        return await self._presences.alive() if self._presences is not None else []

    async def health(self) -> Mapping[str, AgentHealth]:
        """How each agent is doing, in all processes together; nothing without Redis."""
        if self._presences is None:
            return {}
        with _translated():
            return await self._presences.health()

    def _logs(self) -> list[MemoryLog | RedisLog]:
        logs: list[MemoryLog | RedisLog] = []
        if self._council_log is not None:
            logs.append(self._council_log)
        if self._single is not None:
            logs.append(self._single.log)
        return logs

    def _log_of(self, run: str) -> MemoryLog | RedisLog:
        if self._single is not None and run in self._single.log:
            return self._single.log
        if self._council_log is None:
            raise UnknownRun("There is no such run.")
        return self._council_log


@asynccontextmanager
async def open_runtime(
    settings: Settings,
    *,
    registry: AgentRegistry | None = None,
    answerer: Answerer | None = None,
    embedder: Embedder | None = None,
    workers: bool | Sequence[str] = True,
    kind: Kind = "web",
    join: bool = False,
    prefix: str = "",
    crash: Crash = survive,
) -> AsyncIterator[AgentOrchestrator]:
    """Everything that a process needs for councils and for the single agent.

    `workers`: which agents' steps this process runs. `kind` is "worker" for a process that only runs steps.
    `join`: when another process on the same Redis orchestrates already, hand tasks to it and load nothing here.
    `crash` is called at named points, so that a test can die there.
    """
    registry = registry or load_catalog()
    await asyncio.to_thread(make_data_folder, settings.data)
    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
    keys = Keys(prefix) if prefix else Keys()
    async with AsyncExitStack() as stack:
        connections = await _open_redis(stack, settings)
        if join and await _somebody_orchestrates(connections, keys):
            yield await _joined(stack, settings, registry, connections, keys, name)
            return
        knowledge = await stack.enter_async_context(_open_knowledge(settings, registry, embedder))
        runner = Runner(knowledge, answerer or ANSWERERS["extractive"](), settings.knowledge.passages)
        store = RunStore(connections.batcher, keys, settings.run)
        hub, hints = EventHub(connections, keys), Hints(connections, keys)
        brake = Brake(connections.batcher, keys, hints)
        worker = None
        if chosen := _chosen(workers, registry):
            worker = Worker(
                name=name,
                agents=chosen,
                inbox=Inbox(name, chosen, connections, keys),
                runner=runner,
                store=store,
                hints=hints,
                brake=brake,
                settings=settings.run,
                crash=crash,
            )
        presences = PresenceReader(connections.batcher, keys, registry)
        heartbeat = Heartbeat(
            connections.batcher,
            keys,
            name=name,
            kind=kind,
            orchestrates=kind != "worker",
            worker=worker,
            slots=settings.run.slots,
        )
        selector = Selector(registry, knowledge, presences.health)
        council = Council(
            registry=registry,
            selector=selector,
            aggregator=ExtractiveAggregator(),
            store=store,
            hub=hub,
            streams=connections.streams,
            keys=keys,
            preparation=lambda: _preparation(knowledge),
            settings=settings.run,
            crash=crash,
        )
        engine = CouncilEngine(name, store, settings.run, hints, council if kind != "worker" else None, crash)
        single = SingleAgent(
            list(registry), runner, selector, ExtractiveAggregator(), council.preparation, settings.run
        )
        await heartbeat.beat()
        loops = [hub.run, hints.run, brake.run, heartbeat.run, engine.run, single.run]
        await stack.enter_async_context(_running(loops, worker, hub))
        council_log = RedisLog(connections, keys, hub, store)
        yield AgentOrchestrator(registry, knowledge, single, engine, council_log, presences, connections, brake)


async def processes(settings: Settings) -> list[Presence]:
    """Every process that is alive on the same Redis, without becoming one. Raises EngineUnavailable."""
    async with AsyncExitStack() as stack:
        connections = await _open_redis(stack, settings)
        return await PresenceReader(connections.batcher, Keys(), ()).alive()


@asynccontextmanager
async def open_single(
    settings: Settings,
    *,
    registry: AgentRegistry | None = None,
    answerer: Answerer | None = None,
    embedder: Embedder | None = None,
) -> AsyncIterator[AgentOrchestrator]:
    """The single agent alone: no Redis is started, joined or asked."""
    registry = registry or load_catalog()
    await asyncio.to_thread(make_data_folder, settings.data)
    async with AsyncExitStack() as stack:
        knowledge = await stack.enter_async_context(_open_knowledge(settings, registry, embedder))
        runner = Runner(knowledge, answerer or ANSWERERS["extractive"](), settings.knowledge.passages)
        selector = Selector(registry, knowledge, _nobody)
        single = SingleAgent(
            list(registry),
            runner,
            selector,
            ExtractiveAggregator(),
            lambda: _preparation(knowledge),
            settings.run,
        )
        await stack.enter_async_context(_running([single.run], None, None))
        yield AgentOrchestrator(registry, knowledge, single, None, None, None, None, None)


async def _open_redis(stack: AsyncExitStack, settings: Settings) -> Connections:
    if settings.redis_url is not None:
        url = settings.redis_url.get_secret_value()
    else:
        url = (await stack.enter_async_context(open_embedded(settings.data))).url
    return await stack.enter_async_context(open_connections(url))


async def _somebody_orchestrates(connections: Connections, keys: Keys) -> bool:
    alive = await PresenceReader(connections.batcher, keys, ()).alive()
    # Another `ask` may be gone before it has driven anything of ours to its end.
    return any(presence.orchestrates and presence.kind == "web" for presence in alive)


async def _joined(
    stack: AsyncExitStack,
    settings: Settings,
    registry: AgentRegistry,
    connections: Connections,
    keys: Keys,
    name: str,
) -> AgentOrchestrator:
    """A process that hands tasks in and watches; another one drives them."""
    store = RunStore(connections.batcher, keys, settings.run)
    hub, hints = EventHub(connections, keys), Hints(connections, keys)
    engine = CouncilEngine(name, store, settings.run, hints, None)
    await stack.enter_async_context(_running([hub.run], None, hub))
    presences = PresenceReader(connections.batcher, keys, registry)
    return AgentOrchestrator(
        registry, None, None, engine, RedisLog(connections, keys, hub, store), presences, connections, None
    )


@asynccontextmanager
async def _open_knowledge(
    settings: Settings, registry: AgentRegistry, embedder: Embedder | None
) -> AsyncIterator[Knowledge]:
    seeds = {agent.name: agent.seeds() for agent in registry.values()}
    folder = settings.data / "knowledge"
    async with open_knowledge(folder, settings.knowledge, embedder or MiniLM(), seeds) as knowledge:
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
    loops: Sequence[Callable[[], Awaitable[None]]], worker: Worker | None, hub: EventHub | None
) -> AsyncIterator[None]:
    """Run the loops until the block ends; a worker finishes what it has begun, or gives it back."""
    failure: Exception | None = None
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_as_coroutine(loop), name=loop.__qualname__) for loop in loops]
        working = group.create_task(worker.run()) if worker is not None else None
        # Each loop has begun when the block does: what is asked at once finds somebody.
        await asyncio.sleep(0)
        try:
            yield
        except Exception as error:  # Not for the group, which would wrap the caller's error into its own.
            failure = error
        finally:
            if worker is not None and working is not None:
                await worker.leave()
                await asyncio.wait([working], timeout=GRACE_SECONDS + GIVING_BACK_SECONDS)
                working.cancel()
            if hub is not None:
                await hub.leave()
            for task in tasks:
                task.cancel()
    if failure is not None:
        raise failure


GIVING_BACK_SECONDS = 2.0
"""How long a worker may take to give back what it cannot finish; without Redis others recover it after a lease."""


async def _as_coroutine(loop: Callable[[], Awaitable[None]]) -> None:
    await loop()


async def _nobody() -> Mapping[str, AgentHealth]:
    return {}
