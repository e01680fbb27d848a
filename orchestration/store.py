"""A run's state in Redis: every change is one script, fenced, so that no process is special."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from orchestration.batching import Argument, Batcher
from orchestration.errors import InvalidTask, Superseded
from orchestration.keys import Keys
from orchestration.messages import (
    Accepted,
    AnyEvent,
    CoordinationPlan,
    Selection,
    StepResult,
    Task,
    TaskResult,
    decode,
    encode,
)


class Claimed(StrEnum):
    """What became of a claim; scripts/claim.lua explains each."""

    OK = "OK"
    DONE = "DONE"
    BUSY = "BUSY"
    EXHAUSTED = "EXHAUSTED"
    UNKNOWN = "UNKNOWN"


class Fenced(StrEnum):
    """What became of a change under a fence."""

    OK = "OK"
    DONE = "DONE"
    STALE = "STALE"
    ENDED = "ENDED"


@dataclass(frozen=True)
class Claim:
    """A worker's hold on a step."""

    status: Claimed
    attempt: int
    fence: int
    seconds_left: float
    """Until the run's deadline, by the server's clock."""


@dataclass(frozen=True)
class OwnedRun:
    """A run that this process drives, as far as it was journalled."""

    task: Task
    fence: int
    accepted: float
    """Epoch seconds, by the server's clock."""
    owned: float
    """Since when this process owns it, the same."""
    seconds_left: float
    """Until its deadline, from then on."""
    selection: Selection | None
    plan: CoordinationPlan | None
    queued: tuple[str, ...]
    """Steps that were journalled as sent and that no worker has claimed yet."""
    running: tuple[str, ...]
    """Steps that a worker has claimed."""
    results: Mapping[str, StepResult]


class RunStore:
    """Typed access to the scripts. Times are seconds here and milliseconds in Redis."""

    def __init__(self, batcher: Batcher, keys: Keys) -> None:
        self._batcher = batcher
        self._keys = keys

    async def accept(
        self, task: Task, *, owner: str, lease_ms: int, deadline_ms: int, retention_ms: int
    ) -> OwnedRun | None:
        """Take a task in; with an empty owner any orchestrator may adopt it.

        None when it was taken in before; raises InvalidTask when another task has its id.
        """
        keys = self._run_keys(task.id)
        if task.conversation:
            keys += [
                self._keys.conversation(task.person, task.conversation),
                self._keys.conversations(task.person),
            ]
        event = encode(Accepted(run=task.id, task=task))
        args: list[Argument] = [task.id, encode(task), event, owner, lease_ms, deadline_ms, self._keys.hints]
        new, now, *known = await self._batcher.script("accept", keys, [*args, task.conversation, retention_ms])
        if not new:
            if decode(Task, known[0]) != task:
                raise InvalidTask("A question with this id was asked already.")
            return None
        at = now / 1000
        return OwnedRun(task, 1 if owner else 0, at, at, deadline_ms / 1000, None, None, (), (), {})

    async def adopt(self, run: str, *, owner: str, lease_ms: int) -> OwnedRun | None:
        """Become the owner of a run that nobody holds."""
        reply = await self._batcher.script("adopt", keys=self._run_keys(run), args=[run, owner, lease_ms])
        if reply is None:
            return None
        fence, now, flat = reply
        fields = {k.decode(): v for k, v in zip(flat[::2], flat[1::2], strict=True)}
        steps = {k.rpartition(".")[0]: v.decode() for k, v in fields.items() if k.endswith(".state")}
        return OwnedRun(
            task=decode(Task, fields["task"]),
            fence=fence,
            accepted=int(fields["accepted"]) / 1000,
            owned=now / 1000,
            seconds_left=(int(fields["deadline"]) - now) / 1000,
            selection=decode(Selection, fields["selection"]) if "selection" in fields else None,
            plan=decode(CoordinationPlan, fields["plan"]) if "plan" in fields else None,
            queued=tuple(step for step, state in steps.items() if state == "queued"),
            running=tuple(step for step, state in steps.items() if state == "running"),
            results={
                k.removesuffix(".result"): decode(StepResult, v) for k, v in fields.items() if k.endswith(".result")
            },
        )

    async def journal(
        self, run: OwnedRun, lease_ms: int, fields: Mapping[str, bytes | str], events: Sequence[AnyEvent] = ()
    ) -> None:
        """Write down a decision; raises Superseded when the run is over or somebody else's."""
        flat = [part for item in fields.items() for part in item]
        args: list[Argument] = [run.task.id, run.fence, lease_ms, len(fields), *flat, *map(encode, events)]
        status = await self._batcher.script("journal", keys=self._run_keys(run.task.id), args=args)
        if status != b"OK":
            raise Superseded(status.decode())

    async def finish(
        self,
        run: str,
        result: TaskResult,
        events: Sequence[AnyEvent],
        *,
        fence: int | None,
        retention_ms: int,
    ) -> Fenced:
        """End a run with its last events; without a fence whoever asks may: so Stop works when no owner is alive."""
        owner = "" if fence is None else fence
        args: list[Argument] = [run, owner, result.state, encode(result), retention_ms, self._keys.hints]
        args += map(encode, events)
        return Fenced((await self._batcher.script("finish", self._run_keys(run), args)).decode())

    async def claim(
        self,
        run: str,
        step: str,
        *,
        worker: str,
        message: bytes,
        lease_ms: int,
        most: int,
        started: AnyEvent,
        restarted: AnyEvent,
    ) -> Claim:
        """Take a step for a worker, with a fence that is higher than every earlier one."""
        args: list[Argument] = [step, worker, message, lease_ms, most, encode(started), encode(restarted)]
        status, attempt, fence, left = await self._batcher.script("claim", keys=self._run_keys(run)[:2], args=args)
        return Claim(Claimed(status.decode()), attempt, fence, left / 1000)

    async def append(self, run: str, step: str, fence: int, events: Sequence[AnyEvent]) -> list[bytes]:
        """Add events to a step; returns their ids. Raises Superseded for a stale fence or an ended run."""
        args: list[Argument] = [step, fence, *map(encode, events)]
        status, *rest = await self._batcher.script("append", keys=self._run_keys(run)[:2], args=args)
        if status != b"OK":
            raise Superseded(status.decode())
        return cast(list[bytes], rest[0])

    async def renew(self, run: str, step: str, fence: int, lease_ms: int) -> Fenced:
        """Keep a step's lease."""
        reply = await self._batcher.script("renew", keys=self._run_keys(run)[:1], args=[step, fence, lease_ms])
        return Fenced(reply.decode())

    async def commit(
        self, run: str, result: StepResult, events: Sequence[AnyEvent], fence: int, tokens: Sequence[bytes]
    ) -> Fenced:
        """Store a result, its state and its events at once, exactly once; token events give way to it."""
        args: list[Argument] = [
            result.step,
            fence,
            result.state,
            encode(result),
            len(events),
            *map(encode, events),
            *tokens,
        ]
        return Fenced((await self._batcher.script("commit", self._run_keys(run)[:2], args)).decode())

    async def keep(self, stream: str, group: str, consumer: str, entries: Sequence[bytes]) -> None:
        """Reset the idle time of messages that this consumer still holds, so that nobody recovers them."""
        await self._batcher.script("keep", keys=[stream], args=[group, consumer, *entries])

    async def leave(self, stream: str, group: str, consumer: str) -> None:
        """Remove a consumer, unless it holds messages."""
        await self._batcher.script("leave", keys=[stream], args=[group, consumer])

    async def results(self, run: str) -> dict[str, StepResult]:
        """Every committed result of a run; raises Superseded when the run is over."""
        fields = await self._batcher("HGETALL", self._keys.run(run))
        if fields.get(b"state") != b"running":
            raise Superseded("the run is over")
        return {
            name.decode().removesuffix(".result"): decode(StepResult, value)
            for name, value in fields.items()
            if name.endswith(b".result")
        }

    async def ended(self, runs: Sequence[str]) -> set[str]:
        """Which of these runs are over, in one round trip."""
        states = await asyncio.gather(*(self._batcher("HGET", self._keys.run(run), "state") for run in runs))
        return {run for run, state in zip(runs, states, strict=True) if state != b"running"}

    async def unowned(self) -> list[str]:
        """Runs whose owner is gone, oldest first, by the server's clock."""
        seconds, micros = await self._batcher("TIME")
        now = int(seconds) * 1000 + int(micros) // 1000
        found = await self._batcher("ZRANGEBYSCORE", self._keys.active, 0, now)
        return [run.decode() for run in found]

    async def task(self, run: str) -> Task | None:
        """What was asked, or None when there is no such run."""
        data = await self._batcher("HGET", self._keys.run(run), "task")
        return decode(Task, data) if data else None

    async def runs(self, person: str, conversation: str) -> list[str]:
        """The runs of one chat thread, in order."""
        found = await self._batcher("LRANGE", self._keys.conversation(person, conversation), 0, -1)
        runs = [run.decode() for run in found]
        # A thread lives as long as its newest run; older ones may have expired.
        there = await asyncio.gather(*(self._batcher("EXISTS", self._keys.run(run)) for run in runs))
        return [run for run, exists in zip(runs, there, strict=True) if exists]

    async def conversations(self, person: str, most: int) -> list[tuple[str, float]]:
        """One person's chat threads with the time of their newest run, newest first."""
        threads = self._keys.conversations(person)
        found = await self._batcher("ZRANGE", threads, 0, most - 1, "REV", "WITHSCORES")
        return [(thread.decode(), float(at) / 1000) for thread, at in found]

    def _run_keys(self, run: str) -> list[str]:
        return [self._keys.run(run), self._keys.events(run), self._keys.active]
