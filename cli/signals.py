"""Ctrl-C and `kill` as something to wait for."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

STOPPING = (signal.SIGINT, signal.SIGTERM)


@asynccontextmanager
async def until_asked_to_stop(again: Callable[[], object] = lambda: None) -> AsyncIterator[asyncio.Event]:
    """An event that is set by the first SIGINT or SIGTERM; each further one calls `again`.

    What was opened is closed in order then, which a KeyboardInterrupt in the middle of it would prevent.
    """
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if asked.is_set():
            again()
        asked.set()

    for number in STOPPING:
        loop.add_signal_handler(number, stop)
    try:
        yield asked
    finally:
        for number in STOPPING:
            loop.remove_signal_handler(number)
