"""Waiting for something to be true."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

LOOK_SECONDS = 0.01
PATIENCE_SECONDS = 60.0
"""However busy the machine is; where it is not, what is waited for comes in a moment."""


async def eventually(holds: Callable[[], Awaitable[object]], what: str) -> None:
    """Wait until it holds; a test in which it does not in a minute fails, with `what` was waited for."""
    found: object = None
    async with in_time(what, lambda: found or None):
        while not (found := await holds()):  # noqa: ASYNC110 - Redis and other processes set no event of ours.
            await asyncio.sleep(LOOK_SECONDS)


@asynccontextmanager
async def in_time(what: str, found: Callable[[], object] = lambda: None) -> AsyncIterator[None]:
    """A block that waits; a test in which it does for a minute fails, with `what` was waited for and what was found in
    its place.
    """
    try:
        async with asyncio.timeout(PATIENCE_SECONDS) as limit:
            yield
    except TimeoutError:
        if not limit.expired():
            raise
        instead = found()
        there = "" if instead is None else f"; there was {instead}"
        raise AssertionError(f"not within {PATIENCE_SECONDS:g} s: {what}{there}") from None
