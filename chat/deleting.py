"""A person deletes a conversation: everything of it, wherever it is."""

import asyncio
import logging

from chat.host import Host
from orchestration.errors import RoundtableError, UnknownRun

log = logging.getLogger(__name__)


async def delete_conversation(host: Host, person: str, thread: str) -> None:
    """What goes on in it is stopped first, with what is just being taken in. Raises HistoryError where it cannot be
    deleted; then it is there still.

    Documents that came in through it stay: they belong to an agent, and are taken out there.
    """
    await host.coming.arrived(thread, person)
    runs = await _unended(host, person, thread)
    await asyncio.gather(*(_stop(host, run, person) for run in runs))
    for run in await host.history.delete(person, thread, runs):
        host.orchestrator.forget(run)
    host.deliveries.forget(thread, person)
    for viewer in host.viewers.on(thread, person):
        await viewer.empty(viewer.window.words.conversation_deleted)


async def _unended(host: Host, person: str, thread: str) -> set[str]:
    """As far as is known; what is not known now finds at its end that it was deleted."""
    noted = await host.history.runs(person, thread)
    ended = {run.task.id for run in noted if run.ended}
    try:
        live = await host.orchestrator.runs(person, thread, beside=ended)
    except RoundtableError as error:
        log.warning("what goes on in a deleted conversation is not known: %s", error)
        live = []
    return {*live, *(run.task.id for run in noted if not run.ended)}


async def _stop(host: Host, run: str, person: str) -> None:
    try:
        await host.orchestrator.cancel(run, person=person)
    except UnknownRun:
        log.debug("run %s is over", run)
    except RoundtableError as error:
        # The history asks again until Redis has heard it.
        log.warning("run %s of a deleted conversation is not stopped yet: %s", run, error)
