"""What waits for one server, and what is on its way there: commands of the same moment share a round trip."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from orchestration.round_trips import Command, WritesRefused

MOST_TOGETHER = 200
SILENT_LOOKS = 6
"""A server that has not answered for so many looks of outage.py, a good second and a half, is taken for gone."""
IN_FLIGHT = 2
"""Round trips under way at once: the second one leaves while the first is waiting for the disk."""

LEISURE_SECONDS = 0.005
"""A command that is in no hurry waits so long for another one to leave with."""

RoundTrip = Callable[[Sequence[Command]], Awaitable[Sequence[Any]]]
"""Sends commands together; the replies in order, a refusal standing in the place of a reply. round_trips.py has one."""


class Lane:
    """The way to one server. `changed` is called when it begins or ceases to be well."""

    def __init__(self, round_trip: RoundTrip, changed: Callable[[], None]) -> None:
        self._round_trip = round_trip
        self._changed = changed
        self._looks = 0
        self._waiting: deque[tuple[Sequence[Command], asyncio.Future[Sequence[Any]]]] = deque()
        self._senders: set[asyncio.Task[None]] = set()
        self._sending = 0
        """Senders that will look at what waits once more."""
        self._on_their_way: dict[int, int] = {}
        self.trips = 0
        self.answered = True
        """Whether the server answered last, and takes writes."""
        self.takes_writes = True
        """False from a refusal of writes on, until a probe is taken: what only reads would say that all is well."""

    @property
    def silent(self) -> bool:
        oldest = min(self._on_their_way.values(), default=None)
        return oldest is not None and self._looks - oldest > SILENT_LOOKS

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing is on its way."""
        return not self._senders and not self._waiting

    def look(self) -> None:
        """Said at a steady pace; silence is counted in looks."""
        self._looks += 1

    def taken(self) -> None:
        """A probe was."""
        self.takes_writes = True
        self._tell(True)

    def enqueue(self, commands: Sequence[Command]) -> asyncio.Future[Sequence[Any]]:
        """Let commands leave one right after the other, at the next chance."""
        replies: asyncio.Future[Sequence[Any]] = asyncio.get_running_loop().create_future()
        self._waiting.append((commands, replies))
        return replies

    def begin_sending(self) -> None:
        if self._waiting and self._sending < IN_FLIGHT:
            self._sending += 1
            sender = asyncio.create_task(self._send())
            self._senders.add(sender)
            sender.add_done_callback(self._senders.discard)

    def begin_sending_soon(self) -> None:
        """With the next command that is in a hurry, or after a moment."""
        if not self._sending:
            asyncio.get_running_loop().call_later(LEISURE_SECONDS, self.begin_sending)

    async def close(self) -> None:
        """Send what waits, and wait for what is on its way."""
        self.begin_sending()
        while self._senders:
            await asyncio.wait(set(self._senders))

    async def _send(self) -> None:
        try:
            await self._send_waiting()
        finally:
            # At once, not when the task's callbacks run: a command that came in between would be left to nobody.
            self._sending -= 1

    async def _send_waiting(self) -> None:
        while self._waiting:
            # Whatever else is ready to run in this turn of the loop may add to the batch first.
            await asyncio.sleep(0)
            commands: list[Command] = []
            waiting: list[tuple[int, asyncio.Future[Sequence[Any]]]] = []
            while self._waiting and len(commands) < MOST_TOGETHER:
                more, replies = self._waiting.popleft()
                commands += more
                waiting.append((len(more), replies))
            if commands:
                await self._send_batch(commands, waiting)

    async def _send_batch(
        self, commands: Sequence[Command], waiting: Sequence[tuple[int, asyncio.Future[Sequence[Any]]]]
    ) -> None:
        self.trips += 1
        trip = self.trips
        self._on_their_way[trip] = self._looks
        try:
            answers = await self._round_trip(commands)
            if any(isinstance(answer, WritesRefused) for answer in answers):
                self.takes_writes = False
                self._tell(False)
            elif self.takes_writes:
                self._tell(True)
        except Exception as error:
            # Not this task's error: each caller gets it and decides.
            self.takes_writes = self.takes_writes and not isinstance(error, WritesRefused)
            self._tell(False)
            for _, replies in waiting:
                if not replies.done():
                    replies.set_exception(error)
            return
        finally:
            del self._on_their_way[trip]
        at = 0
        for count, replies in waiting:
            if not replies.done():
                replies.set_result(answers[at : at + count])
            at += count

    def _tell(self, answered: bool) -> None:
        if answered != self.answered:
            self.answered = answered
            self._changed()
