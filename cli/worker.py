"""`roundtable worker`: a process that only runs steps of some agents."""

import argparse
import asyncio
import logging
from typing import TYPE_CHECKING

from cli.console import Console
from cli.names import names
from cli.outcome import DONE
from cli.runtime import Runtime
from cli.signals import until_asked_to_stop

if TYPE_CHECKING:
    from orchestration import Settings


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subcommands.add_parser("worker", help="run steps of some agents, on this machine or another")
    parser.add_argument("--agents", required=True, type=names, metavar="A,B", help="whose steps, by name")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console, runtime: Runtime) -> int:
    from cli.logs import log_to_stderr

    settings = runtime.read_settings()
    known = runtime.agents()
    for name in args.agents:
        known[name]  # raises UnknownAgent before anything is opened
    log_to_stderr(logging.INFO)
    asyncio.run(_work(settings, args.agents, console, runtime))
    return DONE


async def _work(settings: "Settings", agents: tuple[str, ...], console: Console, runtime: Runtime) -> None:
    async with (
        until_asked_to_stop() as asked,
        runtime.open_runtime(settings, workers=agents, kind="worker"),
    ):
        console.note(f"Working for {', '.join(agents)} (Ctrl-C stops it)")
        await asked.wait()
