"""A run's steps as workers change them in Redis: each change is one script under the step's fence."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, cast

from orchestration.batching import Batcher
from orchestration.errors import Superseded
from orchestration.keys import GROUP, Keys
from orchestration.messages import (
    AnyEvent,
    Failed,
    Finished,
    Sent,
    Started,
    StepResult,
    encode,
    encode_before_result,
)
from orchestration.records import Fenced, ended_runs
from orchestration.round_trips import UNREACHABLE, Argument
from orchestration.settings import RunSettings
from orchestration.signing import KeyRing, Signing

ALONE_AFTER = 2
"""A step that lost so many workers is run alone in its process, so that it takes no neighbour along."""
MOST_DEATHS = 3
"""A step that lost so many workers, the last one alone, is given up."""


class Claimed(StrEnum):
    """What became of a claim; scripts/claim.lua explains each."""

    OK = "OK"
    DONE = "DONE"
    OLD = "OLD"
    BUSY = "BUSY"
    ALONE = "ALONE"
    HALTED = "HALTED"
    EXHAUSTED = "EXHAUSTED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True)
class Claim:
    """A worker's hold on a step."""

    status: Claimed
    attempt: int
    fence: int
    seconds_left: float
    """Until the step's deadline, by the server's clock: counted from the run's acceptance and from this claim."""
    failures: int
    """Attempts before this one that failed."""
    died: bool
    """Whether it was taken over from a worker that fell silent."""


@dataclass(frozen=True)
class Acknowledged:
    """The message that a result is the end of."""

    stream: str
    entry: bytes
    breaker: str
    """The key of its agent's circuit breaker."""


class StepStore:
    """Typed access to the scripts. Times are seconds here and milliseconds in Redis."""

    def __init__(self, batcher: Batcher, keys: Keys, settings: RunSettings, signing: Signing | None = None) -> None:
        """Without `signing` results are not signed."""
        self._batcher = batcher
        self._keys = keys
        self._settings = settings
        self._signing = signing or Signing(KeyRing())

    async def claim(
        self,
        run: str,
        step: str,
        *,
        worker: str,
        message: bytes,
        sent: Sent,
        alone: bool,
        started: Started,
    ) -> Claim:
        """Take a step for a worker, with a fence that is higher than every earlier one; an attempt that is not the
        first one is told as Restarted.
        """
        k, settings = self._keys.shard(run), self._settings
        args: list[Argument] = [step, worker, message, settings.lease_ms, settings.step_ms, int(alone)]
        args += [encode(started), ALONE_AFTER, MOST_DEATHS, *sent]
        reply = await self._batcher.script("claim", [k.run(run), k.events(run), k.halted], args)
        status, attempt, fence, left, failures, died = reply
        return Claim(Claimed(status.decode()), attempt, fence, left / 1000, failures, bool(died))

    async def append(self, run: str, step: str, fence: int, events: Sequence[AnyEvent]) -> list[bytes]:
        """Add events to a step; returns their ids. Raises Superseded for a stale fence or an ended run."""
        args: list[Argument] = [step, fence, *map(encode, events)]
        status, *rest = await self._batcher.script("append", self._step_keys(run), args)
        if status != b"OK":
            raise Superseded(status.decode())
        return cast(list[bytes], rest[0])

    async def renew(self, run: str, step: str, fence: int) -> Fenced:
        """Keep a step's lease."""
        reply = await self._batcher.script("renew", [self._keys.run(run)], [step, fence, self._settings.lease_ms])
        return Fenced(reply.decode())

    async def release(
        self,
        run: str,
        step: str,
        fence: int,
        state: Literal["queued", "retrying"],
        seconds: float,
        event: AnyEvent,
        tokens: Sequence[bytes],
    ) -> Fenced:
        """Let go of a step for another attempt, in so many seconds; what this one wrote gives way to it."""
        args: list[Argument] = [step, fence, state, int(seconds * 1000), encode(event), *tokens]
        return Fenced((await self._batcher.script("release", self._step_keys(run), args)).decode())

    async def absolve(self, run: str, step: str, fence: int) -> None:
        """Under this stale fence a worker is alive that was taken for dead: the step did not kill it."""
        await self._batcher.script("absolve", [self._keys.run(run)], [step, fence])

    async def commit(
        self,
        run: str,
        result: StepResult,
        events: Sequence[AnyEvent],
        fence: int,
        tokens: Sequence[bytes],
        message: Acknowledged | None = None,
    ) -> Fenced:
        """Store a result, its state, its last events and its end as an event at once, exactly once; token events
        give way to it. A `message` is acknowledged with it, unless another worker has the step.

        Waits while Redis is away: the work is done, and the fence decides whether it still counts.
        """
        kind = Failed if result.state == "failed" else Finished
        told = encode_before_result(kind(run=run, step=result.step, result=result))
        sealed = self._signing.seal_result(run, fence, encode(result))
        keys = self._step_keys(run)
        args: list[Argument] = [result.step, fence, result.state, sealed, told]
        if message is not None:
            keys += [message.stream, message.breaker]
            args += [GROUP, message.entry]
        else:
            args += ["", ""]
        args += [len(events), *map(encode, events), *tokens]
        while True:
            try:
                return Fenced((await self._batcher.script("commit", keys, args)).decode())
            except UNREACHABLE:
                await self._batcher.until_available()

    async def ended(self, runs: Sequence[str]) -> set[str]:
        """Which of these runs are over, in one round trip."""
        return await ended_runs(self._batcher, self._keys, runs)

    def _step_keys(self, run: str) -> list[str]:
        return [self._keys.run(run), self._keys.events(run)]
