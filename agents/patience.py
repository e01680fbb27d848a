"""Waiting for the pieces of a reply, until a moment."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TypeVar

from agents.errors import ModelFailed

T = TypeVar("T")


async def until(moment: float, parts: AsyncIterator[T], model: str) -> AsyncGenerator[T, None]:
    """The parts as they come. Raises ModelFailed when one is not there at `moment`, of the event loop's clock.

    Only the waiting is bounded: a time limit around a `yield` would cancel whoever reads the parts.
    """
    while True:
        try:
            async with asyncio.timeout_at(moment):
                part = await anext(parts)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise ModelFailed(model, "timeout") from None
        yield part
