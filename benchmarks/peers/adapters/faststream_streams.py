"""FastStream with a second stream: what a handler returns is published there, and the client subscribes to it.

This is what is left of a request when nothing of it may get lost, and it spares a connection for each request.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from faststream.redis import RedisBroker, StreamSub
from faststream.redis.annotations import RedisMessage

from benchmarks.peers.adapters.sides import ANSWER, MOST, QUESTION, Ask, be

QUESTIONS, ANSWERS = "questions", "answers"
CONNECTIONS = 1_000
"""What redis-py allows by itself is too few for 64 requests."""
KEPT = 2_000
"""Answers kept in their stream; more than are ever under way."""


async def answer(question: str) -> str:
    return ANSWER


class StreamsClient:
    def __init__(self, broker: RedisBroker) -> None:
        self._broker = broker
        self._numbers = count()
        self._waited: dict[str, asyncio.Future[str]] = {}

    @asynccontextmanager
    async def asking(self, lanes: int) -> AsyncIterator[Ask]:
        yield self._ask

    async def _ask(self, lane: int) -> None:
        number = str(next(self._numbers))
        self._waited[number] = asyncio.get_running_loop().create_future()
        await self._broker.publish(QUESTION, stream=QUESTIONS, correlation_id=number)
        assert await self._waited[number] == ANSWER

    async def take(self, said: str, message: RedisMessage) -> None:
        self._waited.pop(message.correlation_id).set_result(said)


def _read(stream: str) -> StreamSub[Any]:
    return StreamSub(stream, group="readers", consumer=str(os.getpid()), polling_interval=1_000, max_records=MOST)


@asynccontextmanager
async def client(url: str) -> AsyncIterator[StreamsClient]:
    broker = RedisBroker(url, logger=None, max_connections=CONNECTIONS)
    asking = StreamsClient(broker)
    broker.subscriber(stream=_read(ANSWERS), max_workers=MOST)(asking.take)
    async with broker:
        await broker.start()
        yield asking


@asynccontextmanager
async def worker(url: str) -> AsyncIterator[None]:
    broker = RedisBroker(url, logger=None, max_connections=CONNECTIONS)
    published = broker.publisher(stream=StreamSub(ANSWERS, maxlen=KEPT))(answer)
    broker.subscriber(stream=_read(QUESTIONS), max_workers=MOST)(published)
    async with broker:
        await broker.start()
        yield


if __name__ == "__main__":
    be(client, worker)
