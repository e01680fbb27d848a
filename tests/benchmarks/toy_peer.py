"""A library that answers at once and needs nobody for it, as an adapter of `benchmarks.peers`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from benchmarks.peers.adapters.sides import Ask, be


class ToyClient:
    @asynccontextmanager
    async def asking(self, lanes: int) -> AsyncIterator[Ask]:
        yield self._ask

    async def _ask(self, lane: int) -> None:
        await asyncio.sleep(0)


@asynccontextmanager
async def client(url: str) -> AsyncIterator[ToyClient]:
    yield ToyClient()


@asynccontextmanager
async def worker(url: str) -> AsyncIterator[None]:
    yield


if __name__ == "__main__":
    be(client, worker)
