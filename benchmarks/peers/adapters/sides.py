"""The two sides of an adapter and how the benchmark speaks with them.

    python -m benchmarks.peers.adapters.NAME client|worker URL

A worker is a child that answers how much processor time it has used. A client says that it is ready and then answers
every line that it gets, a JSON object, with such a line:

    {"do": "prepare", "lanes": 8, "seconds": 0.5}  ->  {}
    {"do": "run", "lanes": 8, "seconds": 1.0}      ->  {"count", "p50_ms", "p99_ms", "elapsed", "cpu"}

Preparing is doing for so long what is run then, with so many tasks under way at any moment.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Protocol

from benchmarks.children import be_a_child, orders, say_ready
from benchmarks.lanes import drive
from benchmarks.measure import spread

MOST = 64
"""Tasks under way at any moment; every worker may do so many at once."""
FEW = 8
"""Up to so many tasks at once a client that looks for results may look often."""
QUESTION = ("What is the weather like in the north, the east and the south? " * 33)[:2_048]
ANSWER = "It rains. " * 204 + "Tomorrow"
"""2 KB in, 2 KB out."""

Ask = Callable[[int], Awaitable[None]]
"""Has one task done, and its answer; in a lane, which is a number from 0 on."""


class Client(Protocol):
    """The side that asks."""

    def asking(self, lanes: int) -> AbstractAsyncContextManager[Ask]:
        """Make ready for so many lanes; that is not measured."""
        ...


def be(
    client: Callable[[str], AbstractAsyncContextManager[Client]],
    worker: Callable[[str], AbstractAsyncContextManager[object]],
) -> None:
    """Run the side that the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("side", choices=["client", "worker"])
    parser.add_argument("url")
    given = parser.parse_args()
    asyncio.run(be_a_child(worker(given.url)) if given.side == "worker" else _be_a_client(client(given.url)))


async def _be_a_client(opened: AbstractAsyncContextManager[Client]) -> None:
    lines = await orders()
    async with opened as client, AsyncExitStack() as stack:
        say_ready()
        while line := await lines.readline():
            order = json.loads(line)
            lanes, seconds = order["lanes"], order["seconds"]
            if order["do"] == "prepare":
                await stack.aclose()
                ask = await stack.enter_async_context(client.asking(lanes))
                await drive(lanes, seconds, ask)
                print("{}", flush=True)
                continue
            before = time.process_time()
            done = await drive(lanes, seconds, ask)
            cpu = time.process_time() - before
            figures = spread(done.took)
            found = {"count": figures.count, "p50_ms": figures.p50, "p99_ms": figures.p99}
            print(json.dumps(found | {"elapsed": done.elapsed, "cpu": cpu}), flush=True)
