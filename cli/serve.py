"""`roundtable serve`: the chat page, the HTTP addresses and the workers in one process."""

import argparse
import asyncio
import socket
from typing import TYPE_CHECKING

from cli.console import Console
from cli.outcome import DONE
from cli.runtime import Runtime

if TYPE_CHECKING:
    from orchestration import Settings


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subcommands.add_parser("serve", help="serve the chat on this machine")
    parser.add_argument("--port", type=_port, metavar="N", help="instead of PORT, or 8000")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console, runtime: Runtime) -> int:
    from cli.logs import log_to_file
    from cli.sockets import listening

    settings = runtime.read_settings()
    if args.port:
        settings = settings.model_copy(update={"web": settings.web.model_copy(update={"port": args.port})})
    with listening(settings.web.port) as sockets:
        log_to_file(settings.data)
        # Not uvloop: 0.22 and 0.23 stop the loop at the first socket that Chainlit accepts (measured; 0.21 does not).
        asyncio.run(_serve(settings, sockets, console))
    return DONE


async def _serve(settings: "Settings", sockets: list[socket.socket], console: Console) -> None:
    from api import create_app
    from cli.server import QuietServer
    from cli.signals import until_asked_to_stop

    app = create_app(settings)
    server = QuietServer(app)
    async with until_asked_to_stop(server.hurry) as asked, app.running():
        console.say(f"Roundtable is at http://localhost:{settings.web.port} (Ctrl-C stops it)")
        await server.serve_until(asked, sockets)


def _port(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= 65_535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port, which is a number from 1 to 65535")
    return int(text)
