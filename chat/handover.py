"""One delivery on one page: what becomes of its files, until it is over."""

import asyncio
from collections.abc import Awaitable, Callable

from chat.changes import changes
from chat.delivery import Delivery
from chat.delivery_picture import draw_delivery
from chat.follower import Emit
from chat.picture import Titles
from chat.wire import Picture
from chat.words import Words
from orchestration.messages import TaskResult


class Handover:
    """Shows one delivery, as a Follower shows one run: whole at first, then what changed, once an interval."""

    result: TaskResult | None = None
    """Files have no sources to open."""

    def __init__(
        self,
        delivery: Delivery,
        *,
        titles: Titles,
        words: Words,
        emit: Emit,
        occupy: Callable[[bool], Awaitable[None]],
        interval: float,
        leftover: frozenset[str] = frozenset(),
    ) -> None:
        """`occupy` is told whether the page waits for the delivery, whenever that changes."""
        self._delivery = delivery
        self._titles = titles
        self._words = words
        self._emit = emit
        self._occupy = occupy
        self._interval = interval
        self._leftover = leftover
        self._told = set(leftover)
        self._shown = Picture()
        self.caught_up = asyncio.Event()

    @property
    def ids(self) -> frozenset[str]:
        """The steps that the page may have of it: what took them off may have been lost with its connection."""
        return frozenset(self._told)

    async def show(self, after: asyncio.Event | None) -> None:
        """Until it is over, but nothing of it before `after`."""
        if after is not None:
            await after.wait()
        occupies = False
        with self._delivery.changes() as changed:
            over = False
            while not over:
                await changed.wait()
                changed.clear()
                over, before, occupies = self._delivery.over, occupies, self._delivery.occupies
                if occupies and not before:
                    await self._occupy(True)
                await self._tell()
                if before and not occupies:
                    await self._occupy(False)
                self.caught_up.set()
                if not over:
                    # Not a wait for something: it keeps the page from more news than it can draw.
                    await asyncio.sleep(self._interval)

    async def leave(self) -> None:
        """Take it off the page."""
        for emission in changes(self._shown, Picture(), self._leftover):
            await self._emit(emission)

    async def _tell(self) -> None:
        picture = draw_delivery(self._delivery, self._titles, self._words)
        self._told.update(step.id for step in picture.steps)
        for emission in changes(self._shown, picture, self._leftover):
            await self._emit(emission)
        self._shown, self._leftover = picture, frozenset()
