"""How many steps a worker takes on at once, where that is left to the machine (`ROUNDTABLE_SLOTS=auto`).

It takes on more while steps wait and the machine has time to spare, and less as soon as it has none or the process does
not keep up. Twice in a row has to speak for a change, and what speaks for more is far from what speaks for less.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from orchestration.backlog import read_backlogs
from orchestration.batching import Batcher
from orchestration.connections import TROUBLE
from orchestration.keys import Keys
from orchestration.machine import Processor

FIRST = 8
LEAST = 4
"""Steps may mostly wait for a model elsewhere, and then a machine that others keep busy is no reason to do nothing."""
MOST = 64
SPARE = 0.25
"""With so much of the machine's time unused there is room for more."""
EXHAUSTED = 0.05
PROMPT_SECONDS = 0.05
"""An event loop that is never later than this keeps up."""
LATE_SECONDS = 0.25
IN_A_ROW = 2

LOOK_SECONDS = 1.0
PROBES = 10
"""How often in one look it is seen how late the event loop is."""


@dataclass(frozen=True)
class Moment:
    """What was seen in one look."""

    in_hand: int
    """Steps that this worker has."""
    queued: bool
    """Steps wait that this worker could do."""
    spare: float
    """Share of the machine's processor time that nobody used, 0 to 1."""
    late_seconds: float
    """How late the event loop was at the worst."""


@dataclass(frozen=True)
class Scale:
    """How many slots there are, and what the last looks spoke for."""

    slots: int = FIRST
    for_more: int = 0
    for_less: int = 0
    """Looks in a row."""


def after(scale: Scale, seen: Moment) -> Scale:
    """By a quarter up or down, within bounds."""
    step = max(1, scale.slots // 4)
    if seen.spare < EXHAUSTED or seen.late_seconds > LATE_SECONDS:
        if scale.for_less + 1 < IN_A_ROW:
            return Scale(scale.slots, for_less=scale.for_less + 1)
        return Scale(max(LEAST, scale.slots - step))
    wanted = seen.queued and seen.in_hand >= scale.slots
    if wanted and seen.spare > SPARE and seen.late_seconds < PROMPT_SECONDS:
        if scale.for_more + 1 < IN_A_ROW:
            return Scale(scale.slots, for_more=scale.for_more + 1)
        return Scale(min(MOST, scale.slots + step))
    return Scale(scale.slots)


class Scaled(Protocol):
    """Whoever has slots; `worker.Worker` is one."""

    def resize(self, slots: int) -> None: ...


class Scaler:
    """Looks again and again, and gives a worker as many slots as it should have."""

    def __init__(self, worker: Scaled, look: Callable[[], Awaitable[Moment]]) -> None:
        self._worker = worker
        self._look = look

    async def run(self) -> None:
        """Until cancelled. Each look takes its time."""
        scale = Scale()
        while True:
            scale = after(scale, await self._look())
            self._worker.resize(scale.slots)


class Look:
    """What this machine, this process and its Redis show."""

    def __init__(
        self,
        batcher: Batcher,
        keys: Keys,
        agents: Iterable[str],
        lease_ms: int,
        in_hand: Callable[[], int],
        processor: Processor,
    ) -> None:
        self._batcher = batcher
        self._keys = keys
        self._agents = tuple(agents)
        self._lease_ms = lease_ms
        self._in_hand = in_hand
        self._processor = processor

    async def __call__(self) -> Moment:
        late = await lateness(LOOK_SECONDS, PROBES)
        return Moment(self._in_hand(), await self._queued(), self._processor.spare(), late)

    async def _queued(self) -> bool:
        """While Redis is away nothing waits that could be taken."""
        try:
            backlogs = await read_backlogs(self._batcher, self._keys, self._agents, self._lease_ms)
        except TROUBLE:
            return False
        return any(backlog.queued for backlog in backlogs.values())


async def lateness(seconds: float, probes: int) -> float:
    """How late this process's event loop is at the worst, during so many seconds."""
    loop, worst = asyncio.get_running_loop(), 0.0
    for _ in range(probes):
        due = loop.time() + seconds / probes
        await asyncio.sleep(seconds / probes)
        worst = max(worst, loop.time() - due)
    return worst
