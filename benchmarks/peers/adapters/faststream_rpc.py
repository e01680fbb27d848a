"""FastStream as its documentation does requests: into a stream, and the answer over a channel for this request."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from faststream.redis import RedisBroker, StreamSub

from benchmarks.peers.adapters.sides import ANSWER, MOST, QUESTION, Ask, be

CONNECTIONS = 1_000
"""What redis-py allows by itself is too few for 64 requests."""
STREAM = "questions"


async def answer(question: str) -> str:
    return ANSWER


class RpcClient:
    def __init__(self, broker: RedisBroker) -> None:
        self._broker = broker

    @asynccontextmanager
    async def asking(self, lanes: int) -> AsyncIterator[Ask]:
        yield self._ask

    async def _ask(self, lane: int) -> None:
        reply = await self._broker.request(QUESTION, stream=STREAM, timeout=30)
        assert await reply.decode() == ANSWER


@asynccontextmanager
async def client(url: str) -> AsyncIterator[RpcClient]:
    async with RedisBroker(url, logger=None, max_connections=CONNECTIONS) as broker:
        yield RpcClient(broker)


@asynccontextmanager
async def worker(url: str) -> AsyncIterator[None]:
    broker = RedisBroker(url, logger=None, max_connections=CONNECTIONS)
    stream = StreamSub(STREAM, group="workers", consumer=str(os.getpid()), polling_interval=1_000, max_records=MOST)
    broker.subscriber(stream=stream, max_workers=MOST)(answer)
    async with broker:
        await broker.start()
        yield


if __name__ == "__main__":
    be(client, worker)
