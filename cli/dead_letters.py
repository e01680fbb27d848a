"""`roundtable dead-letters`: messages that no worker could use; look at them, try them again, forget them."""

import argparse
import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cli.alarms import sentences
from cli.console import Console
from cli.errors import WrongUsage
from cli.outcome import DONE
from cli.runtime import Runtime
from cli.table import table

if TYPE_CHECKING:
    from orchestration import Settings
    from orchestration.alarms import Alarm
    from orchestration.dead_letters import DeadLetter, DeadLetters

NONE = "There are no dead letters."
HEADER = ("ID", "AGENT", "SINCE", "REASON")


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subcommands.add_parser("dead-letters", help="messages that no worker could use")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="show them, oldest first")
    listing.add_argument("--json", action="store_true", help="print one JSON document, with the whole messages")
    listing.set_defaults(run=show)
    for name, about in (("replay", "try them again"), ("drop", "forget them")):
        action = actions.add_parser(name, help=about)
        action.add_argument("ids", nargs="*", metavar="ID", help="as in the list")
        every = "all that there are" if name == "drop" else "all but forged ones"
        action.add_argument("--all", action="store_true", help=every)
        action.set_defaults(run=act, replay=name == "replay")


def show(args: argparse.Namespace, console: Console, runtime: Runtime) -> int:
    from cli.logs import log_to_stderr

    settings = runtime.read_settings()
    log_to_stderr(logging.ERROR)
    letters, alarms = asyncio.run(_list(settings, runtime))
    if args.json:
        told = {"dead_letters": [_document(letter) for letter in letters]}
        console.document(json.dumps(told, indent=2, ensure_ascii=False))
        return DONE
    for line in sentences(alarms):
        console.say(line)
    if letters:
        rows = [(letter.id, letter.agent, _since(letter), letter.reason) for letter in letters]
        console.say("\n".join(table(HEADER, rows)))
    else:
        console.say(NONE)
    return DONE


def act(args: argparse.Namespace, console: Console, runtime: Runtime) -> int:
    """Replay or drop. All ids are looked up before anything is done, so an unknown one leaves everything as it is."""
    from cli.logs import log_to_stderr

    if bool(args.ids) == args.all:
        raise WrongUsage("Name the dead letters by their ids, or say --all; 'roundtable dead-letters list' shows them.")
    settings = runtime.read_settings()
    log_to_stderr(logging.ERROR)
    asyncio.run(_act(settings, tuple(dict.fromkeys(args.ids)), args.replay, console, runtime))
    return DONE


async def _list(settings: "Settings", runtime: Runtime) -> "tuple[list[DeadLetter], Mapping[str, Alarm]]":
    async with runtime.open_operations(settings) as operations:
        return await operations.dead_letters.list(), await operations.alarms()


async def _act(settings: "Settings", ids: Sequence[str], replay: bool, console: Console, runtime: Runtime) -> None:
    async with runtime.open_operations(settings) as operations:
        known = operations.dead_letters
        letters = [await known.find(each) for each in ids] if ids else await known.list()
        for letter in letters:
            if replay and letter.forged and not ids:
                # Who names it says that it may be done, whoever wrote it.
                console.say(f"{letter.id}: left alone, because {letter.forged}; name it to have it done all the same")
                continue
            console.say(f"{letter.id}: {await (_replay if replay else _drop)(known, letter)}")
    if not letters:
        console.say(NONE)


async def _replay(letters: "DeadLetters", letter: "DeadLetter") -> str:
    run = await letters.replay(letter)
    return f"asked again as run {run}" if run else f"put back for {letter.agent}"


async def _drop(letters: "DeadLetters", letter: "DeadLetter") -> str:
    await letters.drop(letter)
    return "dropped"


def _since(letter: "DeadLetter") -> str:
    return f"{datetime.fromtimestamp(letter.at, UTC):%Y-%m-%d %H:%M} UTC"


def _document(letter: "DeadLetter") -> dict[str, object]:
    return {
        "id": letter.id,
        "agent": letter.agent,
        "at": letter.at,
        "reason": letter.reason,
        "forged": letter.forged,
        "step": letter.step and letter.step.model_dump(mode="json"),
        "message": dict(letter.fields),
    }
