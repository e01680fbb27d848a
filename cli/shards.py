"""`roundtable shards`: divides the runs anew, for when one server of a cluster is not enough any more."""

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
    parser = subcommands.add_parser("shards", help="divide all runs among so many parts, while nothing runs")
    parser.add_argument("number", type=int, metavar="N")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console, runtime: Runtime) -> int:
    from cli.logs import log_to_stderr

    settings = runtime.read_settings()
    log_to_stderr(logging.ERROR)
    asyncio.run(_divide(settings, args.number, runtime))
    console.say(f"From now on all runs are divided by {args.number}: set ROUNDTABLE_SHARDS={args.number} everywhere.")
    return DONE


async def _divide(settings: "Settings", number: int, runtime: Runtime) -> None:
    async with runtime.open_operations(settings) as operations:
        await operations.divide(number)
