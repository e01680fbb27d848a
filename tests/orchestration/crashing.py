"""A process that dies at a named point: python -m tests.orchestration.crashing <a Death as JSON>."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any, Literal
from unittest.mock import patch

from pydantic import BaseModel

from agents import AgentError, Question
from agents.answerers.scripted import ScriptedAnswerer
from orchestration import Task, brake
from orchestration.batching import Batcher
from orchestration.brake import Halt
from orchestration.connections import open_connections
from orchestration.crash import CrashPoint
from orchestration.keys import GROUP, Keys
from orchestration.messages import Sent, Started
from orchestration.settings import RunSettings
from orchestration.step_store import MOST_DEATHS, Claimed, StepStore
from orchestration.store import RunStore
from tests.orchestration.speaking import speaker
from tests.orchestration.waiting import eventually
from tests.orchestration.worlds import Gate, events_until, world

KILLED = 9
"""The exit code of a process that died where it should."""
LEASE_SECONDS = 0.5
DEADLINE_SECONDS = 600
"""Time for all processes that die before."""

Story = Literal["asks", "asks first", "fails", "is halted", "adopts", "is poisoned", "asks a model"]
"""What the process does before it dies: it asks and works; it asks, is shown the plan and approves it; its agents fail;
it is halted while its agents work; it finds a run whose owner is dead; it finds a step that has killed all its
workers; it asks, and a language model plans, answers and writes."""


class Death(BaseModel):
    """Where and how to die."""

    folder: Path
    redis_url: str
    prefix: str
    point: CrashPoint | None
    """None where it dies while a language model speaks."""
    story: Story
    question: str
    task: str
    one_server: bool = True
    """Whether a script may be about runs and streams at once; in a cluster these are on different servers."""
    silent: str = ""
    """It dies where a model's instructions have these words, when the model has begun to speak."""

    def asked(self) -> Task:
        return Task(id=self.task, question=self.question, asked_at=0.0, approval=self.story == "asks first")


async def die(death: Death) -> None:
    """Do what the story says, until the point is reached."""

    def crash(point: CrashPoint) -> None:
        if point is death.point:
            os._exit(KILLED)

    if death.story == "adopts":
        await _accept_and_die(death)
    if death.story == "is poisoned":
        await _kill_all_workers(death)
    gate = Gate() if death.story == "is halted" else Gate(held=frozenset())
    answerer = ScriptedAnswerer(before=_fail if death.story == "fails" else gate.wait)
    model = speaker(silent=death.silent, meanwhile=lambda: os._exit(KILLED)) if death.story == "asks a model" else None
    async with world(
        death.folder,
        death.redis_url,
        death.prefix,
        answerer=answerer if model is None else None,
        models=model.models() if model is not None else None,
        crash=crash,
        lease_seconds=LEASE_SECONDS,
        deadline_seconds=DEADLINE_SECONDS,
    ) as orchestrator:
        if death.story in ("asks", "asks first", "fails", "is halted", "asks a model"):
            await orchestrator.submit(death.asked())
        if death.story == "asks first":
            await events_until(orchestrator.follow(death.task, person="local"), "proposed")
            await orchestrator.approve(death.task, person="local")
        if death.story == "is halted":
            await gate.arrived.wait()
            assert orchestrator.connections is not None
            await brake.pull(orchestrator.connections.batcher, Keys(death.prefix), Halt(since=1.0))
        await asyncio.Event().wait()


async def _fail(question: Question) -> None:
    raise AgentError("It does not work today.")


async def _accept_and_die(death: Death) -> None:
    """Somebody took the task in, and was never heard of again."""
    async with open_connections(death.redis_url) as connections:
        settings = RunSettings(lease_seconds=LEASE_SECONDS, deadline_seconds=DEADLINE_SECONDS)
        await RunStore(connections.batcher, Keys(death.prefix), settings).accept(death.asked(), "somebody dead")


async def _kill_all_workers(death: Death) -> None:
    """As many workers as a step may have claimed it, one after the other, and died."""
    keys = Keys(death.prefix)
    stream = keys.tasks("garden")
    async with (
        world(
            death.folder,
            death.redis_url,
            death.prefix,
            workers=False,
            lease_seconds=LEASE_SECONDS,
            deadline_seconds=DEADLINE_SECONDS,
        ) as orchestrator,
        open_connections(death.redis_url) as connections,
    ):
        redis: Any = connections.commands
        await orchestrator.submit(death.asked())
        planned = await events_until(orchestrator.follow(death.task, person="local"), "planned")
        assert planned
        await redis.xgroup_create(stream, GROUP, id="0", mkstream=True)
        await eventually(lambda: redis.xlen(stream), "the step is sent")
        ((_, ((entry, _),)),) = await redis.xreadgroup(GROUP, "dead-0", {stream: ">"}, count=1)
        store = StepStore(connections.batcher, keys, RunSettings())
        for number in range(MOST_DEATHS):
            worker = f"dead-{number}"
            claim = await store.claim(
                death.task,
                "s1",
                worker=worker,
                message=entry,
                sent=Sent(0, 0),
                alone=True,
                started=Started(run=death.task, step="s1", agent="garden", worker=worker),
            )
            assert claim.status is Claimed.OK


if __name__ == "__main__":
    given = Death.model_validate_json(sys.argv[1])
    with patch.object(Batcher, "one_server", given.one_server):
        asyncio.run(die(given))
