"""arq: a job is enqueued, and its result is looked for until it is there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from arq import create_pool, func
from arq.connections import ArqRedis, RedisSettings
from arq.worker import Worker

from benchmarks.peers.adapters.sides import ANSWER, FEW, MOST, QUESTION, Ask, be

POLL_SECONDS = 0.005
POLL_SECONDS_OF_MANY = 0.05
"""64 clients that look every 5 ms keep everybody from working; of 2, 5, 20 and 50 ms this was best for them."""


async def answer(context: dict[Any, Any], question: str) -> str:
    return ANSWER


def _settings(url: str) -> RedisSettings:
    return RedisSettings.from_dsn(url)


class ArqClient:
    def __init__(self, redis: ArqRedis) -> None:
        self._redis = redis

    @asynccontextmanager
    async def asking(self, lanes: int) -> AsyncIterator[Ask]:
        every = POLL_SECONDS if lanes <= FEW else POLL_SECONDS_OF_MANY

        async def ask(lane: int) -> None:
            job = await self._redis.enqueue_job("answer", QUESTION)
            assert await job.result(poll_delay=every) == ANSWER

        yield ask


@asynccontextmanager
async def client(url: str) -> AsyncIterator[ArqClient]:
    redis = await create_pool(_settings(url))
    yield ArqClient(redis)
    await redis.aclose()


@asynccontextmanager
async def worker(url: str) -> AsyncIterator[None]:
    working = Worker(
        functions=[func(answer, name="answer")],
        redis_settings=_settings(url),
        max_jobs=MOST,
        poll_delay=POLL_SECONDS,
        keep_result=60,
        handle_signals=False,
    )
    task = asyncio.create_task(working.async_run())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await working.close()


if __name__ == "__main__":
    be(client, worker)
