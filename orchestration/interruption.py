"""Work in which a language model may speak is broken off when it is no longer wanted: the model is not to go on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeVar

from orchestration.brake import Brake
from orchestration.deadline import Deadline
from orchestration.errors import Halted, Superseded
from orchestration.messages import Answer, Recorded

T = TypeVar("T")


async def undisturbed(
    events: asyncio.Queue[Recorded], brake: Brake | None, deadline: Deadline, work: Callable[[bool], Awaitable[T]]
) -> T:
    """Work that is broken off when its run is ended, and done again after a halt, which it is told.

    Raises Superseded when the run is ended. What is left of its time after a halt, if anything, is the work's to see.
    """
    ended, again = Superseded("ended while it was worked on"), False
    while True:
        try:
            async with unless(partial(_end_of, events), ended):
                if brake is None:
                    return await work(again)
                async with unless(brake.pulled, Halted("all agents were stopped")):
                    return await work(again)
        except Halted:
            assert brake is not None, "nobody else halts it"
            async with unless(partial(_end_of, events), ended):
                await brake.released()
            await deadline.renew()
            again = True


async def _end_of(events: asyncio.Queue[Recorded]) -> None:
    """Wait until the run has been ended from outside."""
    while not isinstance((await events.get()).event, Answer):
        pass


@asynccontextmanager
async def unless(happens: Callable[[], Awaitable[None]], error: Exception) -> AsyncIterator[None]:
    """The block, until `happens` returns; then it is broken off and raises the error."""
    loop = asyncio.get_running_loop()

    async def watch() -> None:
        await happens()
        still.reschedule(loop.time())

    still = asyncio.timeout(None)
    try:
        async with still:
            watcher = asyncio.create_task(watch())
            try:
                yield
            finally:
                watcher.cancel()
    except TimeoutError:
        if still.expired():
            raise error from None
        raise
