"""`roundtable halt`: stops all agents everywhere, until `roundtable resume`."""

import argparse
import asyncio
import logging
from typing import TYPE_CHECKING

from cli.console import Console
from cli.outcome import DONE
from cli.runtime import Runtime

if TYPE_CHECKING:
    from orchestration import Settings

PATIENCE_SECONDS = 2.0
"""Within a second every worker has noticed; what a step has in hand is let go at its next pause."""


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subcommands.add_parser("halt", help="stop all agents everywhere until 'roundtable resume'")
    parser.add_argument("--reason", default="", metavar="TEXT", help="told to everybody who asks meanwhile")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console, runtime: Runtime) -> int:
    from cli.logs import log_to_stderr

    settings = runtime.read_settings()
    log_to_stderr(logging.ERROR)
    console.say(asyncio.run(_halt(settings, " ".join(args.reason.split()), runtime)))
    return DONE


async def _halt(settings: "Settings", reason: str, runtime: Runtime) -> str:
    async with runtime.open_operations(settings) as operations:
        first = await operations.halt(reason)
        in_hand = await operations.until_still(PATIENCE_SECONDS)
        halt = await operations.halted()
        running = any(process.work for process in await operations.processes())
    if in_hand:
        steps = "1 step is" if in_hand == 1 else f"{in_hand} steps are"
        return f"All agents were told to stop; {steps} still in hand after {PATIENCE_SECONDS:.0f} s."
    stopped = "All agents have stopped" if first or halt is None else halt.fact()
    if not running:
        return f"{stopped}; no process runs any now, and those that start wait for 'roundtable resume'."
    return f"{stopped}; 'roundtable resume' lets them work again."
