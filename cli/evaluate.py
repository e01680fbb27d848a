"""`roundtable evaluate`: measures the choice of agents and what is found for them, with public questions."""

import argparse
import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from cli.console import Console
from cli.errors import WrongUsage
from cli.outcome import DONE
from cli.runtime import Runtime

if TYPE_CHECKING:
    from evaluation import Result

_NAMES = ("metatool", "clinc150", "multihop", "sec10q")
"""As in evaluation.SETS, which `--help` must not import."""


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subcommands.add_parser(
        "evaluate", help="measure the choice of agents, or what is found, with public questions"
    )
    parser.add_argument("--set", required=True, choices=_NAMES, help="which questions")
    parser.add_argument("--data", required=True, type=Path, metavar="DIR", help="the folder with the sets")
    parser.add_argument("--limit", type=_positive, metavar="N", help="ask at most N questions of each kind")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console, runtime: Runtime) -> int:
    from cli.logs import log_to_stderr
    from evaluation import SETS, WrongData, evaluate
    from knowledge import MiniLM

    settings = runtime.read_settings()
    log_to_stderr(logging.WARNING)
    measuring = evaluate(
        args.set,
        SETS[args.set],
        args.data,
        folder=settings.data / "evaluation",
        embedder=MiniLM(exports=settings.data / "knowledge" / ".model"),
        limit=args.limit,
        tell=console.note,
    )
    try:
        result = asyncio.run(measuring)
    except WrongData as error:
        raise WrongUsage(str(error)) from error
    if args.json:
        console.document(result.model_dump_json(indent=2))
    else:
        _say(result, console)
    return DONE


def _say(result: "Result", console: Console) -> None:
    for name, value in result.figures.items():
        console.say(f"{name.replace('_', ' '):32} {value:.3f}")
    counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in result.counts.items())
    console.say(f"{counts}; {result.seconds:.0f} s with {result.embedder}")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number
