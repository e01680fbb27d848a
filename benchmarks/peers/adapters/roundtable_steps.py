"""Roundtable: a step of a run that is under way, as its owner sends it and a worker does it (`benchmarks/steps.py`)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from benchmarks.peers.adapters.sides import MOST, Ask, be
from benchmarks.steps import StepsDriver, steps_driver, steps_worker
from cli.memory import settle


class StepsClient:
    def __init__(self, driver: StepsDriver) -> None:
        self._driver = driver

    @asynccontextmanager
    async def asking(self, lanes: int) -> AsyncIterator[Ask]:
        """Take in a run for each lane."""
        async with self._driver.accepted(lanes):
            yield partial(self._driver.ask, steps=1)


@asynccontextmanager
async def client(url: str) -> AsyncIterator[StepsClient]:
    async with steps_driver(url, MOST) as driver:
        settle()
        yield StepsClient(driver)


@asynccontextmanager
async def worker(url: str) -> AsyncIterator[None]:
    """With what `roundtable worker` does once it is ready."""
    async with steps_worker(url, MOST):
        settle()
        yield


if __name__ == "__main__":
    be(client, worker)
