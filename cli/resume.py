"""`roundtable resume`: lets all agents work again after `roundtable halt`."""

import argparse
import asyncio
import logging
from typing import TYPE_CHECKING

from cli.console import Console
from cli.outcome import DONE
from cli.runtime import Runtime

if TYPE_CHECKING:
    from orchestration import Settings


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subcommands.add_parser("resume", help="let all agents work again after 'roundtable halt'")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console, runtime: Runtime) -> int:
    from cli.logs import log_to_stderr

    settings = runtime.read_settings()
    log_to_stderr(logging.ERROR)
    console.say(asyncio.run(_resume(settings, runtime)))
    return DONE


async def _resume(settings: "Settings", runtime: Runtime) -> str:
    async with runtime.open_operations(settings) as operations:
        resumed = await operations.resume()
        running = any(process.work for process in await operations.processes())
    happened = "All agents may work again" if resumed else "No agent was stopped"
    return f"{happened}." if running else f"{happened}; no process runs any now."
