"""One process of an installation: web or worker, over agents that know nothing; or what an operator sees of it.

    python -m tests.integration.council_process '{"role": "worker", ...}'

It says "ready" once it works and goes in good order when it is told to (SIGTERM). A web process reads tasks, one on a
line, and says "accepted <id>" or "refused <id>". The current directory decides which version of the program it is.
"""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, SecretStr
from redis.asyncio import Redis

from agents import Question
from agents.answerers.scripted import ScriptedAnswerer
from benchmarks.steps import three_agents
from cli.signals import until_asked_to_stop
from knowledge import HashEmbedder
from orchestration import AgentOrchestrator, RoundtableError, Settings, Task, open_operations, open_runtime
from orchestration.settings import RunSettings

HELD = re.compile(r"\((?P<agent>\w+) is held by (?P<gate>\w+)\)")


Role = Literal["web", "worker", "operator"]


class Assignment(BaseModel):
    """What a process is to be."""

    role: Role
    url: str
    prefix: str
    data: Path
    places: int = 8

    def settings(self) -> Settings:
        """A lease that is never over: nothing here may need one to lapse."""
        run = RunSettings(lease_seconds=30, deadline_seconds=120, places=self.places)
        return Settings(data=self.data, redis_url=SecretStr(self.url), run=run)


def gate_key(prefix: str, gate: str) -> str:
    """Stream that gets an entry when a gate opens."""
    return f"gate-{prefix}:{gate}"


@asynccontextmanager
async def lines_of_input() -> AsyncIterator[asyncio.StreamReader]:
    """What this process is handed."""
    reader, loop = asyncio.StreamReader(), asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    try:
        yield reader
    finally:
        transport.close()


async def at_work(given: Assignment) -> None:
    """Until it is told to go."""
    async with Redis.from_url(given.url) as redis, lines_of_input() as lines, until_asked_to_stop() as asked:

        async def wait_at_gate(question: Question) -> None:
            held = HELD.search(question.text)
            if held is not None and held["agent"] == question.agent.name:
                await redis.xread({gate_key(given.prefix, held["gate"]): "0"}, block=0)

        runtime = open_runtime(
            given.settings(),
            registry=three_agents(),
            answerer=ScriptedAnswerer(before=wait_at_gate),
            embedder=HashEmbedder(),
            workers=given.role == "worker",
            kind="worker" if given.role == "worker" else "web",
            prefix=given.prefix,
        )
        async with runtime as orchestrator:
            print("ready", flush=True)
            asking = asyncio.create_task(ask(orchestrator, lines))
            await asked.wait()
            asking.cancel()
            await asyncio.wait([asking])


async def ask(orchestrator: AgentOrchestrator, lines: asyncio.StreamReader) -> None:
    """Take in what is handed to this process."""
    while line := await lines.readline():
        task = Task.model_validate_json(line)
        try:
            await orchestrator.submit(task)
        except RoundtableError as error:
            print(error, file=sys.stderr)
            print("refused", task.id, flush=True)
        else:
            print("accepted", task.id, flush=True)


async def look(given: Assignment) -> None:
    """What this version shows an operator of others, for each line of input."""
    async with open_operations(given.settings(), registry=three_agents(), prefix=given.prefix) as operations:
        print("ready", flush=True)
        async with lines_of_input() as lines:
            while await lines.readline():
                print(json.dumps([asdict(other) for other in await operations.other_versions()]), flush=True)


def main() -> None:
    given = Assignment.model_validate_json(sys.argv[1])
    asyncio.run(look(given) if given.role == "operator" else at_work(given))


if __name__ == "__main__":
    main()
