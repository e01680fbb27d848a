"""`roundtable acl`: a line for the ACL file of a Redis server, with what one kind of process needs and no more."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cli.console import Console
from cli.errors import WrongUsage
from cli.names import names
from cli.outcome import DONE
from cli.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agents import Agent
    from orchestration.rights import Rights


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subcommands.add_parser("acl", help="a user for Redis with the rights of one kind of process")
    parser.add_argument("role", choices=("web", "worker", "observer"), help="for which kind of process")
    parser.add_argument("--agents", type=names, default=(), metavar="A,B", help="whose steps the worker runs")
    parser.add_argument("--user", metavar="NAME", help="the user's name (default: roundtable-ROLE)")
    parser.add_argument("--prefix", metavar="PREFIX", help="what the keys begin with (default: roundtable)")
    parser.add_argument(
        "--password-file",
        metavar="FILE",
        help="whose first line is the password, - for standard input; a hash is printed",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console, runtime: Runtime) -> int:
    if bool(args.agents) != (args.role == "worker"):
        raise WrongUsage("A worker needs --agents, and nobody else does.")
    settings = runtime.read_settings()
    rights = _rights(args, runtime.agents(), settings.run.shards).waiting_for(settings.durability)
    password = _password(args.password_file) if args.password_file else None
    console.say(rights.rule(args.user or f"roundtable-{args.role}", password))
    if password is None:
        console.note("Put the SHA-256 of the password after the #, or say --password-file.")
    return DONE


def _rights(args: argparse.Namespace, catalog: "Mapping[str, Agent]", shards: int) -> "Rights":
    from orchestration.keys import PREFIX, Keys
    from orchestration.rights import rights_of_observer, rights_of_web, rights_of_worker

    keys = Keys(args.prefix or PREFIX, shards)
    match args.role:
        case "web":
            return rights_of_web(keys)
        case "observer":
            return rights_of_observer(keys)
        case _:
            # Raises UnknownAgent: a name that is mistyped would be a worker that can do nothing.
            return rights_of_worker(keys, [catalog[name].name for name in args.agents])


def _password(file: str) -> str:
    try:
        text = sys.stdin.readline() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise WrongUsage(f"The password cannot be read from {file}.") from None
    password = text.partition("\n")[0].rstrip("\r")
    if not password:
        raise WrongUsage(f"There is no password in the first line of {file}.")
    return password
