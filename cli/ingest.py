"""`roundtable ingest`: puts documents into an agent's knowledge, for everybody."""

import argparse
import asyncio
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from cli.console import Console
from cli.outcome import DONE, FAILED
from cli.runtime import Runtime

if TYPE_CHECKING:
    from knowledge import Ingested
    from orchestration import Settings


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subcommands.add_parser("ingest", help="put Markdown, text or PDF files into an agent's knowledge")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--agent", required=True, metavar="NAME", help="whose knowledge")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console, runtime: Runtime) -> int:
    from cli.logs import log_to_stderr

    settings = runtime.read_settings()
    runtime.agents()[args.agent]  # raises UnknownAgent before anything is opened
    log_to_stderr(logging.WARNING)
    files = asyncio.run(_ingest(settings, args.agent, args.files, runtime))
    if args.json:
        told = [{**file.model_dump(mode="json"), "path": str(file.path)} for file in files]
        console.out.write(json.dumps({"agent": args.agent, "files": told}, indent=2, ensure_ascii=False) + "\n")
    else:
        for file in files:
            console.say(_line(file))
    rejected = sum(file.status == "rejected" for file in files)
    if rejected:
        console.note(f"roundtable: {rejected} of {len(files)} files could not be taken in.")
    return FAILED if rejected else DONE


async def _ingest(settings: "Settings", agent: str, files: list[Path], runtime: Runtime) -> "list[Ingested]":
    from knowledge import Upload

    # Without REDIS_URL that is the data folder and no Redis at all; a server that runs meanwhile sees the new documents
    # with its next search.
    async with runtime.open_shelves(settings, bases=[agent]) as shelves:
        return await shelves.ingest(agent, [Upload(path) for path in files])


def _line(file: "Ingested") -> str:
    passages = f"{file.passages} passage{'s'[: file.passages != 1]}"
    return f"{file.status}: {file.path} ({file.reason or passages})"
