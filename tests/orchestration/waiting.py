"""Waiting for something to be true."""

import asyncio
from collections.abc import Awaitable, Callable

LOOK_SECONDS = 0.01


async def eventually(holds: Callable[[], Awaitable[object]], what: str, seconds: float = 30.0) -> None:
    """Wait until it holds; a test in which it does not within so many seconds fails, with `what` was waited for."""
    try:
        async with asyncio.timeout(seconds):
            while not await holds():  # noqa: ASYNC110 - Redis and other processes set no event of ours.
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        raise AssertionError(f"not within {seconds:g} s: {what}") from None
