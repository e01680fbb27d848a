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

from orchestration.alarms import Alarms
from orchestration.connections import TROUBLE, Connections
from orchestration.errors import EngineUnavailable, ForgedPart, UnsupportedMessage
from orchestration.hub import EventHub
from orchestration.keys import OF_RUNS, Keys, Shard
from orchestration.messages import Accepted, Answer, Message, Recorded, Task, TaskResult, encode
from orchestration.records import ended_runs
from orchestration.round_trips import Argument
from orchestration.settings import RunSettings
from orchestration.store import FORGOTTEN_MS, RunStore
from orchestration.streams import Entry
from orchestration.trouble import told

log = logging.getLogger(__name__)

FIRST = "0-0"
"""Before all entries, of however many shards."""
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

    place: str
    """How far a history is that has this one: an entry of `ended` for each shard."""
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

    async def after(self, place: str) -> list[Ending]:
        """The next ones; nothing when there are no more."""
        ...

    async def events(self, runs: Sequence[str]) -> list[list[Recorded] | None]:
        """Each run's events, as far as they can be read; None for one that is not there, or that does not begin with
        what was asked in it.
        """
        ...

    async def past(self, history: str, place: str) -> None:
        """A history has everything up to there, and is there."""
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
        self,
        connections: Connections,
        keys: Keys,
        hub: EventHub,
        store: RunStore,
        settings: RunSettings,
        alarms: Alarms,
    ) -> None:
        self._batcher = connections.batcher
        self._streams = connections.streams
        self._keys = keys
        self._hub = hub
        self._store = store
        self._settings = settings
        self._alarms = alarms

    def bell(self) -> AbstractContextManager[asyncio.Event]:
        return self._hub.bell(*(shard.ended for shard in self._keys.shards))

    async def told(self, history: str) -> str:
        with _refused_plainly():
            asked = (self._batcher("HGET", shard.histories, history) for shard in self._keys.shards)
            found = await asyncio.gather(*asked)
        # One that has forgotten it is as good as all: the history looks through everything then.
        return " ".join(one.decode().partition(" ")[0] for one in found) if all(found) else ""

    async def after(self, place: str) -> list[Ending]:
        entries = self._entries(place)
        with _refused_plainly():
            asked = zip(self._keys.shards, entries, strict=True)
            found = await asyncio.gather(*(self._streams.after(shard.ended, one, most=50) for shard, one in asked))
        news = []
        for number, several in enumerate(found):
            for entry, fields in several:
                entries[number] = entry.decode()
                news.append(_ending(" ".join(entries), fields))
        return news

    async def events(self, runs: Sequence[str]) -> list[list[Recorded] | None]:
        with _refused_plainly():
            found = await asyncio.gather(*(self._streams.after(self._keys.events(run), "") for run in runs))
            return await asyncio.gather(*map(self._read, runs, found))

    async def _read(self, run: str, entries: Sequence[Entry]) -> list[Recorded] | None:
        read = self._hub.recording.read
        events = [event for one in entries if (event := read(run, *one)) is not None]
        for accepted in (one.event for one in events if isinstance(one.event, Accepted)):
            if not await self._was_asked(run, accepted.task):
                return None
        return events if entries else None

    async def _was_asked(self, run: str, task: Task) -> bool:
        """Where it was not, the log says why this run is in no history, and for a forged question the alarm rises."""
        try:
            if await self._store.asked(run, task):
                return True
            log.warning("run %s is not kept: it is gone, but for its events", run)
        except ForgedPart as forged:
            log.error("run %s is not kept: %s", run, forged)
            await self._alarms.rise(OF_RUNS, forged.part, str(forged))
        except (UnsupportedMessage, ValueError):
            log.warning("run %s is not kept: what was asked in it cannot be read", run)
        return False

    async def past(self, history: str, place: str) -> None:
        with _refused_plainly():
            told = zip(self._keys.shards, self._entries(place), strict=True)
            await asyncio.gather(*(self._past(shard, history, entry) for shard, entry in told))

    async def _past(self, shard: Shard, history: str, entry: str) -> None:
        keys = [shard.histories, shard.ended, shard.absent]
        args: list[Argument] = [history, entry, FORGOTTEN_MS, self._settings.retention_ms, shard.run("")]
        let_go = LET_GO_AT_ONCE
        while let_go == LET_GO_AT_ONCE:
            let_go = await self._batcher.script("kept", keys, [*args, LET_GO_AT_ONCE])

    async def all_ended(self) -> AsyncIterator[list[str]]:
        for shard in self._keys.shards:
            async for runs in self._all_ended(shard.run("")):
                yield runs

    async def _all_ended(self, prefix: str) -> AsyncIterator[list[str]]:
        cursor = 0
        while True:
            with _refused_plainly():
                cursor, found = await self._batcher("SCAN", cursor, "MATCH", f"{prefix}*", "COUNT", LOOKED_AT_ONCE)
                named = (key.decode().removeprefix(prefix) for key in found)
                runs = [run for run in named if not run.endswith(":events")]
                over = await ended_runs(self._batcher, self._keys, runs) if runs else set()
            if over:
                yield sorted(over)
            if not int(cursor):
                return

    async def forget(self, gone: Gone, runs: Sequence[str], by: str) -> None:
        with _refused_plainly():
            going_on = await self._forget(gone, runs, by, tell=True)
            for run in going_on:
                result = TaskResult(task=run, mode="council", state="cancelled", reason="Deleted.")
                await self._store.finish(run, result, [Answer(run=run, result=result)], fence=None)
            if going_on:
                await self._forget(gone, going_on, by, tell=False)

    async def _forget(self, gone: Gone, runs: Sequence[str], by: str, *, tell: bool) -> list[str]:
        """Other histories are told by way of the first shard: it matters to nobody what ended before or after that."""
        found = []
        for number, shard in enumerate(self._keys.shards):
            told = encode(gone) if tell and number == 0 else b""
            here = [run for run in runs if self._keys.shard(run) is shard]
            if told or here:
                keys = [shard.conversation(gone.person, gone.conversation), shard.ended, shard.histories]
                keys.append(shard.absent)
                args: list[Argument] = [shard.run(""), self._settings.retention_ms, by, told, *here]
                found.append(self._batcher.script("forget", keys, args))
        return [run.decode() for left in await asyncio.gather(*found) for run in left]

    def _entries(self, place: str) -> list[str]:
        """One for each shard. A place of another installation, with more or fewer of them, says nothing here."""
        entries, count = place.split(" "), len(self._keys.shards)
        return entries if len(entries) == count else [FIRST] * count


def order(entry: str) -> tuple[int, int]:
    """By which entries come one after the other."""
    milliseconds, _, number = entry.partition("-")
    return int(milliseconds), int(number)


def ahead(place: str, other: str) -> bool:
    """Whether a history that is at a place has anything that one at the other place has not."""
    theirs, ours = place.split(" "), other.split(" ")
    return len(theirs) != len(ours) or any(order(one) > order(two) for one, two in zip(theirs, ours, strict=True))


def _ending(place: str, fields: dict[bytes, bytes]) -> Ending:
    if b"gone" in fields:
        try:
            # Whichever version wrote it: what a person deleted must not stay because of that.
            return Ending(place, gone=Gone.model_validate_json(fields[b"gone"]))
        except ValidationError:
            log.warning("what ended cannot be read at %s", place)
    return Ending(place, run=fields.get(b"run", b"").decode())


@contextmanager
def _refused_plainly() -> Iterator[None]:
    try:
        yield
    except TROUBLE as error:
        raise EngineUnavailable(str(told(error))) from error
