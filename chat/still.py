"""What does not change any more: it is on the page as it was drawn once."""

import asyncio

from chat.changes import changes
from chat.follower import Emit
from chat.wire import Picture
from orchestration.messages import TaskResult


class Still:
    """Shows one picture, as a Follower shows one run."""

    result: TaskResult | None = None
    """It has no sources to open."""

    def __init__(self, id: str, began: float, picture: Picture) -> None:
        self.id = id
        self.began = began
        self._picture = picture
        self._emit: Emit | None = None
        self._leftover: frozenset[str] = frozenset()
        self.caught_up = asyncio.Event()

    def begin(self, emit: Emit, leftover: frozenset[str]) -> None:
        """Say to whom it is shown; `leftover` are the steps that the page may have of it."""
        self._emit, self._leftover = emit, leftover

    @property
    def ids(self) -> frozenset[str]:
        """The steps that the page may have of it."""
        return self._leftover | {step.id for step in self._picture.steps}

    async def show(self, after: asyncio.Event | None) -> None:
        """Once, but not before `after`."""
        if after is not None:
            await after.wait()
        await self._send(Picture(), self._picture)
        self.caught_up.set()

    async def leave(self) -> None:
        """Take it off the page."""
        await self._send(self._picture, Picture())

    async def _send(self, before: Picture, after: Picture) -> None:
        assert self._emit is not None, "begin first"
        for emission in changes(before, after, self._leftover):
            await self._emit(emission)
