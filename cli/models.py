"""`roundtable models`: which language models are configured, for whom, and where what they are asked goes."""

import argparse
import asyncio
import json
import logging
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from cli.console import Console
from cli.outcome import DONE, FAILED
from cli.runtime import Runtime
from cli.table import table

if TYPE_CHECKING:
    from agents import Agent
    from agents.models import LanguageModel
    from orchestration import Settings

NONE = (
    "No language model is configured: answers are put together from the documents' own sentences. See ROUNDTABLE_MODEL."
)
HERE = "nothing, it stays on this machine"


@dataclass(frozen=True)
class Row:
    """One model."""

    model: str
    used: tuple[str, ...]
    """For what, in words."""
    sends_to: str | None
    """The host that gets the questions and the passages; None where they stay on this machine."""
    answers: bool | None = None
    """None where it was not tried."""
    why: str | None = None
    """What kept it from answering."""


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subcommands.add_parser("models", help="list the language models and where their questions go")
    parser.add_argument("--try", dest="tried", action="store_true", help="ask each for a word, which may cost a little")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console, runtime: Runtime) -> int:
    from cli.logs import log_to_stderr

    settings, registry = runtime.read_settings(), runtime.agents()
    log_to_stderr(logging.ERROR)
    rows = _rows(settings, registry)
    if args.tried and rows:
        rows = asyncio.run(_tried(rows, settings, registry))
    if args.json:
        console.document(json.dumps({"models": [asdict(row) for row in rows]}, indent=2))
    elif not rows:
        console.say(NONE)
    else:
        console.say(
            "\n".join(
                table(
                    ("MODEL", "USED FOR", "SENDS TO", *(["ANSWERS"] if args.tried else [])),
                    [_cells(row) for row in rows],
                )
            )
        )
    return FAILED if any(row.answers is False for row in rows) else DONE


def _rows(settings: "Settings", registry: "Mapping[str, Agent]") -> list[Row]:
    from agents.models.opening import named
    from agents.models.providers import check, sends_to

    configured = settings.models
    names, own = named(configured, registry)
    by_agent = {**own, **configured.agents}
    rows = []
    for name in names:
        check(name, configured)
        used = [
            *(["everything that has none of its own"] if name == configured.model else []),
            *(f"the agent {agent}" for agent, model in by_agent.items() if model == name),
            *(["whoever chooses it"] if name in configured.offered else []),
            *(["where another fails"] if name in configured.fallbacks else []),
        ]
        rows.append(Row(name, tuple(used), sends_to(name, configured)))
    return rows


def _cells(row: Row) -> tuple[str, ...]:
    why = (row.why or "").replace("_", " ")
    tried = () if row.answers is None else ("yes" if row.answers else f"no: {why}",)
    return row.model, ", ".join(row.used), row.sends_to or HERE, *tried


async def _tried(rows: list[Row], settings: "Settings", registry: "Mapping[str, Agent]") -> list[Row]:
    """Each by itself: nobody stands in for it."""
    from agents.models.opening import open_models

    alone = settings.models.model_copy(update={"offered": tuple(row.model for row in rows), "fallbacks": ()})
    async with open_models(alone, registry, settings.data) as models:
        return list(await asyncio.gather(*(_asked(row, models.of(row.model)) for row in rows)))


async def _asked(row: Row, model: "LanguageModel | None") -> Row:
    from agents.errors import ModelFailed
    from agents.models import Prompt, Said

    assert model is not None
    prompt = Prompt((Said("person", "Say yes."),), most_tokens=16)
    try:
        async with aclosing(model.reply(prompt)) as parts:
            async for _ in parts:
                pass
    except ModelFailed as failed:
        return Row(row.model, row.used, row.sends_to, False, failed.why)
    return Row(row.model, row.used, row.sends_to, True)
