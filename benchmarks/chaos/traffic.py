"""Hands tasks in, several at a time and in several ways, and notices which have ended."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from redis.asyncio import Redis

from benchmarks.chaos.children import Outcome
from benchmarks.chaos.topologies import UNREACHABLE
from orchestration import RoundtableError, Task
from orchestration.keys import Keys

log = logging.getLogger(__name__)

TICK_SECONDS = 0.05
MOST_TRIES = 5
STALL_SECONDS = 120.0
"""When nothing ends for so long, nothing more is handed in: what is stuck is what has to be explained."""
SUBMIT_SECONDS = 30.0
AGAIN_SECONDS = 0.5
"""Before a task that nobody is known to have taken in is handed in again."""
SEEN_KEPT = 200
LOOKED_AT = 5
"""Entries of each task stream at a tick."""

Way = Callable[[Task], Awaitable[Outcome]]
Message = tuple[str, dict[bytes, bytes]]
"""A task stream and an entry's fields."""


@dataclass
class Ledger:
    """What is known of the tasks while they flow."""

    begun: int = 0
    """Tasks that somebody tried to hand in."""
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    """Tasks that may be in Redis and were not seen to have ended."""
    gone: set[str] = field(default_factory=set)
    """Those of them that were taken in and that Redis did not know at the latest look: nothing comes of them any more.
    """


class Traffic:
    """Keeps so many tasks under way at once."""

    def __init__(self, ways: Sequence[Way], redis: Redis, keys: Keys, streams: Sequence[str], random: Random) -> None:
        self.ledger = Ledger()
        self.seen: list[Message] = []
        """Messages that were on their way to agents, the latest last."""
        self._ways = ways
        self._redis = redis
        self._keys = keys
        self._streams = streams
        self._random = random
        self._changed = asyncio.Condition()
        self._over = False
        self.stalled = False
        """Whether it gave up because nothing ended any more."""

    async def begun(self, count: int) -> bool:
        """Wait until so many tasks were handed in; False when there will not be so many."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.stalled or self.ledger.begun >= count)
        return not self.stalled

    async def all_ended(self) -> None:
        """Wait until nothing is open any more, but for what Redis has lost."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.ledger.open <= self.ledger.gone)

    async def hand_in(self, tasks: Sequence[Task], at_once: int) -> None:
        """Hand every task in; returns when the last one was taken in or refused, or when nothing goes on."""
        async with asyncio.TaskGroup() as group:
            for task in tasks:
                async with self._changed:
                    try:
                        async with asyncio.timeout(STALL_SECONDS):
                            await self._changed.wait_for(lambda: len(self.ledger.open - self.ledger.gone) < at_once)
                    except TimeoutError:
                        log.error("Nothing has ended for %g seconds.", STALL_SECONDS)
                        self.stalled = True
                        self._changed.notify_all()
                        return
                    self.ledger.open.add(task.id)
                    self.ledger.begun += 1
                    self._changed.notify_all()
                group.create_task(self._submit(task))

    async def watch(self) -> None:
        """Look again and again which runs have ended and what is on its way, until `finish`."""
        while not self._over:
            try:
                await self._look()
            except UNREACHABLE as error:
                log.debug("looking: %s", error)
            await asyncio.sleep(TICK_SECONDS)

    def finish(self) -> None:
        """Let `watch` end after its current look."""
        self._over = True

    async def _submit(self, task: Task) -> None:
        """Who is not told that a task was taken in tries again, with the same task and any way in."""
        outcome = Outcome.UNKNOWN
        for _ in range(MOST_TRIES):
            try:
                async with asyncio.timeout(SUBMIT_SECONDS):
                    outcome = await self._random.choice(self._ways)(task)
            except TimeoutError:
                outcome = Outcome.UNKNOWN
            if outcome is Outcome.ACCEPTED:
                break
            await asyncio.sleep(AGAIN_SECONDS)
        self.ledger.outcomes[task.id] = outcome

    async def _look(self) -> None:
        # A task that is still being handed in is open, whatever Redis says.
        answered = [run for run in self.ledger.open if run in self.ledger.outcomes]
        async with self._redis.pipeline(transaction=False) as pipe:
            for run in answered:
                pipe.hget(self._keys.run(run), "state")
            for stream in self._streams:
                pipe.xrange(stream, count=LOOKED_AT)
            replies = await pipe.execute()
        states, entries = replies[: len(answered)], replies[len(answered) :]
        known = dict(zip(answered, states, strict=True))
        over = {run for run, state in known.items() if self._is_over(run, state)}
        found = [(s, dict(fields)) for s, several in zip(self._streams, entries, strict=True) for _, fields in several]
        self.seen = [*self.seen, *found][-SEEN_KEPT:]
        async with self._changed:
            self.ledger.open -= over
            self.ledger.gone = {run for run, state in known.items() if state is None} - over
            self._changed.notify_all()

    def _is_over(self, run: str, state: bytes | None) -> bool:
        if state is None:
            # Not in Redis: it was refused; one that was accepted and is gone stays open, to be found as lost.
            return self.ledger.outcomes[run] is not Outcome.ACCEPTED
        return state not in (b"running", b"waiting")


def handing_in(submit: Callable[[Task], Awaitable[str]]) -> Way:
    """The way of a process that only hands tasks in."""

    async def way(task: Task) -> Outcome:
        try:
            await submit(task)
        except RoundtableError as error:
            log.info("%s was not taken in: %s", task.id, error)
            return Outcome.REFUSED
        return Outcome.ACCEPTED

    return way
