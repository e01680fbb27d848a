"""A process of the experiment: a worker, or an orchestrator that is also asked. Ends when its input does.

    python -m benchmarks.chaos.child '{"role": "worker", ...}'

It says "ready" once it works. An orchestrator reads tasks, one on a line, and says "accepted <id>" or "refused <id>".
"""

import asyncio
import faulthandler
import os
import signal
import sys
from pathlib import Path
from random import Random
from typing import Any, Literal

from pydantic import BaseModel, SecretStr

from agents import AnswerFailed, Question
from agents.answerers.scripted import ScriptedAnswerer
from benchmarks.chaos.questions import Trick, trick_for
from benchmarks.steps import three_agents
from knowledge import HashEmbedder
from orchestration import AgentOrchestrator, EngineUnavailable, RoundtableError, Settings, Task, open_runtime
from orchestration.durability import Durability
from orchestration.settings import RunSettings

POISONED = 86
"""Exit code of a worker whose step killed it."""
AWAY = 75
"""Exit code of a process that found no Redis when it started."""
EXPLAIN = signal.SIGUSR1
"""Asks a process to write down what it is doing."""
LONG = 0.03
"""Share of steps that take longer than a lease, so that renewing matters."""

Role = Literal["worker", "orchestrator"]


class Assignment(BaseModel):
    """What a process is to be."""

    role: Role
    url: str
    data: Path
    marks: Path
    """A folder where steps leave what they have done already."""
    seed: int
    run: RunSettings
    durability: Durability
    """What has to have happened to what counts as done."""


def settings(data: Path, url: str, run: RunSettings, durability: Durability) -> Settings:
    """Settings of every process here, and of whoever hands tasks in."""
    return Settings(data=data, redis_url=SecretStr(url), run=run, durability=durability)


class Agents:
    """What the agents do: take their time, and whatever the question tells them."""

    def __init__(self, marks: Path, seed: int, lease_seconds: float) -> None:
        self._marks = marks
        self._seed = seed
        self._lease_seconds = lease_seconds

    async def work(self, question: Question) -> None:
        """The same step takes the same time in every process and attempt."""
        agent = question.agent.name
        random = Random(f"{self._seed} {agent} {question.text}")
        long = random.random() < LONG
        seconds = self._lease_seconds * random.uniform(1.0, 2.0) if long else random.uniform(0.0, 0.05)
        await asyncio.sleep(seconds)
        match trick_for(agent, question.text):
            case Trick.KILLS:
                os._exit(POISONED)
            case Trick.FAILS:
                raise AnswerFailed(f"{question.agent.title} was told to fail.")
            case Trick.FAILS_ONCE if self._first(f"{agent} {question.text}"):
                raise AnswerFailed(f"{question.agent.title} was told to fail once.")

    def _first(self, step: str) -> bool:
        mark = self._marks / f"{Random(step).getrandbits(64):x}"
        try:
            mark.touch(exist_ok=False)
        except FileExistsError:
            return False
        return True


def explain() -> None:
    """Write to the log what each task of this process waits for."""
    for task in asyncio.all_tasks():
        print(f"{task.get_name()}, asked {task.cancelling()} times to end, is at", file=sys.stderr)
        waiting: Any = task.get_coro()
        while (frame := getattr(waiting, "cr_frame", None) or getattr(waiting, "ag_frame", None)) is not None:
            print(f"  {frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_qualname}", file=sys.stderr)
            waiting = getattr(waiting, "cr_await", None) or getattr(waiting, "ag_await", None)
        print(f"  {waiting}", file=sys.stderr, flush=True)


async def serve(given: Assignment) -> None:
    """Work until the input ends."""
    agents = Agents(given.marks, given.seed, given.run.lease_seconds)
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    faulthandler.enable()
    loop.add_signal_handler(EXPLAIN, explain)
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    runtime = open_runtime(
        settings(given.data, given.url, given.run, given.durability),
        registry=three_agents(),
        answerer=ScriptedAnswerer(before=agents.work),
        embedder=HashEmbedder(),
        workers=given.role == "worker",
        kind="worker" if given.role == "worker" else "web",
    )
    async with runtime as orchestrator:
        await orchestrator.knowledge.wait_ready()
        print("ready", flush=True)
        async with asyncio.TaskGroup() as group:
            while line := await reader.readline():
                group.create_task(_submit(orchestrator, Task.model_validate_json(line)))
    transport.close()


async def _submit(orchestrator: AgentOrchestrator, task: Task) -> None:
    outcome = "refused"
    # While Redis is known to be away the single agent would answer, and leave nothing behind that could be verified.
    if orchestrator.redis_available:
        try:
            run = await orchestrator.submit(task)
            if (await orchestrator.task(run, task.person)).mode == task.mode:
                outcome = "accepted"
        except RoundtableError as error:
            print(f"{task.id}: {error}", file=sys.stderr)
    print(outcome, task.id, flush=True)


def main() -> None:
    given = Assignment.model_validate_json(sys.argv[1])
    try:
        asyncio.run(serve(given))
    except EngineUnavailable as error:
        print(error, file=sys.stderr)
        sys.exit(AWAY)


if __name__ == "__main__":
    main()
