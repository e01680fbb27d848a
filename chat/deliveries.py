"""All deliveries of this server, at work and ended, so that every window of their thread can show them."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping

from agents import Agent
from chat.delivery import Delivery
from chat.errors import TooManyOpen, UnknownDelivery
from chat.order import Order
from knowledge import Knowledge
from orchestration.placing import Placer

REMEMBERED = 500
"""Ended ones that are still shown; the documents stay, whatever is remembered of how they came."""
MOST_OPEN = 10
"""Of one person: each holds copies of its files until it is over."""
READ_AT_ONCE = 2
"""Files, of all people together."""


class Deliveries:
    """Their tasks end with the files, or with `close`."""

    def __init__(
        self,
        knowledge: Knowledge,
        placer: Placer,
        agents: Mapping[str, Agent],
        remember: Callable[[Delivery], Awaitable[None]],
    ) -> None:
        """`remember` is told of each when it begins, and when it is over or broken off."""
        self.knowledge = knowledge
        self._remember = remember
        self._placer = placer
        self._agents = agents
        self._reading = asyncio.Semaphore(READ_AT_ONCE)
        self._deliveries: OrderedDict[str, Delivery] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    def make(self, order: Order, ask: Callable[[], Awaitable[None]] | None = None) -> Delivery:
        """A delivery that windows can show; `begin` sets it to work. Raises TooManyOpen."""
        own = [old for old in self._deliveries.values() if old.order.person == order.person and not old.over]
        if len(own) >= MOST_OPEN:
            raise TooManyOpen(
                f"{len(own)} messages with files are not settled yet; choose who keeps them, or stop them, first."
            )
        delivery = Delivery(
            order, knowledge=self.knowledge, placer=self._placer, agents=self._agents, reading=self._reading, ask=ask
        )
        self._deliveries[delivery.id] = delivery
        ended = [id for id, old in self._deliveries.items() if old.over]
        for id in ended[: max(0, len(self._deliveries) - REMEMBERED)]:
            del self._deliveries[id]
        return delivery

    def begin(self, delivery: Delivery) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver(delivery), name=f"delivery {delivery.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, delivery: Delivery) -> None:
        await self._remember(delivery)
        try:
            await delivery.run()
        finally:
            await self._remember(delivery)

    def find(self, id: str, person: str) -> Delivery:
        """Raises UnknownDelivery, also for somebody else's."""
        delivery = self._deliveries.get(id)
        if delivery is None or delivery.order.person != person:
            raise UnknownDelivery("This is not known any more. Please hand the files in again.")
        return delivery

    def on(self, thread: str, person: str) -> list[Delivery]:
        """A person's deliveries in one thread, the oldest first."""
        return [d for d in self._deliveries.values() if (d.order.thread, d.order.person) == (thread, person)]

    @property
    def people(self) -> set[str]:
        """Whose files are not settled yet."""
        return {delivery.order.person for delivery in self._deliveries.values() if not delivery.over}

    def stop_all_of(self, person: str) -> None:
        """What is in stays in."""
        for delivery in self._deliveries.values():
            if delivery.order.person == person and not delivery.over:
                delivery.stop()

    def forget(self, thread: str, person: str) -> None:
        """Its thread was deleted: what is at work stops, and what is in stays in."""
        for delivery in self.on(thread, person):
            delivery.stop()
            del self._deliveries[delivery.id]

    async def close(self) -> None:
        """The server stops: what is in stays in."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
