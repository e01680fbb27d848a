"""Work that is broken off when something else happens."""

import asyncio
from functools import partial
from types import SimpleNamespace
from typing import cast

import pytest

from orchestration import Task
from orchestration.brake import Brake
from orchestration.deadline import Deadline
from orchestration.interruption import undisturbed, unless
from orchestration.records import OwnedRun
from orchestration.store import RunStore


class Enough(Exception):
    pass


async def test_nothing_happens_and_the_work_is_done() -> None:
    never = asyncio.Event()
    async with unless(partial(_wait, never), Enough()):
        done = True
    assert done


async def test_it_happens_and_the_work_is_broken_off() -> None:
    """In the middle, with everything that it opened closed."""
    happened, closed = asyncio.Event(), False
    with pytest.raises(Enough):
        async with unless(partial(_wait, happened), Enough()):
            happened.set()
            try:
                await asyncio.Event().wait()
            finally:
                closed = True
    assert closed


async def test_work_that_waits_for_nothing_is_never_broken_off() -> None:
    """What is done at once is done, whatever happened before."""
    happened = asyncio.Event()
    happened.set()
    async with unless(partial(_wait, happened), Enough()):
        done = True
    assert done


async def test_what_the_work_raises_is_raised() -> None:
    """Its own lack of time as well."""
    never = asyncio.Event()
    with pytest.raises(TimeoutError):
        async with unless(partial(_wait, never), Enough()), asyncio.timeout(0):
            await asyncio.Event().wait()
    with pytest.raises(ZeroDivisionError):
        async with unless(partial(_wait, never), Enough()):
            raise ZeroDivisionError


async def test_whoever_stops_it_from_outside_stops_it() -> None:
    """That is not the same as what it watches for."""
    begun, never = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        async with unless(partial(_wait, never), Enough()):
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_after_a_halt_that_took_all_its_time_the_work_is_done_again() -> None:
    """It sees for itself that nothing is left: writing an answer from what was found takes none."""
    brake = Halted()

    async def work(again: bool) -> float:
        if not again:
            brake.happened.set()
            await asyncio.Event().wait()
        return deadline.left

    deadline = Deadline(
        cast(RunStore, Over()), cast(OwnedRun, SimpleNamespace(task=Task(question="?"), seconds_left=0))
    )
    assert await undisturbed(asyncio.Queue(), cast(Brake, brake), deadline, work) == 0.0
    with pytest.raises(TimeoutError):
        await deadline.check()


class Over:
    """A store in which the time of every run is over."""

    async def seconds_left(self, run: str) -> float:
        return -1.0


class Halted:
    """A switch that is let go of as soon as it was pulled."""

    def __init__(self) -> None:
        self.happened = asyncio.Event()

    async def pulled(self) -> None:
        await self.happened.wait()

    async def released(self) -> None:
        self.happened.clear()


async def _wait(event: asyncio.Event) -> None:
    await event.wait()
