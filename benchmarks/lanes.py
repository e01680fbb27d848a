"""Keeps a number of exchanges going at once: each lane asks, waits for the answer and asks again."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Drive:
    """What came of it."""

    took: tuple[float, ...]
    """Seconds of each exchange, from asking to having the answer."""
    elapsed: float


async def drive(lanes: int, seconds: float, ask: Callable[[int], Awaitable[None]]) -> Drive:
    """Ask in so many lanes for so long; `ask` gets the number of its lane. What was begun is waited for."""
    took: list[float] = []
    begun = time.perf_counter()

    async def lane(number: int) -> None:
        while (asked := time.perf_counter()) - begun < seconds:
            await ask(number)
            took.append(time.perf_counter() - asked)

    async with asyncio.TaskGroup() as group:
        for number in range(lanes):
            group.create_task(lane(number))
    return Drive(tuple(took), time.perf_counter() - begun)
