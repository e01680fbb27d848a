"""Steps of accepted runs, with everything that is promised of them: journal, lease, fence, events, recovery.

    python -m benchmarks.steps URL SLOTS

is the worker, in a process of its own: the real one, with all its loops, over agents that know nothing. The driver
does what `orchestration/path.py` does between two results: journal and send, and follow the run's events.
"""

import argparse
import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import numpy as np

from agents import Agent, AgentRegistry, Terms
from agents.answers import Claim, Draft, Piece, Question
from agents.runner import Runner
from benchmarks.children import be_a_child
from knowledge import DIMENSIONS, Hit, Matrix, Vector
from orchestration.alarms import Alarms
from orchestration.brake import Brake
from orchestration.connections import Connections, open_connections
from orchestration.dispatch import Dispatcher
from orchestration.hints import Hints
from orchestration.hub import EventHub
from orchestration.inbox import Inbox
from orchestration.keys import Keys
from orchestration.messages import CoordinationPlan, Failed, Finished, PlanStep, Recorded, Task, TaskResult
from orchestration.metrics import Metrics
from orchestration.records import OwnedRun
from orchestration.settings import RunSettings
from orchestration.signing import KeyRing, Signing
from orchestration.step_store import StepStore
from orchestration.store import RunStore
from orchestration.vectors import pack
from orchestration.worker import Worker

PREFIX = "bench-steps"
QUESTION = "What is the weather like?"
VECTOR = pack(np.full(DIMENSIONS, DIMENSIONS**-0.5, dtype=np.float32))
"""A step carries its question's embedding: 2,048 characters, which are its 2 KB in."""
MOST_STEPS = 8_000
"""Steps of all runs of one block together; more than are done in it."""
ANSWER = "It rains. " * 204 + "Tomorrow."
"""2 KB out."""


def three_agents() -> AgentRegistry:
    """Agents that know nothing, so that only coordination is left."""
    return AgentRegistry(
        Agent(name=name, title=name.title(), description=f"Watches the weather in the {name}.")
        for name in ("north", "east", "south")
    )


class NoLibrary:
    """Finds nothing, at once."""

    async def search(
        self,
        bases: Sequence[str],
        question: str,
        vector: Vector,
        *,
        person: str = "local",
        limit: int = 6,
        sentences: bool = True,
        prefers: Collection[str] = (),
    ) -> list[Hit]:
        return []

    async def embed(self, texts: Sequence[str]) -> Matrix:
        return np.zeros((len(texts), DIMENSIONS), dtype=np.float32)


class TwoKilobytes:
    """Answers with 2 KB, at once."""

    async def answer(self, question: Question) -> AsyncGenerator[Piece | Draft, None]:
        yield Piece("answer", ANSWER)
        claim = Claim(text="It rains.", quote="It rains.", passage="sky", relevance=1.0)
        yield Draft(claims=(claim,), text=ANSWER, confidence=1.0)


class StepsDriver:
    """The owner of some runs, one a lane."""

    def __init__(self, connections: Connections, keys: Keys, settings: RunSettings) -> None:
        self._connections = connections
        self._keys = keys
        self._store = RunStore(connections.batcher, keys, settings)
        self._hub = EventHub(connections, keys)
        self._agents = tuple(three_agents())
        self._metrics = Metrics(self._agents)
        self._runs: list[tuple[Dispatcher, asyncio.Queue[Recorded], Iterator[PlanStep]]] = []

    @asynccontextmanager
    async def accepted(self, lanes: int) -> AsyncIterator[None]:
        """So many runs, taken in and followed; ended and forgotten afterwards."""
        runs: list[OwnedRun] = []
        async with AsyncExitStack() as stack:
            for _ in range(lanes):
                task = Task(question=QUESTION, deadline_seconds=600)
                events = await stack.enter_async_context(self._hub.watch(task.id, fresh=True))
                run = await self._store.accept(task, "bench")
                assert run is not None and run.begun, "there are places enough"
                plan = self._plan(MOST_STEPS // lanes)
                for at in range(0, len(plan.steps), 1_000):
                    states = {f"{step.id}.state": "waiting" for step in plan.steps[at : at + 1_000]}
                    await self._store.journal(run, states)
                dispatcher = Dispatcher(
                    self._connections.streams,
                    self._keys,
                    self._store,
                    self._metrics,
                    Signing(KeyRing()),
                    run,
                    plan,
                    Terms(),
                )
                self._runs.append((dispatcher, events, iter(plan.steps)))
                runs.append(run)
            yield
            for run in runs:
                result = TaskResult(task=run.task.id, mode="council", state="answered")
                await self._store.finish(run.task.id, result, (), fence=run.fence)
        self._runs.clear()

    async def ask(self, lane: int, steps: int) -> None:
        """Dispatch so many steps together, each to another agent, and wait until their results are seen."""
        dispatcher, events, waiting = self._runs[lane]
        sent = [next(waiting) for _ in range(steps)]
        await dispatcher.send(sent, {})
        missing = {step.id for step in sent}
        while missing:
            event = (await events.get()).event
            assert not isinstance(event, Failed), event.result.error
            if isinstance(event, Finished):
                missing.discard(event.result.step)

    def _plan(self, steps: int) -> CoordinationPlan:
        """So many steps, each for another agent than the one before."""
        return CoordinationPlan(
            steps=tuple(
                PlanStep(id=f"s{n}", agent=self._agents[n % 3], question=QUESTION, vector=VECTOR) for n in range(steps)
            )
        )

    async def run(self) -> None:
        """Read events until cancelled."""
        await self._hub.run()

    async def leave(self) -> None:
        await self._hub.leave()


def _settings(slots: int) -> RunSettings:
    """A place for every lane and a slot for every step; runs are forgotten soon after their end."""
    return RunSettings(slots=slots, places=slots, retention_hours=0.001)


@asynccontextmanager
async def steps_driver(url: str, slots: int, shards: int = 1) -> AsyncIterator[StepsDriver]:
    """A driver whose events are being read."""
    async with open_connections(url) as connections, asyncio.TaskGroup() as group:
        driver = StepsDriver(connections, Keys(PREFIX, shards), _settings(slots))
        reading = group.create_task(driver.run())
        yield driver
        await driver.leave()
        reading.cancel()


@asynccontextmanager
async def steps_worker(url: str, slots: int, shards: int = 1) -> AsyncIterator[None]:
    """A worker for the three agents."""
    settings = _settings(slots)
    agents: Mapping[str, Agent] = three_agents()
    keys = Keys(PREFIX, shards)
    name = f"bench-worker-{os.getpid()}"
    async with open_connections(url) as connections, asyncio.TaskGroup() as group:
        hints = Hints(connections, keys)
        brake = Brake(connections.batcher, keys, hints)
        metrics = Metrics(agents)
        worker = Worker(
            name=name,
            agents=agents,
            inbox=Inbox(name, agents, connections, keys),
            runner=Runner(NoLibrary(), TwoKilobytes(), 6),
            store=StepStore(connections.batcher, keys, settings),
            hints=hints,
            brake=brake,
            metrics=metrics,
            signing=Signing(KeyRing()),
            alarms=Alarms(connections.batcher, keys, metrics),
            settings=settings,
        )
        loops = [group.create_task(hints.run()), group.create_task(brake.run())]
        working = group.create_task(worker.run())
        yield
        await worker.leave()
        await working
        for loop in loops:
            loop.cancel()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("slots", type=int)
    parser.add_argument("--shards", type=int, default=1)
    given = parser.parse_args()
    asyncio.run(be_a_child(steps_worker(given.url, given.slots, given.shards)))


if __name__ == "__main__":
    main()
