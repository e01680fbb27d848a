"""Work in threads, and what becomes of it when nobody waits any more."""

import asyncio
import threading

import pytest

from knowledge.threads import Threads
from tests.orchestration.waiting import PATIENCE_SECONDS


async def test_whoever_is_cancelled_waits_for_work_that_has_begun() -> None:
    """So that what it works on can be removed afterwards, and not in the middle of it."""
    threads, begun, may_end = Threads(), threading.Event(), threading.Event()
    done: list[str] = []

    def work() -> None:
        begun.set()
        may_end.wait(PATIENCE_SECONDS)
        done.append("work")

    async def use() -> None:
        try:
            await threads.finish(work)
        finally:
            done.append("removed")

    using = asyncio.create_task(use())
    await asyncio.to_thread(begun.wait, 10)
    using.cancel()
    await asyncio.sleep(0)
    assert done == []
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await using
    assert done == ["work", "removed"]
    threads.close()
