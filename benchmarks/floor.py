"""The least that three steps over Redis Streams can cost: no leases, no fences, no events, nobody else."""

import asyncio
import time
from typing import Any

from redis.asyncio import Redis

GROUP = "floor"
BODY = b"x" * 2_048


async def three_steps(url: str, rounds: int) -> list[float]:
    """Seconds for each round: three messages out, three workers take, answer and acknowledge them, three answers in."""
    redis: Any = Redis.from_url(url)
    workers: list[Any] = [Redis.from_url(url, single_connection_client=True) for _ in range(3)]
    streams = [f"floor:{{{n}}}:tasks" for n in range(3)]
    results = "floor:results"
    await redis.delete(results, *streams)
    for stream in streams:
        await redis.xgroup_create(stream, GROUP, id="0", mkstream=True)
    tasks = [asyncio.create_task(_work(w, s, results, rounds)) for w, s in zip(workers, streams, strict=True)]
    took, last = [], "0"
    for _ in range(rounds):
        begun = time.perf_counter()
        async with redis.pipeline(transaction=False) as pipe:
            for stream in streams:
                pipe.xadd(stream, {"m": BODY})
            await pipe.execute()
        arrived = 0
        while arrived < len(streams):
            for _, entries in await redis.xread({results: last}, block=2_000):
                arrived += len(entries)
                last = entries[-1][0]
        took.append(time.perf_counter() - begun)
    await asyncio.gather(*tasks)
    await redis.delete(results, *streams)
    for client in (redis, *workers):
        await client.aclose()
    return took


async def _work(redis: Any, stream: str, results: str, rounds: int) -> None:
    done = 0
    while done < rounds:
        for _, entries in await redis.xreadgroup(GROUP, "one", {stream: ">"}, count=1, block=2_000):
            for entry, _fields in entries:
                async with redis.pipeline(transaction=True) as pipe:
                    pipe.xadd(results, {"r": BODY}, maxlen=1_000)
                    pipe.xack(stream, GROUP, entry)
                    pipe.xdel(stream, entry)
                    await pipe.execute()
                done += 1
