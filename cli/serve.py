"""`roundtable serve`: the chat page, the HTTP addresses and the workers in one process."""

import argparse
import asyncio
import socket
from contextlib import ExitStack
from ipaddress import ip_address
from typing import TYPE_CHECKING

from cli.console import Console
from cli.memory import settle
from cli.outcome import DONE
from cli.runtime import Runtime

if TYPE_CHECKING:
    from orchestration import Settings
    from people import People


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subcommands.add_parser("serve", help="serve the chat, by default on this machine only")
    parser.add_argument("--port", type=_port, metavar="N", help="instead of PORT, or 8000")
    parser.add_argument(
        "--listen", type=_address, metavar="ADDRESS", help="instead of ROUNDTABLE_LISTEN; needs accounts or a proxy"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console, runtime: Runtime) -> int:
    from api.reach import check_reach, people_of
    from cli.logs import log_to_file
    from cli.sockets import listening, listening_for_metrics

    settings = runtime.read_settings()
    chosen = {name: value for name in ("port", "listen") if (value := getattr(args, name))}
    settings = settings.model_copy(update={"web": settings.web.model_copy(update=chosen)})
    people = people_of(settings)
    # Before anything listens or is loaded.
    check_reach(settings, people)
    with ExitStack() as stack:
        sockets = stack.enter_context(listening(settings.web.port, settings.web.listen))
        measured: list[socket.socket] = []
        if settings.metrics.port is not None:
            measured = stack.enter_context(listening_for_metrics(settings.metrics.host, settings.metrics.port))
        log_to_file(settings.data)
        # Not uvloop: 0.22 and 0.23 stop the loop at the first socket that Chainlit accepts (measured; 0.21 does not).
        asyncio.run(_serve(settings, people, sockets, measured, console))
    return DONE


async def _serve(
    settings: "Settings",
    people: "People",
    sockets: list[socket.socket],
    measured: list[socket.socket],
    console: Console,
) -> None:
    from api import create_app, metrics_alone
    from api.reach import where
    from cli.server import QuietServer
    from cli.signals import until_asked_to_stop

    app = create_app(settings, people=people)
    server = QuietServer(app)
    async with until_asked_to_stop(server.hurry) as asked, app.running(), asyncio.TaskGroup() as tasks:
        if measured:
            alone = metrics_alone(settings, measured[0].getsockname()[1], app)
            tasks.create_task(QuietServer(alone).serve_until(asked, measured))
        settle()
        console.say(f"Roundtable is at {where(settings, people)} (Ctrl-C stops it)")
        if not app.redis_available:
            console.note("Redis cannot be used yet, so only the single agent answers; logs/roundtable.log says why.")
        await server.serve_until(asked, sockets)


def _port(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= 65_535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port, which is a number from 1 to 65535")
    return int(text)


def _address(text: str) -> object:
    try:
        return ip_address(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not an address, such as 192.168.1.20 or 0.0.0.0") from None
