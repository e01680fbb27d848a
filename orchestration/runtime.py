"""The composition root: puts orchestration together and takes it apart again."""

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from agents import Agent, AgentRegistry, Answerer, Budget, load_catalog
from agents.answerers import answering
from agents.completing import Completer
from agents.models import Models
from agents.models.opening import open_models
from agents.runner import Runner
from agents.tools.servers import Servers, open_servers
from knowledge import Embedder, Knowledge
from orchestration.agent_orchestrator import AgentOrchestrator
from orchestration.connections import Connections
from orchestration.crash import Crash, survive
from orchestration.errors import EngineUnavailable
from orchestration.joining import joined, somebody_orchestrates
from orchestration.keeping import Keeper
from orchestration.keys import PREFIX, Keys
from orchestration.metrics import Metrics
from orchestration.participation import Participant, open_agreed
from orchestration.planner import planning_with
from orchestration.presence import AgentHealth, Kind
from orchestration.running import running
from orchestration.selector import Selector
from orchestration.settings import Settings, make_data_folder
from orchestration.shelves import open_folder, open_shelves, preparation
from orchestration.signing import read_key_ring
from orchestration.single import SingleAgent
from orchestration.terms import task_budget
from orchestration.weights import Weights, nobodys
from orchestration.writing import aggregating

log = logging.getLogger(__name__)


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
            connections = await stack.enter_async_context(open_agreed(settings, keys))
        except EngineUnavailable as error:
            if not patient:
                raise
            log.warning("%s Only the single agent answers until it does.", error)
        if connections is not None and join and await somebody_orchestrates(connections, keys):
            joining = joined(settings.run, registry, models, connections, keys, ring, name, weights)
            yield await stack.enter_async_context(joining)
            return
        chosen = _chosen(workers, registry)
        bases = frozenset(chosen) if kind == "worker" else None
        shelves = open_shelves(settings, registry=registry, embedder=embedder, prefix=prefix, bases=bases)
        knowledge = await stack.enter_async_context(shelves)
        servers = await stack.enter_async_context(open_servers(settings.models.servers, registry))
        runner = _runner(settings, knowledge, models, servers, answerer)
        metrics = Metrics(registry, models.names)
        budget = task_budget(settings)
        single = _single_agent(settings, registry, knowledge, runner, models, budget, metrics, keeper)
        orchestrator = await _answering(stack, registry, knowledge, single, metrics, models)
        participant = Participant(
            settings=settings,
            registry=registry,
            knowledge=knowledge,
            runner=runner,
            models=models,
            budget=budget,
            metrics=metrics,
            name=name,
            keys=keys,
            ring=ring,
            weights=weights,
            kind=kind,
            workers=chosen,
            crash=crash,
            orchestrator=orchestrator,
            single=single,
            keeper=keeper,
        )
        if connections is not None:
            await stack.enter_async_context(participant.taking_part(connections))
        else:
            await stack.enter_async_context(running([participant.take_part_when_redis_is_there]))
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
        knowledge = await stack.enter_async_context(open_folder(settings, registry, embedder))
        servers = await stack.enter_async_context(open_servers(settings.models.servers, registry))
        runner = _runner(settings, knowledge, models, servers, answerer)
        metrics = Metrics(registry, models.names)
        single = _single_agent(settings, registry, knowledge, runner, models, task_budget(settings), metrics)
        yield await _answering(stack, registry, knowledge, single, metrics, models)


def _runner(
    settings: Settings, knowledge: Knowledge, models: Models, servers: Servers, answerer: Answerer | None
) -> Runner:
    return Runner(
        knowledge,
        answerer or answering(models, knowledge.embed, servers),
        settings.knowledge.passages,
        completer=Completer(models) if models else None,
    )


def _single_agent(
    settings: Settings,
    registry: AgentRegistry,
    knowledge: Knowledge,
    runner: Runner,
    models: Models,
    budget: Budget,
    metrics: Metrics,
    keeper: Keeper | None = None,
) -> SingleAgent:
    return SingleAgent(
        list(registry),
        runner,
        Selector(registry, knowledge, _nobody, planner=planning_with(models, budget)),
        aggregating(models, knowledge.embed, budget),
        lambda: preparation(knowledge),
        settings.run,
        budget,
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
    await stack.enter_async_context(running([single.run, orchestrator.run]))
    return orchestrator


def _chosen(workers: bool | Sequence[str], registry: AgentRegistry) -> Mapping[str, Agent]:
    if workers is True:
        return registry
    return registry.only(workers) if workers else {}


async def _nobody() -> Mapping[str, AgentHealth]:
    return {}
