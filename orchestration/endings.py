"""What ended in Redis, in order, for the histories that take it over; and what is removed when they let go of it.

A history says how far it is. Runs expire when every history that was heard of lately has gone past their end.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

from pydantic import ValidationError

from orchestration.connections import TROUBLE, Connections
from orchestration.errors import EngineUnavailable
from orchestration.hub import EventHub
from orchestration.keys import Keys
from orchestration.messages import Answer, Message, Recorded, TaskResult, decode, encode
from orchestration.settings import RunSettings
from orchestration.store import FORGOTTEN_MS, RunStore

log = logging.getLogger(__name__)

FIRST = "0-0"
"""Before all entries."""
LET_GO_AT_ONCE = 200
LOOKED_AT_ONCE = 1_000


class Gone(Message):
    """A person deleted a conversation: everything in it that was asked until then."""

    person: str
    conversation: str
    at: float


@dataclass(frozen=True)
class Ending:
    """A run that ended, or a conversation that was deleted."""

    id: str
    """Its place among the others."""
    run: str = ""
    gone: Gone | None = None


class Ended(Protocol):
    """Where a history hears what ended; `Endings` is one. Everything here raises EngineUnavailable."""

    def bell(self) -> AbstractContextManager[asyncio.Event]:
        """An event that is set whenever something ended; the listener clears it."""
        ...

    async def told(self, history: str) -> str:
        """How far this Redis was told that a history is; empty where it has not heard of it lately."""
        ...

    async def after(self, entry: str) -> list[Ending]:
        """The next ones; nothing when there are no more."""
        ...

    async def events(self, runs: Sequence[str]) -> list[list[Recorded]]:
        """All that is left of each run's events; nothing of one that is not there."""
        ...

    async def past(self, history: str, entry: str) -> None:
        """A history has everything up to an entry, and is there."""
        ...

    def all_ended(self) -> AsyncIterator[list[str]]:
        """Every run that has ended and is still there, some at a time."""
        ...

    async def forget(self, gone: Gone, runs: Sequence[str], by: str) -> None:
        """Stop what goes on of these runs, remove what was said in them, and tell other histories than `by`."""
        ...


class Endings:
    """Those of one Redis."""

    def __init__(
        self, connections: Connections, keys: Keys, hub: EventHub, store: RunStore, settings: RunSettings
    ) -> None:
        self._batcher = connections.batcher
        self._streams = connections.streams
        self._keys = keys
        self._hub = hub
        self._store = store
        self._settings = settings

    def bell(self) -> AbstractContextManager[asyncio.Event]:
        return self._hub.bell(self._keys.ended)

    async def told(self, history: str) -> str:
        with _refused_plainly():
            found = await self._batcher("HGET", self._keys.histories, history)
        return found.decode().partition(" ")[0] if found else ""

    async def after(self, entry: str) -> list[Ending]:
        with _refused_plainly():
            found = await self._streams.after(self._keys.ended, entry, most=50)
        return [_ending(*one) for one in found]

    async def events(self, runs: Sequence[str]) -> list[list[Recorded]]:
        with _refused_plainly():
            found = await asyncio.gather(*(self._streams.after(self._keys.events(run), "") for run in runs))
        read = self._hub.recording.read
        return [
            [event for one in entries if (event := read(run, *one)) is not None]
            for run, entries in zip(runs, found, strict=True)
        ]

    async def past(self, history: str, entry: str) -> None:
        keys = [self._keys.histories, self._keys.ended]
        prefix, retention = self._keys.run(""), self._settings.retention_ms
        with _refused_plainly():
            let_go = LET_GO_AT_ONCE
            while let_go == LET_GO_AT_ONCE:
                let_go = await self._batcher.script(
                    "kept", keys, [history, entry, FORGOTTEN_MS, retention, prefix, LET_GO_AT_ONCE]
                )

    async def all_ended(self) -> AsyncIterator[list[str]]:
        cursor, prefix = 0, self._keys.run("")
        while True:
            with _refused_plainly():
                cursor, found = await self._batcher("SCAN", cursor, "MATCH", f"{prefix}*", "COUNT", LOOKED_AT_ONCE)
                named = (key.decode().removeprefix(prefix) for key in found)
                runs = [run for run in named if not run.endswith(":events")]
                over = await self._store.ended(runs) if runs else set()
            if over:
                yield sorted(over)
            if not int(cursor):
                return

    async def forget(self, gone: Gone, runs: Sequence[str], by: str) -> None:
        with _refused_plainly():
            going_on = await self._forget(gone, runs, by, encode(gone))
            for run in going_on:
                result = TaskResult(task=run, mode="council", state="cancelled", reason="Deleted.")
                await self._store.finish(run, result, [Answer(run=run, result=result)], fence=None)
            if going_on:
                await self._forget(gone, going_on, by, b"")

    async def _forget(self, gone: Gone, runs: Sequence[str], by: str, told: bytes) -> list[str]:
        k = self._keys
        keys = [k.conversation(gone.person, gone.conversation), k.ended, k.histories]
        left = await self._batcher.script("forget", keys, [k.run(""), self._settings.retention_ms, by, told, *runs])
        return [run.decode() for run in left]


def order(entry: str) -> tuple[int, int]:
    """By which entries come one after the other."""
    milliseconds, _, number = entry.partition("-")
    return int(milliseconds), int(number)


def _ending(entry: bytes, fields: dict[bytes, bytes]) -> Ending:
    id = entry.decode()
    if b"gone" in fields:
        try:
            return Ending(id, gone=decode(Gone, fields[b"gone"]))
        except ValidationError:
            log.warning("entry %s of what ended cannot be read", id)
    return Ending(id, run=fields.get(b"run", b"").decode())


@contextmanager
def _refused_plainly() -> Iterator[None]:
    try:
        yield
    except TROUBLE as error:
        raise EngineUnavailable(f"Redis does not answer: {str(error).rstrip('.')}.") from error
