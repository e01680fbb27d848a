"""`roundtable agents`: who can be asked, and where they work at this moment."""

import argparse
import asyncio
import json
import logging
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from cli.console import Console
from cli.outcome import DONE
from cli.runtime import Runtime

if TYPE_CHECKING:
    from orchestration import Settings


@dataclass(frozen=True)
class Listed:
    """An agent as it is listed."""

    name: str
    title: str
    description: str
    documents: int
    workers: int | None
    """Live processes that run its steps; None when Redis is away."""


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subcommands.add_parser("agents", help="list the agents")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console, runtime: Runtime) -> int:
    from cli.logs import log_to_stderr

    settings = runtime.read_settings()
    log_to_stderr(logging.ERROR)
    workers = asyncio.run(_workers(settings, console, runtime))
    listed = [
        Listed(
            name=agent.name,
            title=agent.title,
            description=agent.description,
            documents=runtime.documents(settings, agent),
            workers=None if workers is None else workers[agent.name],
        )
        for agent in runtime.agents().values()
    ]
    if args.json:
        console.out.write(
            json.dumps({"agents": [asdict(each) for each in listed]}, indent=2, ensure_ascii=False) + "\n"
        )
    else:
        console.say("\n".join(_lines(each) for each in listed))
    return DONE


async def _workers(settings: "Settings", console: Console, runtime: Runtime) -> Counter[str] | None:
    """How many live processes run each agent's steps; None, with a note, when Redis is away."""
    from orchestration import EngineUnavailable

    try:
        processes = await runtime.processes(settings)
    except EngineUnavailable as error:
        console.note(f"{error} Live workers are not known.")
        return None
    return Counter(agent for process in processes for agent in process.agents)


def _lines(agent: Listed) -> str:
    documents = f"{agent.documents} document{'s'[: agent.documents != 1]}"
    workers = "" if agent.workers is None else f", {agent.workers} live worker{'s'[: agent.workers != 1]}"
    return f"{agent.name}: {agent.title} ({documents}{workers})\n  {agent.description}"
