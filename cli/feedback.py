"""`roundtable feedback`: what people think of their answers, for whoever runs Roundtable.

It tells who said what of which run, and not what was asked: a conversation is its person's.
"""

import argparse
import asyncio
import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cli.console import Console
from cli.outcome import DONE
from cli.runtime import Runtime
from cli.table import table

if TYPE_CHECKING:
    from history import Feedback
    from orchestration import Settings

NONE = "Nobody has said anything of an answer yet."
HEADER = ("AT", "PERSON", "ANSWER", "RUN", "COMMENT")


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subcommands.add_parser("feedback", help="what people think of their answers")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console, runtime: Runtime) -> int:
    from cli.logs import log_to_stderr

    settings = runtime.read_settings()
    log_to_stderr(logging.ERROR)
    found = asyncio.run(_feedback(settings))
    if args.json:
        told = {"feedback": [_document(person, one) for person, one in found]}
        console.document(json.dumps(told, indent=2, ensure_ascii=False))
    elif found:
        console.say("\n".join(table(HEADER, [_row(person, one) for person, one in found])))
    else:
        console.say(NONE)
    return DONE


async def _feedback(settings: "Settings") -> "list[tuple[str, Feedback]]":
    from history import is_there, open_history

    if not is_there(settings.data):
        return []
    async with open_history(settings.data) as history:
        return await history.everybodys_feedback()


def _row(person: str, one: "Feedback") -> tuple[str, ...]:
    at = f"{datetime.fromtimestamp(one.at, UTC):%Y-%m-%d %H:%M} UTC"
    return at, person, "good" if one.good else "bad", one.run, one.comment


def _document(person: str, one: "Feedback") -> dict[str, object]:
    return {"at": one.at, "person": person, "good": one.good, "run": one.run, "comment": one.comment}
