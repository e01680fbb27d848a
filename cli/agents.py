"""`roundtable agents`: who can be asked, how they are doing, and where they work at this moment."""

import argparse
import asyncio
import json
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from cli.alarms import sentences
from cli.console import Console
from cli.outcome import DONE
from cli.runtime import Runtime
from cli.table import table

if TYPE_CHECKING:
    from orchestration import Settings
    from orchestration.alarms import Alarm
    from orchestration.backlog import Backlog
    from orchestration.brake import Halt
    from orchestration.breaker import Breaker
    from orchestration.presence import AgentHealth, Presence
    from orchestration.versions import OtherVersion

FIGURES = (" PROCESSES", " BUSY", " SUCCESS", " MEDIAN", " QUEUED", "BREAKER")
PROCESSES = ("PROCESS", "HOST", " PID", " BUSY", " SEEN", "VERSION", "AGENTS")


@dataclass(frozen=True)
class Seen:
    """What Redis knows at this moment."""

    health: "Mapping[str, AgentHealth]"
    backlogs: "Mapping[str, Backlog]"
    processes: "Sequence[Presence]"
    halt: "Halt | None"
    alarms: "Mapping[str, Alarm]"
    now: float
    """Epoch seconds, by the server's clock."""
    others: "Sequence[OtherVersion] | None"
    """None where that was not asked for: it takes more rights in Redis than all the rest."""


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subcommands.add_parser("agents", help="list the agents and how they are doing")
    parser.add_argument("--processes", action="store_true", help="list the processes that are alive as well")
    parser.add_argument("--versions", action="store_true", help="say what other versions of the program have in hand")
    parser.add_argument("--json", action="store_true", help="print one JSON document, processes included")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console, runtime: Runtime) -> int:
    from cli.logs import log_to_stderr

    settings = runtime.read_settings()
    log_to_stderr(logging.ERROR)
    seen = asyncio.run(_look(settings, console, runtime, versions=args.versions))
    agents = runtime.agents().values()
    documents = {agent.name: runtime.documents(settings, agent) for agent in agents}
    if args.json:
        told = [
            {
                "name": agent.name,
                "title": agent.title,
                "description": agent.description,
                "documents": documents[agent.name],
                **_figures(agent.name, seen),
            }
            for agent in agents
        ]
        console.document(json.dumps({**_around(seen), "agents": told}, indent=2, ensure_ascii=False))
        return DONE
    if seen and seen.halt:
        console.say(f"{seen.halt.fact()}; 'roundtable resume' lets them work again.\n")
    for line in sentences(seen.alarms if seen else {}):
        console.say(line + "\n")
    if seen and seen.others is not None:
        others = [_other(other) for other in seen.others]
        console.say("\n".join(others or ["No other version of the program has anything in hand."]) + "\n")
    header, *lines = table(
        ("AGENT", *(FIGURES if seen else ())), [(agent.name, *_cells(agent.name, seen)) for agent in agents]
    )
    console.say(header)
    for agent, line in zip(agents, lines, strict=True):
        count = documents[agent.name]
        console.say(f"{line}\n  {agent.title} ({count} document{'s'[: count != 1]}): {agent.description}")
    if args.processes and seen:
        console.say("\n" + "\n".join(_processes(seen)))
    return DONE


async def _look(settings: "Settings", console: Console, runtime: Runtime, *, versions: bool) -> Seen | None:
    """None, with a note, when Redis is away."""
    from orchestration import EngineUnavailable
    from orchestration.durability import LOCAL

    # Whoever looks changes nothing, so replicas that are away are no reason not to look; that may be what it is about.
    looking = settings.model_copy(update={"durability": LOCAL})
    try:
        async with runtime.open_operations(looking) as operations:
            return Seen(
                *await asyncio.gather(
                    operations.health(),
                    operations.backlogs(),
                    operations.processes(),
                    operations.halted(),
                    operations.alarms(),
                    operations.clock(),
                ),
                others=await operations.other_versions() if versions else None,
            )
    except EngineUnavailable as error:
        console.note(f"{error} How the agents are doing is not known.")
        return None


def _figures(agent: str, seen: Seen | None) -> dict[str, object]:
    """For a program; null for everything that is not known."""
    if seen is None:
        return dict.fromkeys(
            ("workers", "busy", "slots", "success_rate", "median_seconds", "queued", "breaker", "forged")
        )
    health = seen.health[agent]
    return {
        "workers": health.workers,
        "busy": health.busy,
        "slots": health.slots,
        "success_rate": health.success_rate,
        "median_seconds": health.median_seconds if health.answered else None,
        "queued": seen.backlogs[agent].queued,
        "breaker": {"state": health.breaker.state, **asdict(health.breaker)},
        "forged": asdict(seen.alarms[agent]) if agent in seen.alarms else None,
    }


def _around(seen: Seen | None) -> dict[str, object]:
    from orchestration.keys import OF_RUNS

    if seen is None:
        return {"halted": None, "forged": None, "other_versions": None, "processes": None}
    return {
        "halted": seen.halt and seen.halt.model_dump(),
        "forged": asdict(seen.alarms[OF_RUNS]) if OF_RUNS in seen.alarms else None,
        "other_versions": seen.others and [asdict(other) for other in seen.others],
        "processes": [process.model_dump(mode="json") for process in seen.processes],
    }


def _cells(agent: str, seen: Seen | None) -> tuple[str, ...]:
    if seen is None:
        return ()
    health = seen.health[agent]
    rate = health.success_rate
    return (
        str(health.workers),
        f"{health.busy}/{health.slots}",
        "-" if rate is None else f"{rate:.0%}",
        f"{health.median_seconds:.2f} s" if health.answered else "-",
        str(seen.backlogs[agent].queued),
        _breaker(health.breaker),
    )


def _breaker(breaker: "Breaker") -> str:
    match breaker.state:
        case "open":
            return f"left out for another {math.ceil(breaker.seconds)} s"
        case "half_open":
            return "being tried again"
        case "closed":
            return "closed"


def _other(other: "OtherVersion") -> str:
    """Whether another version of the program has anything left, and who is there to do it."""
    runs, count = other.unfinished, len(other.processes)
    have = f"{runs} unfinished question{'s'[: runs != 1]}"
    if not count:
        return f"Schema {other.schema} has {have} and no process, so nothing happens until one of that version starts."
    names = ", ".join(other.processes)
    return f"Schema {other.schema} has {have} and {count} process{'es'[: 2 * (count != 1)]}: {names}."


def _processes(seen: Seen) -> list[str]:
    if not seen.processes:
        return ["No process is running."]
    rows = [
        (
            process.kind,
            process.host,
            str(process.pid),
            f"{process.busy}/{process.slots}",
            f"{max(0.0, seen.now - process.seen):.0f} s ago",
            process.version,
            ",".join(process.agents) or "-",
        )
        for process in seen.processes
    ]
    return table(PROCESSES, rows)
