"""Loops that go on beside a block, and how they end: a worker finishes what it has begun or gives it back."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from knowledge import Knowledge
from orchestration.connections import CLOSING_SECONDS, Connections
from orchestration.hub import EventHub
from orchestration.worker import GRACE_SECONDS, Worker

Loop = Callable[[], Awaitable[None]]

GIVING_BACK_SECONDS = 2.0
"""How long a worker may take to give back what it cannot finish; without Redis others recover it after a lease."""


@asynccontextmanager
async def running(
    loops: Sequence[Loop],
    worker: Worker | None = None,
    hub: EventHub | None = None,
    connections: Connections | None = None,
    knowledge: Knowledge | None = None,
) -> AsyncIterator[None]:
    """Run the loops until the block ends; a worker begins when its `knowledge` is there.

    The end takes a few seconds at most, whether or not Redis answers.
    """
    failure: Exception | None = None
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_as_coroutine(loop), name=str(loop)) for loop in loops]
        working = group.create_task(_work(worker, knowledge)) if worker is not None else None
        # Each loop has begun when the block does: what is asked at once finds somebody.
        await asyncio.sleep(0)
        try:
            yield
        except Exception as error:  # Not for the group, which would wrap the caller's error into its own.
            failure = error
        finally:
            begun = worker is not None and (knowledge is None or knowledge.status.settled)
            patience = GRACE_SECONDS + GIVING_BACK_SECONDS if begun else 0.0
            if connections is not None:
                if not connections.batcher.available:
                    patience = 0.0  # What cannot be given back is recovered by others after a lease.
                connections.end_within(patience + CLOSING_SECONDS)
            if worker is not None and working is not None:
                # Not in the group, which takes no more tasks where a loop broke: the steps are given back all the same.
                leaving = asyncio.create_task(worker.leave())
                await asyncio.wait([working], timeout=patience)
                leaving.cancel()
                working.cancel()
            if hub is not None:
                await hub.leave()
            for task in tasks:
                task.cancel()
    if failure is not None:
        raise failure


async def _work(worker: Worker, knowledge: Knowledge | None) -> None:
    """Who answered before its documents are indexed or fetched would find nothing where there is something."""
    if knowledge is not None:
        async for _ in knowledge.watch():
            pass
    await worker.run()


async def _as_coroutine(loop: Loop) -> None:
    await loop()
