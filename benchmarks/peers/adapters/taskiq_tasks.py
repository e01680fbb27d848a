"""taskiq with taskiq-redis: a task goes into a stream, and its result is looked for until it is there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from taskiq.api import run_receiver_task
from taskiq_redis import RedisAsyncResultBackend, RedisStreamBroker

from benchmarks.peers.adapters.sides import ANSWER, FEW, MOST, QUESTION, Ask, be

POLL_SECONDS = 0.005
POLL_SECONDS_OF_MANY = 0.02
"""Of 2, 5, 20 and 50 ms this was best for 64 clients."""


async def answer(question: str) -> str:
    return ANSWER


def _broker(url: str) -> tuple[Any, Any]:
    """A broker, and the task on it."""
    broker = RedisStreamBroker(url).with_result_backend(RedisAsyncResultBackend(url, result_ex_time=60))
    return broker, broker.register_task(answer, task_name="answer")


class TaskiqClient:
    def __init__(self, task: Any) -> None:
        self._task = task

    @asynccontextmanager
    async def asking(self, lanes: int) -> AsyncIterator[Ask]:
        every = POLL_SECONDS if lanes <= FEW else POLL_SECONDS_OF_MANY

        async def ask(lane: int) -> None:
            sent = await self._task.kiq(QUESTION)
            result = await sent.wait_result(check_interval=every)
            assert result.return_value == ANSWER

        yield ask


@asynccontextmanager
async def client(url: str) -> AsyncIterator[TaskiqClient]:
    broker, task = _broker(url)
    await broker.startup()
    yield TaskiqClient(task)
    await broker.shutdown()


@asynccontextmanager
async def worker(url: str) -> AsyncIterator[None]:
    broker, _ = _broker(url)
    broker.is_worker_process = True
    await broker.startup()
    task = asyncio.create_task(run_receiver_task(broker, max_async_tasks=MOST))
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await broker.shutdown()


if __name__ == "__main__":
    be(client, worker)
