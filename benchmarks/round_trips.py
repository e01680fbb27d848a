"""The round trip of a step and of a plan of three steps, beside what bare messages cost on the same server.

Each way has one driver (this process) and one worker (a process of its own). The ways take turns in short blocks, so
that a noisy machine disturbs all of them alike; each way's blocks are added up.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Literal

from redis.asyncio import Redis

from benchmarks.children import Child, child
from benchmarks.floor import floor_driver
from benchmarks.lanes import Drive, drive
from benchmarks.measure import Cpu, spread
from benchmarks.steps import steps_driver

CONCURRENCY = (1, 8, 64)
STEPS = {"step": 1, "plan of 3": 3}
TARGET = 1.5
"""Processor time for each step, at most so many times that of the MULTI floor."""
WARM_SECONDS = 0.5

Way = Literal["multi", "batched", "roundtable"]
WAYS: tuple[Way, ...] = ("multi", "batched", "roundtable")


@dataclass(frozen=True)
class Block:
    """Some seconds of one way."""

    drive: Drive
    cpu: Cpu


@dataclass(frozen=True)
class RoundTrip:
    """One way of doing one thing at one concurrency."""

    what: str
    concurrency: int
    way: Way
    count: int
    p50_ms: float
    p99_ms: float
    steps_per_second: float
    cpu_us_per_step: float
    driver_us: float
    worker_us: float
    server_us: float


def round_trip(what: str, concurrency: int, way: Way, blocks: Sequence[Block]) -> RoundTrip:
    """All blocks of one way together."""
    took = [seconds for block in blocks for seconds in block.drive.took]
    steps = STEPS[what] * len(took)
    cpu = sum((block.cpu for block in blocks), Cpu(0, 0, 0))
    figures = spread(took)
    each = 1_000_000 / steps
    return RoundTrip(
        what=what,
        concurrency=concurrency,
        way=way,
        count=len(took),
        p50_ms=figures.p50,
        p99_ms=figures.p99,
        steps_per_second=round(steps / sum(block.drive.elapsed for block in blocks), 1),
        cpu_us_per_step=round(each * cpu.total, 1),
        driver_us=round(each * cpu.driver, 1),
        worker_us=round(each * cpu.workers, 1),
        server_us=round(each * cpu.server, 1),
    )


@dataclass(frozen=True)
class Ratio:
    """Our processor time for each step as a multiple of the floors'."""

    what: str
    concurrency: int
    to_multi: float
    to_batched: float

    @property
    def met(self) -> bool:
        return self.to_multi <= TARGET


def ratios(found: Sequence[RoundTrip]) -> list[Ratio]:
    """For each thing and concurrency that all three ways were measured at."""
    cost: dict[tuple[str, int], dict[Way, float]] = {}
    for each in found:
        cost.setdefault((each.what, each.concurrency), {})[each.way] = each.cpu_us_per_step
    return [
        Ratio(what, lanes, round(us["roundtable"] / us["multi"], 2), round(us["roundtable"] / us["batched"], 2))
        for (what, lanes), us in cost.items()
        if us.keys() == set(WAYS)
    ]


async def measure(url: str, *, seconds: float, rounds: int) -> list[RoundTrip]:
    """Every way at every concurrency, in so many rounds of so many seconds."""
    found = []
    redis: Any = Redis.from_url(url)
    for lanes in CONCURRENCY:
        for what, steps in STEPS.items():
            blocks = await _take_turns(url, redis, lanes, steps, seconds, rounds)
            found += [round_trip(what, lanes, way, blocks[way]) for way in WAYS]
    await redis.aclose()
    return found


async def _take_turns(
    url: str, redis: Any, lanes: int, steps: int, seconds: float, rounds: int
) -> Mapping[Way, Sequence[Block]]:
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        most = str(max(8, lanes * steps))
        workers: dict[Way, Child] = {
            "multi": await enter(child("benchmarks.floor", "multi", url, most)),
            "batched": await enter(child("benchmarks.floor", "batched", url, most)),
            "roundtable": await enter(child("benchmarks.steps", url, most)),
        }
        multi, batched = await enter(floor_driver("multi", url)), await enter(floor_driver("batched", url))
        ours = await enter(steps_driver(url, int(most)))
        asks: dict[Way, Callable[[int], Awaitable[None]]] = {
            "multi": lambda lane: multi.ask(steps),
            "batched": lambda lane: batched.ask(steps),
            "roundtable": lambda lane: ours.ask(lane, steps),
        }

        async def block(way: Way, seconds: float) -> Block:
            before = await _cpu(workers[way], redis)
            driven = await drive(lanes, seconds, asks[way])
            return Block(driven, await _cpu(workers[way], redis) - before)

        blocks: dict[Way, list[Block]] = {way: [] for way in WAYS}
        for turn in range(rounds + 1):
            async with ours.accepted(lanes):
                for way in WAYS:
                    done = await block(way, seconds if turn else WARM_SECONDS)
                    if turn:
                        blocks[way].append(done)
        return blocks


async def _cpu(worker: Child, redis: Any) -> Cpu:
    info = await redis.info("cpu")
    server = float(info["used_cpu_user"]) + float(info["used_cpu_sys"])
    return Cpu(time.process_time(), await worker.ask("cpu"), server)
