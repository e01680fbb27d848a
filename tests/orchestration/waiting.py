"""Waiting for something to be true."""

import asyncio
from collections.abc import Awaitable, Callable

LOOK_SECONDS = 0.01
PATIENCE_SECONDS = 60.0
"""However busy the machine is; where it is not, what is waited for comes in a moment."""


async def eventually(holds: Callable[[], Awaitable[object]], what: str) -> None:
    """Wait until it holds; a test in which it does not in a minute fails, with `what` was waited for."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await holds():  # noqa: ASYNC110 - Redis and other processes set no event of ours.
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        raise AssertionError(f"not within {PATIENCE_SECONDS:g} s: {what}") from None
