"""docket: a task is added, and its result is told over a channel of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from docket import Docket, Worker

from benchmarks.peers.adapters.sides import ANSWER, MOST, QUESTION, Ask, be

KEPT = timedelta(minutes=1)
CHECK = timedelta(milliseconds=5)
"""A worker looks after what it has finished whenever its reading ends, after this long at the latest."""


async def answer(question: str) -> str:
    return ANSWER


class DocketClient:
    def __init__(self, docket: Docket) -> None:
        self._docket = docket

    @asynccontextmanager
    async def asking(self, lanes: int) -> AsyncIterator[Ask]:
        yield self._ask

    async def _ask(self, lane: int) -> None:
        execution = await self._docket.add(answer)(QUESTION)
        assert await execution.get_result() == ANSWER


@asynccontextmanager
async def client(url: str) -> AsyncIterator[DocketClient]:
    async with Docket(url=url, execution_ttl=KEPT) as docket:
        docket.register(answer)
        yield DocketClient(docket)


@asynccontextmanager
async def worker(url: str) -> AsyncIterator[None]:
    async with (
        Docket(url=url, execution_ttl=KEPT) as docket,
        Worker(docket, concurrency=2 * MOST, minimum_check_interval=CHECK) as working,
    ):
        docket.register(answer)
        task = asyncio.create_task(working.run_forever())
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


if __name__ == "__main__":
    be(client, worker)
