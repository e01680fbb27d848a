"""Sends commands that are waiting at the same moment together: one round trip and one fsync for all of them.

Round trips cost most of what coordination costs, so steps and runs that go on at the same time share them. A caller
that is cancelled leaves its command to run and hears of the cancellation at once; redis-py on its own drops the
connection in the middle of a command, and on Python 3.11 may swallow the cancellation (asyncio.wait_for).
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property
from hashlib import sha1
from importlib.resources import files
from typing import Any

from redis.exceptions import NoScriptError

from orchestration.round_trips import Argument, Command, WritesRefused

MOST_TOGETHER = 200
SILENT_LOOKS = 6
"""A server that has not answered for so many looks of outage.py, a good second and a half, is taken for gone."""
IN_FLIGHT = 2
"""Round trips under way at once: the second one leaves while the first is waiting for the disk."""

LEISURE_SECONDS = 0.005
"""A command that is in no hurry waits so long for another one to leave with."""

RoundTrip = Callable[[Sequence[Command]], Awaitable[Sequence[Any]]]
"""Sends commands together; the replies in order, a refusal standing in the place of a reply. round_trips.py has one."""


class Batcher:
    """One per process. After a lost reply a command is sent again, so each must stand a repeat: what it does happens
    once, though the second reply may tell of the first ("DONE", "ENDED") and an event may stand there twice.
    """

    def __init__(self, round_trip: RoundTrip) -> None:
        self._round_trip = round_trip
        self._looks = 0
        self._waiting: deque[tuple[Sequence[Command], asyncio.Future[Sequence[Any]]]] = deque()
        self._senders: set[asyncio.Task[None]] = set()
        self._sending = 0
        """Senders that will look at what waits once more."""
        self._on_their_way: dict[int, int] = {}
        self._trips = 0
        self._answered = asyncio.Event()
        self._answered.set()
        self.takes_writes = True
        """False from a refusal of writes on, until a probe is taken: what only reads would say that all is well."""

    @property
    def available(self) -> bool:
        """Whether Redis answered last and takes writes, and is not silent now."""
        oldest = min(self._on_their_way.values(), default=None)
        silent = oldest is not None and self._looks - oldest > SILENT_LOOKS
        return self._answered.is_set() and not silent

    def look(self) -> None:
        """Said by outage.py at a steady pace. A process that was stopped itself has not looked, and so has not noticed
        any silence: by the clock it would take a healthy server for gone when it wakes up.
        """
        self._looks += 1

    async def until_available(self) -> None:
        """Wait until Redis answers again; outage.py asks it until it does."""
        await self._answered.wait()

    async def probe(self, key: str) -> None:
        """A write that changes nothing. Raises what redis-py raises while Redis is away, or takes no writes."""
        await self("SETRANGE", key, 0, "")
        self.takes_writes = True
        self._answered.set()

    async def __call__(self, *command: Argument) -> Any:
        """Run one command; raises what Redis answered or what redis-py raises while it is away."""
        replies = self._enqueue((command,))
        self._begin_sending()
        return _reply(await replies)

    async def at_leisure(self, *command: Argument) -> Any:
        """The same for a command that nobody waits for: it saves its round trip by leaving with the next one."""
        replies = self._enqueue((command,))
        if not self._sending:
            asyncio.get_running_loop().call_later(LEISURE_SECONDS, self._begin_sending)
        return _reply(await replies)

    async def together(self, commands: Sequence[Command]) -> Sequence[Any]:
        """Run commands one right after the other, in one round trip; a refusal stands in the place of a reply."""
        replies = self._enqueue(commands)
        self._begin_sending()
        return await replies

    async def script(self, name: str, keys: Sequence[str], args: Sequence[Argument], *, leisure: bool = False) -> Any:
        """Run scripts/<name>.lua."""
        run = self.at_leisure if leisure else self
        try:
            return await run(*self.call(name, keys, args))
        except NoScriptError:
            return await self(*self.call(name, keys, args, known=False))

    def call(self, name: str, keys: Sequence[str], args: Sequence[Argument], *, known: bool = True) -> Command:
        """The command that runs scripts/<name>.lua; `known`: the server has seen the script before."""
        text, digest = self._scripts[name]
        return ("EVALSHA", digest, len(keys), *keys, *args) if known else ("EVAL", text, len(keys), *keys, *args)

    async def close(self) -> None:
        """Send what waits, and wait for what is on its way."""
        self._begin_sending()
        while self._senders:
            await asyncio.wait(set(self._senders))

    @cached_property
    def _scripts(self) -> dict[str, tuple[str, str]]:
        folder = files("orchestration") / "scripts"
        texts = {path.name.removesuffix(".lua"): path.read_text() for path in folder.iterdir()}
        return {name: (text, sha1(text.encode(), usedforsecurity=False).hexdigest()) for name, text in texts.items()}

    def _enqueue(self, commands: Sequence[Command]) -> asyncio.Future[Sequence[Any]]:
        replies: asyncio.Future[Sequence[Any]] = asyncio.get_running_loop().create_future()
        # Here and not in the batch, where what cannot be encoded would fail its neighbours. Raises UnicodeEncodeError.
        encoded = [tuple(part.encode() if isinstance(part, str) else part for part in one) for one in commands]
        self._waiting.append((encoded, replies))
        return replies

    def _begin_sending(self) -> None:
        if self._waiting and self._sending < IN_FLIGHT:
            self._sending += 1
            sender = asyncio.create_task(self._send())
            self._senders.add(sender)
            sender.add_done_callback(self._senders.discard)

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
        self._trips += 1
        trip = self._trips
        self._on_their_way[trip] = self._looks
        try:
            answers = await self._round_trip(commands)
            if any(isinstance(answer, WritesRefused) for answer in answers):
                self.takes_writes = False
                self._answered.clear()
            elif self.takes_writes:
                self._answered.set()
        except Exception as error:
            # Not this task's error: each caller gets it and decides.
            self._answered.clear()
            self.takes_writes = self.takes_writes and not isinstance(error, WritesRefused)
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


def _reply(replies: Sequence[Any]) -> Any:
    (reply,) = replies
    if isinstance(reply, Exception):
        raise reply
    return reply
