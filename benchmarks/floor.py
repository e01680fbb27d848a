"""The least that steps over Redis Streams can cost: no leases, no fences, no events, nobody else.

    python -m benchmarks.floor multi|batched URL MOST

is the worker of a floor, in a process of its own. Both floors send a message, have it read by a consumer group,
answered, acknowledged and deleted, and read the answer:

- `multi`: each step by itself; the worker's answer, acknowledgement and deletion are one MULTI.
- `batched`: whatever waits at the same moment shares a round trip, on both sides, and the sockets are read past
  redis-py as Roundtable reads them.
"""

import argparse
import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, Literal

from redis.asyncio import BlockingConnectionPool, Redis

from benchmarks.children import be_a_child
from orchestration.connections import still_wanted
from orchestration.round_trips import Command, RoundTrips
from orchestration.streams import Entry, adding, read, take

GROUP = "floor"
BODY = b"x" * 2_048
KEPT = 2_000
"""Answers kept in their stream; more than are ever under way."""
BLOCK_MS = 1_000
CONNECTIONS = 64

Kind = Literal["multi", "batched"]
Reply = Sequence[tuple[bytes, Sequence[Entry]]]


def tasks_of(kind: Kind) -> list[str]:
    """The streams of three agents."""
    return [f"floor-{kind}:{{{n}}}:tasks" for n in range(3)]


def answers_of(kind: Kind) -> str:
    return f"floor-{kind}:answers"


class FloorDriver:
    """Sends bare messages and waits for their answers."""

    def __init__(self, kind: Kind, redis: Any) -> None:
        self._kind = kind
        self._redis = redis
        self._together = RoundTrips(redis)
        self._streams = tasks_of(kind)
        self._numbers = count()
        self._waited: dict[bytes, asyncio.Future[None]] = {}
        self._unsent: list[tuple[str, bytes]] = []
        self._sender: asyncio.Task[None] | None = None

    async def ask(self, steps: int) -> None:
        """Send so many steps together, each to another agent, and wait for all their answers."""
        loop = asyncio.get_running_loop()
        numbers = [next(self._numbers) for _ in range(steps)]
        messages = [(self._streams[number % 3], str(number).encode()) for number in numbers]
        answers = [loop.create_future() for _ in messages]
        self._waited.update(zip((number for _, number in messages), answers, strict=True))
        if self._kind == "multi":
            await self._send(messages)
        else:
            self._unsent += messages
            if self._sender is None or self._sender.done():
                self._sender = asyncio.create_task(self._send_all())
        for answer in answers:
            await answer

    async def _send_all(self) -> None:
        while self._unsent:
            await asyncio.sleep(0)
            messages, self._unsent = self._unsent, []
            await self._send(messages)

    async def _send(self, messages: Sequence[tuple[str, bytes]]) -> None:
        if self._kind == "batched":
            await self._together([adding(stream, {"i": number, "m": BODY}) for stream, number in messages])
            return
        if len(messages) == 1:
            await self._redis.xadd(messages[0][0], {"i": messages[0][1], "m": BODY})
            return
        async with self._redis.pipeline(transaction=False) as pipe:
            for stream, number in messages:
                pipe.xadd(stream, {"i": number, "m": BODY})
            await pipe.execute()

    async def read(self, reader: Any, last: bytes) -> None:
        """Hand out the answers that follow an entry, until cancelled."""
        stream = answers_of(self._kind)
        while True:
            reply = await self._read(reader, stream, last)
            still_wanted()
            for _, entries in reply:
                for _, fields in entries:
                    self._waited.pop(fields[b"i"]).set_result(None)
                last = entries[-1][0]

    async def _read(self, reader: Any, stream: str, last: bytes) -> Reply:
        if self._kind == "batched":
            return await read(reader, {stream.encode(): last}, BLOCK_MS)
        return await reader.xread({stream: last}, block=BLOCK_MS) or []


def _client(url: str) -> Any:
    """One whose callers share its connections, waiting for a free one."""
    return Redis.from_pool(BlockingConnectionPool.from_url(url, max_connections=CONNECTIONS, timeout=30))


@asynccontextmanager
async def floor_driver(kind: Kind, url: str) -> AsyncIterator[FloorDriver]:
    """A driver whose answers are being read."""
    redis = _client(url)
    reader: Any = Redis.from_url(url, single_connection_client=True)
    driver = FloorDriver(kind, redis)
    async with redis, reader, asyncio.TaskGroup() as group:
        reading = group.create_task(driver.read(reader, await redis.xadd(answers_of(kind), {"i": b""}, maxlen=1)))
        yield driver
        reading.cancel()


@asynccontextmanager
async def floor_worker(kind: Kind, url: str, most: int) -> AsyncIterator[None]:
    """Answer what comes, at most so many at once."""
    redis = _client(url)
    reader: Any = Redis.from_url(url, single_connection_client=True)
    streams = tasks_of(kind)
    async with redis, reader, asyncio.TaskGroup() as group:
        for stream in streams:
            await redis.delete(stream)
            await redis.xgroup_create(stream, GROUP, id="0", mkstream=True)
        working = group.create_task(_work(kind, redis, reader, streams, most))
        yield
        working.cancel()


async def _work(kind: Kind, redis: Any, reader: Any, streams: Sequence[str], most: int) -> None:
    fresh = dict.fromkeys(streams, ">")
    together = RoundTrips(redis)
    while True:
        if kind == "multi":
            reply: Reply = await reader.xreadgroup(GROUP, "one", fresh, count=most, block=BLOCK_MS) or []
            still_wanted()
            await asyncio.gather(*(_answer(redis, stream, *entry) for stream, entries in reply for entry in entries))
        elif reply := await take(reader, GROUP, "one", streams, ">", most, BLOCK_MS):
            await together(_answers(reply))


async def _answer(redis: Any, stream: bytes, entry: bytes, fields: dict[bytes, bytes]) -> None:
    async with redis.pipeline(transaction=True) as pipe:
        pipe.xadd(answers_of("multi"), {"i": fields[b"i"], "r": BODY}, maxlen=KEPT)
        pipe.xack(stream, GROUP, entry)
        pipe.xdel(stream, entry)
        await pipe.execute()


def _answers(reply: Reply) -> list[Command]:
    """What answers all messages, and takes them off their streams."""
    commands: list[Command] = []
    for stream, entries in reply:
        answers = answers_of("batched")
        commands += [("XADD", answers, "MAXLEN", "~", KEPT, "*", "i", fields[b"i"], "r", BODY) for _, fields in entries]
        done = [entry for entry, _ in entries]
        commands += [("XACK", stream, GROUP, *done), ("XDEL", stream, *done)]
    return commands


async def three_steps(url: str, rounds: int) -> list[float]:
    """Seconds for each round of three bare steps: driver and worker in this process, as `open_runtime` has them."""
    took = []
    async with floor_worker("multi", url, 1), floor_driver("multi", url) as driver:
        for _ in range(rounds):
            begun = time.perf_counter()
            await driver.ask(3)
            took.append(time.perf_counter() - begun)
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["multi", "batched"])
    parser.add_argument("url")
    parser.add_argument("most", type=int)
    given = parser.parse_args()
    asyncio.run(be_a_child(floor_worker(given.kind, given.url, given.most)))


if __name__ == "__main__":
    main()
