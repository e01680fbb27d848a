"""The `roundtable` command: finds the subcommand, runs it, and turns whatever happens into an exit code."""

import argparse
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import NoReturn

from cli.console import Console, system_console
from cli.errors import WrongUsage
from cli.outcome import DONE, INTERRUPTED, outcome_of
from cli.runtime import Runtime, real_runtime

COMMANDS = (
    "serve", "ask", "agents", "models", "ingest", "worker", "users", "halt", "resume", "dead_letters", "shards", "acl",
    "feedback", "evaluate",
)  # fmt: skip
"""Modules of this package, in the order of the help; each has `add(subcommands)`."""

Command = Callable[[argparse.Namespace, Console, Runtime], int]


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line instead of repeating the usage."""

    def error(self, message: str) -> NoReturn:
        raise WrongUsage(f"{message[:1].upper()}{message[1:]}. Try '{self.prog} --help'.")


def main(argv: Sequence[str] | None = None, *, console: Console | None = None, runtime: Runtime | None = None) -> int:
    """Run one command and return its exit code; a test brings its own streams and its own runtime."""
    console = console or system_console()
    debug = False
    try:
        args = _parser().parse_args(argv)
        debug = args.debug
        command: Command = args.run
        return command(args, console, runtime or real_runtime())
    except KeyboardInterrupt:
        return INTERRUPTED
    except SystemExit as stop:
        # How argparse ends after --help.
        return stop.code if isinstance(stop.code, int) else DONE
    except Exception as error:
        # The boundary of the command: whatever it was becomes one line and an exit code.
        return _failed(error, console, debug)
    finally:
        console.leave()


def _failed(error: Exception, console: Console, debug: bool) -> int:
    outcome = outcome_of(error)
    hint = "" if outcome.expected or debug else " 'roundtable --debug ...' shows where."
    if outcome.sentence:
        console.note(f"roundtable: {outcome.sentence}{hint}")
    if debug:
        console.note("".join(traceback.format_exception(error)).rstrip())
    return outcome.code


def _parser() -> argparse.ArgumentParser:
    about = "Several agents answer one question together, with citations."
    parser = Parser(prog="roundtable", description=about, allow_abbrev=False)
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    subcommands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in COMMANDS:
        import_module(f"cli.{name}").add(subcommands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
