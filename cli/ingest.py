"""`roundtable ingest`: puts documents into an agent's knowledge, for everybody; or only tells what is in them."""

import argparse
import asyncio
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cli.bar import Bar
from cli.console import Console
from cli.documents import NamedFile, named_files
from cli.outcome import DONE, FAILED
from cli.runtime import Runtime

if TYPE_CHECKING:
    from knowledge import Ingested, Progress
    from knowledge.reading import ReadingProgress
    from orchestration import Settings

_AT_ONCE = 2

Told = dict[str, object]
"""What is said about a file, as JSON."""


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subcommands.add_parser("ingest", help="put documents into an agent's knowledge")
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a file, or a folder with --recursive")
    parser.add_argument("--agent", required=True, metavar="NAME", help="whose knowledge")
    parser.add_argument("--recursive", action="store_true", help="take what is in folders, and in folders in them")
    parser.add_argument("--dry-run", action="store_true", help="read the files, say what is in them, and keep nothing")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console, runtime: Runtime) -> int:
    from cli.logs import log_to_stderr

    settings = runtime.read_settings()
    runtime.agents()[args.agent]  # raises UnknownAgent before anything is opened
    log_to_stderr(logging.WARNING)
    files = list(named_files(args.paths, recursive=args.recursive))
    with Bar(console.err, len(files)) as bar:
        if args.dry_run:
            told = asyncio.run(_look_through(settings, files, bar))
        else:
            told = [_of_ingested(each) for each in asyncio.run(_ingest(settings, args.agent, files, runtime, bar))]
    if args.json:
        document = {"agent": args.agent, "files": told}
        console.document(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        for each in told:
            console.say(_line(each))
    refused = sum(each["status"] not in ("added", "replaced", "unchanged", "read") for each in told)
    if refused:
        console.note(
            f"roundtable: {refused} of {len(told)} files could not be {'read' if args.dry_run else 'taken in'}."
        )
    return FAILED if refused else DONE


async def _ingest(
    settings: "Settings", agent: str, files: Sequence[NamedFile], runtime: Runtime, bar: Bar
) -> "list[Ingested]":
    from knowledge import Upload

    def show(progress: "Progress") -> None:
        bar.show(progress.source, progress.stage, progress.done, progress.total)
        if progress.stage == "finished":
            bar.finish()

    # Without REDIS_URL that is the data folder and no Redis at all; a server that runs meanwhile sees the new documents
    # with its next search.
    async with runtime.open_shelves(settings, bases=[agent]) as shelves:
        uploads = [Upload(file.path, file.name) for file in files]
        return await shelves.ingest(agent, uploads, on_progress=show)


async def _look_through(settings: "Settings", files: Sequence[NamedFile], bar: Bar) -> list[Told]:
    """Reads each file as an ingestion would, in the same processes and limits. No model, no data folder."""
    from knowledge import UnreadableDocument
    from knowledge.reading import Reader, open_reader

    told: list[Told] = [{} for _ in files]
    waiting = iter(enumerate(files))

    async def look(reader: Reader) -> None:
        for number, file in waiting:

            def show(progress: "ReadingProgress", name: str = file.name) -> None:
                bar.show(name, progress.stage, progress.done, progress.total)

            try:
                reading = await reader.read(file.path, file.name, show)
            except UnreadableDocument as error:
                told[number] = _told(file.path, error.status, str(error))
            else:
                told[number] = _told(
                    file.path, "read", "", reading.format, reading.pages, reading.language, len(reading.chunks),
                    reading.remarks, reading.text,
                )  # fmt: skip
            bar.finish()

    async with open_reader(settings.knowledge) as reader, asyncio.TaskGroup() as group:
        for _ in range(_AT_ONCE):
            group.create_task(look(reader))
    return told


def _told(
    path: Path,
    status: str,
    reason: str,
    kind: str = "",
    pages: int | None = None,
    language: str = "",
    passages: int = 0,
    remarks: Sequence[str] = (),
    text: str = "",
) -> Told:
    return {
        "path": str(path),
        "status": status,
        "reason": reason,
        "format": kind,
        "pages": pages,
        "language": language,
        "passages": passages,
        "remarks": list(remarks),
        "text": text,
    }


def _of_ingested(file: "Ingested") -> Told:
    return {**file.model_dump(mode="json"), "path": str(file.path)}


def _line(each: Told) -> str:
    passages = f"{each['passages']} passage{'s'[: each['passages'] != 1]}"
    remarks = each.get("remarks")
    more = " ".join(map(str, remarks)) if isinstance(remarks, list) else ""
    return f"{each['status']}: {each['path']} ({each['reason'] or passages})" + (f" {more}" if more else "")
