"""One turn of one system: a server, its workers and its client start, do their tasks and end.

Nobody else's processes exist meanwhile, so nobody's polling disturbs another one, and every turn finds an empty
server.
"""

import json
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from benchmarks.children import Child, child
from benchmarks.measure import Cpu
from benchmarks.peers.systems import System
from orchestration.embedded import open_embedded

WARM_SECONDS = 0.4


@dataclass(frozen=True)
class Block:
    """Some seconds of one system with so many tasks under way at any moment."""

    concurrency: int
    workers: int
    count: int
    p50_ms: float
    p99_ms: float
    elapsed: float
    cpu: Cpu

    @property
    def tasks_per_second(self) -> float:
        return self.count / self.elapsed

    @property
    def cpu_us(self) -> float:
        """Processor time of everybody for each task."""
        return 1_000_000 * self.cpu.total / self.count


async def session(
    system: System, python: str, concurrencies: Sequence[int], *, workers: int, seconds: float
) -> list[Block]:
    """A block for each concurrency, on an embedded server of its own."""
    with tempfile.TemporaryDirectory(prefix="rt-peers-") as folder:
        async with open_embedded(Path(folder)) as server, AsyncExitStack() as stack:
            redis: Any = await stack.enter_async_context(Redis.from_url(server.url))
            working = [
                await stack.enter_async_context(child(system.module, "worker", server.url, python=python))
                for _ in range(workers)
            ]
            client = await stack.enter_async_context(child(system.module, "client", server.url, python=python))
            return [await _block(client, working, redis, lanes, seconds) for lanes in concurrencies]


async def _block(client: Child, workers: Sequence[Child], redis: Any, lanes: int, seconds: float) -> Block:
    await _order(client, do="prepare", lanes=lanes, seconds=WARM_SECONDS)
    before = await _cpu(workers, redis)
    done = await _order(client, do="run", lanes=lanes, seconds=seconds)
    cpu = await _cpu(workers, redis) - before + Cpu(done["cpu"], 0, 0)
    return Block(lanes, len(workers), done["count"], done["p50_ms"], done["p99_ms"], done["elapsed"], cpu)


async def _order(client: Child, **order: Any) -> Any:
    """What the client answers."""
    client.tell(json.dumps(order))
    said = await client.hear()
    if not said:
        raise RuntimeError("the client ended in the middle of its work; what it said about that is above")
    return json.loads(said)


async def _cpu(workers: Sequence[Child], redis: Any) -> Cpu:
    """Of the workers and the server until now."""
    info = await redis.info("cpu")
    server = float(info["used_cpu_user"]) + float(info["used_cpu_sys"])
    return Cpu(0, sum([await worker.ask("cpu") for worker in workers]), server)
