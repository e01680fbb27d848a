"""The log of runs that live in Redis."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from orchestration.connections import Connections
from orchestration.endings import order
from orchestration.errors import UnknownRun
from orchestration.hub import EventHub
from orchestration.keys import Keys
from orchestration.log import Ending, Standing
from orchestration.messages import Answer, AnyEvent, Recorded, Task
from orchestration.records import ended_runs
from orchestration.store import RunStore


class RedisLog:
    """Reads a run's event stream: first what is there, then what comes."""

    def __init__(self, connections: Connections, keys: Keys, hub: EventHub, store: RunStore) -> None:
        self._batcher = connections.batcher
        self._streams = connections.streams
        self._keys = keys
        self._hub = hub
        self._store = store

    async def follow(self, run: str, *, person: str, after: str = "") -> AsyncIterator[Recorded]:
        await self.task(run, person)
        async with self._hub.watch(run) as queue:
            last = (0, 0)
            for entry, fields in await self._streams.after(self._keys.events(run), after):
                last = order(entry.decode())
                event = self._hub.recording.read(run, entry, fields)
                if event is not None:
                    yield event
                    if isinstance(event.event, Answer):
                        return
            over = bool(after and await ended_runs(self._batcher, self._keys, [run]))
            if over and order(after) >= order(await self._newest(run)):
                return
            async for event in _until_answer(queue):
                if order(event.id) > last:
                    yield event

    @asynccontextmanager
    async def begin(self, run: str) -> AsyncIterator[AsyncIterator[Recorded]]:
        """Every event of a run that is about to be taken in; entered before, so that none needs to be looked up."""
        async with self._hub.watch(run, fresh=True) as queue:
            yield _until_answer(queue)

    async def events(self, run: str) -> list[AnyEvent]:
        """What there is of a run by now, whoever asked it."""
        entries = await self._streams.after(self._keys.events(run), "")
        found = (self._hub.recording.read(run, entry, fields) for entry, fields in entries)
        return [recorded.event for recorded in found if recorded is not None]

    async def _newest(self, run: str) -> str:
        return (await self._streams.newest(self._keys.events(run))).decode()

    async def task(self, run: str, person: str) -> Task:
        task = await self._store.task(run)
        if task is None or task.person != person:
            raise UnknownRun("There is no such run.")
        return task

    async def ending(self, run: str, person: str) -> Ending | None:
        await self.task(run, person)
        return await self._store.ending(run)

    async def standing(self, run: str, person: str) -> Standing:
        await self.task(run, person)
        return await self._store.standing(run)

    async def runs(self, person: str, conversation: str, beside: Collection[str] = ()) -> list[str]:
        return await self._store.runs(person, conversation, beside)


async def _until_answer(queue: asyncio.Queue[Recorded]) -> AsyncIterator[Recorded]:
    while True:
        event = await queue.get()
        yield event
        if isinstance(event.event, Answer):
            return
