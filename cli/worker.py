"""`roundtable worker`: a process that only runs steps of some agents."""

import argparse
import asyncio
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING

from cli.console import Console
from cli.memory import settle
from cli.names import names
from cli.outcome import DONE
from cli.runtime import Council, Runtime
from cli.signals import until_asked_to_stop

if TYPE_CHECKING:
    from orchestration import Settings


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subcommands.add_parser("worker", help="run steps of some agents, on this machine or another")
    parser.add_argument("--agents", required=True, type=names, metavar="A,B", help="whose steps, by name")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console, runtime: Runtime) -> int:
    from cli.logs import log_to_supervisor
    from cli.sockets import listening_for_metrics

    settings = runtime.read_settings()
    known = runtime.agents()
    for name in args.agents:
        known[name]  # raises UnknownAgent before anything is opened
    with ExitStack() as stack:
        sockets: list[socket.socket] = []
        if settings.metrics.port is not None:
            sockets = stack.enter_context(listening_for_metrics(settings.metrics.host, settings.metrics.port))
        log_to_supervisor()
        asyncio.run(_work(settings, args.agents, sockets, console, runtime))
    return DONE


async def _work(
    settings: "Settings", agents: tuple[str, ...], sockets: list[socket.socket], console: Console, runtime: Runtime
) -> None:
    async with (
        until_asked_to_stop() as asked,
        runtime.open_runtime(settings, workers=agents, kind="worker") as orchestrator,
    ):
        settle()
        # Standard error is for the log, which programs read.
        console.say(f"Working for {', '.join(agents)} (Ctrl-C stops it)")
        if sockets:
            await _show_metrics(settings, orchestrator, sockets, asked)
        await asked.wait()


async def _show_metrics(
    settings: "Settings", orchestrator: Council, sockets: list[socket.socket], asked: asyncio.Event
) -> None:
    """Serve `/metrics` until the worker is asked to stop."""
    from api import metrics_alone
    from cli.server import QuietServer

    port = sockets[0].getsockname()[1]
    await QuietServer(metrics_alone(settings, port, orchestrator)).serve_until(asked, sockets)
