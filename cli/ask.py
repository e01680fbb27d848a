"""`roundtable ask`: one question, its answer with sources, or the whole run as JSON."""

import argparse
import asyncio
import logging
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING

from cli.console import Console
from cli.errors import NoAnswer
from cli.names import names
from cli.outcome import DONE, FAILED, NOTHING_FOUND
from cli.runtime import Council, Runtime

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestration import Settings, Task
    from orchestration.document import AskDocument
    from orchestration.messages import AnyEvent

LATE_SECONDS = 15.0
"""How long after a question's deadline its end may come; it does not when every process that could end it is gone."""


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subcommands.add_parser("ask", help="ask a question and print the answer")
    parser.add_argument("question", metavar="QUESTION")
    parser.add_argument("--json", action="store_true", help="print the whole run as one JSON document")
    parser.add_argument("--single", action="store_true", help="let one agent answer alone, without Redis")
    parser.add_argument("--agents", type=names, default=(), metavar="A,B", help="ask only these")
    parser.add_argument("--background", action="store_true", help="begin when nobody else waits")
    parser.add_argument("--model", default="", metavar="NAME", help="one of those that are offered, or none")
    parser.add_argument("--as", dest="person", default="local", metavar="PERSON", help="whose documents count too")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console, runtime: Runtime) -> int:
    from agents import AgentRegistry
    from cli.logs import log_to_stderr
    from cli.spent import tell_spent
    from orchestration import Task
    from orchestration.asking import checked
    from orchestration.document import document
    from people import person_id

    settings = runtime.read_settings()
    log_to_stderr(logging.ERROR)
    asked = Task(
        question=args.question,
        person=person_id(args.person),
        mode="single" if args.single else "council",
        agents=args.agents,
        model=args.model,
        priority="background" if args.background else "interactive",
    )
    # What cannot be asked is refused before anything is opened.
    task = checked(asked, AgentRegistry(runtime.agents().values()))
    told = document(asyncio.run(_ask(task, settings, console, runtime, quiet=args.json)))
    if args.json:
        console.document(told.model_dump_json(indent=2))
    else:
        _print(told, console)
        tell_spent(told, console.note)
    return _code(told, console)


async def _ask(
    task: "Task", settings: "Settings", console: Console, runtime: Runtime, *, quiet: bool
) -> "list[AnyEvent]":
    """All events of the run, told on the way unless `quiet`."""
    from cli.progress import Progress
    from orchestration.messages import Preparing

    async with AsyncExitStack() as stack:
        council, task = await _open(task, settings, console, runtime, stack)
        note = (lambda text: None) if quiet else console.note
        beside = await stack.enter_async_context(asyncio.TaskGroup())
        stack.callback(beside.create_task(_tell_outages(council, note)).cancel)
        task = await council.placed(task)
        progress = Progress(council.registry, note)
        events: list[AnyEvent] = []
        try:
            patience = settings.run.deadline_seconds + LATE_SECONDS
            async with asyncio.timeout(patience) as limit:
                async for recorded in council.stream(task):
                    if isinstance(recorded.event, Preparing):
                        # The first reading of the knowledge takes its own time.
                        limit.reschedule(asyncio.get_running_loop().time() + patience)
                    events.append(recorded.event)
                    progress.show(recorded.event)
        except TimeoutError:
            raise NoAnswer(
                "There was no answer in time. The question is kept and goes on as soon as it can: Redis may be away,"
                " all agents may be halted, or the process that drove it may be gone."
            ) from None
        except asyncio.CancelledError:
            await _cancel(council, task)
            raise
        return events


async def _open(
    task: "Task", settings: "Settings", console: Console, runtime: Runtime, stack: AsyncExitStack
) -> "tuple[Council, Task]":
    """A council, or the single agent when that was asked for or Redis is away."""
    from orchestration import EngineUnavailable

    if task.mode == "council":
        try:
            opening = runtime.open_runtime(settings, kind="ask", join=True)
            return await stack.enter_async_context(opening), task
        except EngineUnavailable as error:
            console.note(f"{error} The single agent answers instead.")
    council = await stack.enter_async_context(runtime.open_single(settings))
    return council, task.model_copy(update={"mode": "single"})


async def _tell_outages(council: Council, note: "Callable[[str], None]") -> None:
    """Whoever looks at a terminal where nothing happens is told what is waited for."""
    if (outage := council.outage) is None:
        return
    while True:
        await outage.begins()
        note(outage.sentence)
        await outage.ends()
        note("Redis answers again.")


async def _cancel(council: Council, task: "Task") -> None:
    """Ctrl-C stops the agents too, which may run in another process."""
    from orchestration import RoundtableError

    with suppress(RoundtableError, TimeoutError):
        async with asyncio.timeout(2):
            await council.cancel(task.id, person=task.person)


def _print(told: "AskDocument", console: Console) -> None:
    if told.answer:
        console.say(told.answer)
    if told.citations:
        console.say("\nSources")
    for source in told.citations:
        page = f", page {source.page}" if source.page is not None else ""
        section = f", {source.section}" if source.section else ""
        console.say(f"[{source.number}] {source.source}{page}{section} ({source.agent})")


def _code(told: "AskDocument", console: Console) -> int:
    if told.state == "answered":
        return DONE
    if told.state == "nothing_found":
        return NOTHING_FOUND
    console.note(f"roundtable: {told.reason or f'The question was {told.state}.'}")
    return FAILED
