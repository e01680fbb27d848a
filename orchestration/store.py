"""Runs in Redis: every change is one script, fenced, so that no process is special. What workers do with
steps is in step_store.py.
"""

import asyncio
import logging
import re
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import get_args

from redis.exceptions import NoScriptError

from orchestration.batching import Batcher
from orchestration.brake import read_halt
from orchestration.errors import (
    AskedBefore,
    ForgedPart,
    Halted,
    Overloaded,
    Superseded,
    UnreadableRun,
    UnsupportedMessage,
)
from orchestration.keys import Keys, Shard
from orchestration.log import Ending, Standing
from orchestration.messages import (
    APPROVALS_SINCE,
    MAJOR,
    SCHEMA,
    Accepted,
    AnyEvent,
    CoordinationPlan,
    Failed,
    Priority,
    Retrying,
    Selection,
    StepResult,
    Task,
    TaskResult,
    decode,
    encode,
    encode_before_result,
)
from orchestration.records import Fenced, OwnedRun, RunRecord, read_record
from orchestration.round_trips import Argument, Command
from orchestration.settings import RunSettings
from orchestration.signing import Journalled, KeyRing, Signing
from orchestration.weights import EVERYBODY_ALIKE, Weights

log = logging.getLogger(__name__)

BEHIND = 2**40
"""How far behind all others the turns in the background are, so that they begin when no other one waits."""
FORGOTTEN_MS = 30 * 86_400_000
"""A history that was not heard of for this long is not waited for."""
SILENT_SECONDS = 5.0
"""When no orchestrator was heard of for this long, none could work on anything."""
_TIME = re.compile(rb"\d{1,18}")
"""Python refuses to read a number of thousands of digits."""
PUT_THERE = "another question than was asked stood in its events"
"""Why it is taken for forged."""


class RunStore:
    """Typed access to the scripts. Times are seconds here and milliseconds in Redis."""

    def __init__(
        self,
        batcher: Batcher,
        keys: Keys,
        settings: RunSettings,
        signing: Signing | None = None,
        clock: Callable[[], float] = time.time,
        weights: Weights = EVERYBODY_ALIKE,
    ) -> None:
        """Without `signing` results are not signed, and taken from everybody."""
        self._signing = signing or Signing(KeyRing())
        self._batcher = batcher
        self._keys = keys
        self._settings = settings
        self._clock = clock
        self._weights = weights

    async def accept(self, task: Task, owner: str) -> OwnedRun | None:
        """Take a task in; with an empty owner any orchestrator may adopt it.

        None when it was taken in before, by somebody else, or was stopped before it arrived. Raises InvalidTask when
        another task has its id, Overloaded when there is no place for it, Halted when the operator stopped all agents.
        """
        k, settings = self._keys.shard(task.id), self._settings
        keys = [k.run(task.id), k.events(task.id), k.active, k.waiting, k.people, k.turns, k.pace, k.halted, k.awaiting]
        if task.conversation:
            keys.append(k.conversation(task.person, task.conversation))
        deadline = task.deadline_seconds or settings.deadline_seconds
        event = encode(Accepted(run=task.id, task=task))
        sealed = self._signing.seal("task", task.id, encode(task))
        args: list[Argument] = [task.id, sealed, event, owner, settings.lease_ms, int(deadline * 1000)]
        args += [self._keys.hints, task.conversation, settings.retention_ms, task.person]
        args += [settings.places_in_shard, settings.waiting_in_shard]
        # A program that would run the plan unasked must leave it alone.
        schema = APPROVALS_SINCE if task.approval else MAJOR
        args += [schema, SCHEMA, k.run(""), self._weights.apart(task.person), queue_of(task.priority), BEHIND]
        status, now, begun, *more = await self._batcher.script("accept", keys, args)
        if status == b"HALTED":
            halt = read_halt(more[0])
            raise Halted(halt.sentence(), halt.reason)
        if status in (b"FULL", b"YOURS"):
            raise _overloaded(status == b"YOURS", *more)
        if status == b"KNOWN":
            if more[0] is not None and decode(Task, more[0]) != task:
                raise AskedBefore
            if more[1:] != [b"running", owner.encode(), b"1", 0]:
                return None
            # Ours, from a first try whose reply was lost: nobody else drives it.
        record = RunRecord(now / 1000, {}, {})
        return OwnedRun(
            task=task,
            fence=1 if owner else 0,
            accepted=record.now,
            seconds_left=deadline,
            begun=bool(begun),
            awaiting=False,
            waited=0.0,
            taken_over=False,
            selection=None,
            plan=None,
            record=record,
            read_at=self._clock(),
        )

    async def adopt(self, run: str, owner: str) -> OwnedRun | None:
        """Become the owner of a run that nobody holds; None when it is held, over, or for another version.

        Raises UnreadableRun when it is damaged.
        """
        k = self._keys.shard(run)
        args: list[Argument] = [run, owner, self._settings.lease_ms, SCHEMA]
        reply = await self._batcher.script("adopt", [k.run(run), k.active, k.waiting, k.awaiting], args)
        if reply is None:
            return None
        fence, now, flat = reply
        fields = dict(zip(flat[::2], flat[1::2], strict=True))
        try:
            awaiting = b"left" in fields
            waited = now - int(fields[b"proposed"]) if awaiting else int(fields.get(b"waited", 0))
            parts: dict[Journalled, bytes] = {
                name: self._signing.open(name, run, fields[name.encode()])
                for name in get_args(Journalled)
                if name.encode() in fields
            }
            return OwnedRun(
                task=decode(Task, parts["task"]),
                fence=fence,
                accepted=int(fields[b"accepted"]) / 1000,
                seconds_left=(int(fields[b"deadline"]) - now) / 1000,
                begun=fields.get(b"begun") != b"0",
                awaiting=awaiting,
                waited=waited / 1000,
                taken_over=fields.get(b"former", b"") != b"",
                selection=decode(Selection, parts["selection"]) if "selection" in parts else None,
                plan=decode(CoordinationPlan, parts["plan"]) if "plan" in parts else None,
                record=read_record(self._signing, run, now / 1000, fields),
                read_at=self._clock(),
            )
        except ForgedPart as error:
            # Nobody can go on with it, so it need not wait for its deadline.
            raise UnreadableRun(f"its {error.part} is forged: {error}", fence, overdue=True, forged=error) from error
        except (UnsupportedMessage, ValueError, KeyError, OverflowError) as error:
            # A number of hundreds of digits is one, and too large for a time.
            deadline = fields.get(b"deadline", b"")
            overdue = not _TIME.fullmatch(deadline) or int(deadline) < now
            raise UnreadableRun(f"it cannot be read here: {type(error).__name__}", fence, overdue) from error

    async def journal(
        self, run: OwnedRun, fields: Mapping[str, bytes | str], events: Sequence[AnyEvent] = (), *, hold: bool = True
    ) -> None:
        """Write down a decision and renew the hold (or give it up); raises Superseded when the run is over or
        somebody else's.
        """
        k = self._keys.shard(run.task.id)
        flat = [part for item in fields.items() for part in item]
        lease = self._settings.lease_ms if hold else 0
        args: list[Argument] = [run.task.id, run.fence, lease, len(fields), *flat, *map(encode, events)]
        status = await self._batcher.script("journal", [k.run(run.task.id), k.events(run.task.id), k.active], args)
        if status != b"OK":
            raise Superseded(status.decode())

    async def queue(self, run: OwnedRun, attempts: Mapping[str, int], messages: Sequence[Command] = ()) -> list[bytes]:
        """Mark steps as queued and send their messages, in one round trip; returns the messages' ids. `attempts` says
        how often this owner has sent each step, now included: older messages of these steps count no more.

        A step that a worker has by now, or that has a result, stays as it is, and its message finds it taken. Raises
        Superseded when the run is over or somebody else's; the messages find nothing to do then.
        """
        keys = [self._keys.run(run.task.id)]
        args: list[Argument] = [run.fence, *(part for item in attempts.items() for part in item)]
        status, *entries = await self._batcher.together([self._batcher.call("queue", keys, args), *messages])
        if isinstance(status, NoScriptError):
            # The messages were sent before their steps were queued, and found nothing to do.
            call = self._batcher.call("queue", keys, args, known=False)
            status, *entries = await self._batcher.together([call, *messages])
        for reply in (status, *entries):
            if isinstance(reply, Exception):
                raise reply
        if status != b"OK":
            raise Superseded(status.decode())
        return entries

    async def begin_waiting(self, beside: str) -> None:
        """Let runs that wait begin, while there are places, in the shard of this run."""
        k = self._keys.shard(beside)
        keys = [k.active, k.waiting, k.turns, k.awaiting, k.absent]
        await self._batcher.script("begin", keys, [self._settings.places_in_shard, SCHEMA, k.run(""), BEHIND])

    async def begun(self, run: str) -> bool:
        """Whether a run's turn has come."""
        begun: bytes | None = await self._batcher("HGET", self._keys.run(run), "begun")
        return begun != b"0"

    async def standing(self, run: str) -> Standing:
        """Where a run is on its way; one that is gone has ended."""
        state, begun, left = await self._batcher("HMGET", self._keys.run(run), "state", "begun", "left")
        if state != b"running":
            return "ended"
        if left is not None:
            return "awaiting approval"
        return "waiting" if begun == b"0" else "at work"

    async def finish(self, run: str, result: TaskResult, events: Sequence[AnyEvent], *, fence: int | None) -> Fenced:
        """End a run with its last events; without a fence whoever asks may: so Stop works when no owner is alive."""
        k = self._keys.shard(run)
        owner = "" if fence is None else fence
        args: list[Argument] = [run, owner, result.state, encode(result), self._settings.retention_ms]
        args += [self._keys.hints, FORGOTTEN_MS, k.run(""), *map(encode, events)]
        keys = [k.run(run), k.events(run), k.active, k.waiting, k.people, k.turns, k.pace, k.ended, k.histories]
        keys += [k.awaiting, k.absent]
        status, *waiting = await self._batcher.script("finish", keys, args)
        if waiting and waiting[0]:
            await self.begin_waiting(run)
        return Fenced(status.decode())

    async def refuse(
        self, run: OwnedRun, step: str, record: RunRecord, again: Retrying, failed: StepResult, most: int
    ) -> None:
        """A forged result is taken away, as that of an attempt that failed: the step is to be tried again, or has
        failed for good after so many. Nothing happens where another result stands there by now. Raises Superseded when
        the run is over or somebody else's.
        """
        fence, name = record.steps[step].fence, run.task.id
        told = encode_before_result(Failed(run=name, step=step, result=failed))
        sealed = self._signing.seal_result(name, fence + 1, encode(failed))
        args: list[Argument] = [run.fence, step, fence, record.forged[step].found, most, encode(again), sealed, told]
        status = await self._batcher.script("refuse", self._step_keys(name), args)
        if status in (b"STALE", b"ENDED"):
            raise Superseded(status.decode())

    async def record(self, run: str) -> RunRecord:
        """What is known of a run's steps; raises Superseded when the run is over."""
        now, flat = await self._batcher.script("read", [self._keys.run(run)], [])
        fields = dict(zip(flat[::2], flat[1::2], strict=True))
        if fields.get(b"state") != b"running":
            raise Superseded("the run is over")
        return read_record(self._signing, run, now / 1000, fields)

    async def unowned(self) -> list[str]:
        """Runs whose owner is gone, in each shard the oldest first, by its server's clock.

        Every orchestrator asks this all the time, so a long silence means that nobody could work: it is added to the
        deadlines, as is the time of a halt.
        """
        found = await asyncio.gather(*map(self._unowned, self._keys.shards))
        return [run.decode() for runs in found for run in runs]

    async def _unowned(self, shard: Shard) -> list[bytes]:
        keys = [shard.active, shard.halted, shard.looked, shard.absent]
        args: list[Argument] = [int(1000 * SILENT_SECONDS), shard.run("")]
        found: list[bytes] = await self._batcher.script("unowned", keys, args)
        return found

    async def seconds_left(self, run: str) -> float:
        """Until a run's deadline; 0 or less when it has passed, or the run is gone."""
        await self._unowned(self._keys.shard(run))
        now, (deadline,) = await self._batcher.script("read", [self._keys.run(run)], ["deadline"])
        return (int(deadline or 0) - int(now)) / 1000

    async def task(self, run: str) -> Task | None:
        """What was asked, or None when there is no such run."""
        data = await self._batcher("HGET", self._keys.run(run), "task")
        return decode(Task, data) if data else None

    async def asked(self, run: str, task: Task) -> bool:
        """Whether this is what was asked in a run, as somebody with the keys wrote it down; False where that is gone.

        Its events are not signed: whoever can write there can put any question of anybody's in its place. Raises
        ForgedPart then, and UnsupportedMessage or ValueError where what was written down cannot be read.
        """
        if not self._signing:
            return True
        sealed: bytes | None = await self._batcher("HGET", self._keys.run(run), "task")
        if sealed is None:
            return False
        if decode(Task, self._signing.open("task", run, sealed)) != task:
            raise ForgedPart("task", PUT_THERE)
        return True

    async def ending(self, run: str) -> Ending | None:
        """What came of a run; None while it goes on, or when it is gone."""
        selection, result = await self._batcher("HMGET", self._keys.run(run), "selection", "result")
        if result is None:
            return None
        return Ending(decode(Selection, selection) if selection is not None else None, decode(TaskResult, result))

    async def runs(self, person: str, conversation: str, beside: Collection[str] = ()) -> list[str]:
        """The runs of one chat thread, in the order in which they were accepted, without those that need not be asked
        for.
        """
        lists = (shard.conversation(person, conversation) for shard in self._keys.shards)
        found = await asyncio.gather(*(self._batcher("LRANGE", key, 0, -1) for key in lists))
        runs = [run.decode() for several in found for run in several if run.decode() not in beside]
        accepted = await asyncio.gather(*(self._batcher("HGET", self._keys.run(run), "accepted") for run in runs))
        # A thread lives as long as its newest run; older ones may have expired.
        there = [(int(at), run) for run, at in zip(runs, accepted, strict=True) if at is not None]
        return [run for _, run in sorted(there, key=lambda one: one[0])]

    def _step_keys(self, run: str) -> list[str]:
        return [self._keys.run(run), self._keys.events(run)]


def queue_of(priority: Priority) -> str:
    """What the turns of a priority are called in Redis."""
    return "" if priority == "interactive" else priority


def _overloaded(yours: bool, unfinished: int, pace_ms: int) -> Overloaded:
    """The refusal, with the wait to expect: a place is free when one of the runs in hand has ended."""
    seconds = pace_ms / 1000 if pace_ms >= 0 else None
    wait = "when one of them is answered" if seconds is None else f"in about {max(1, round(seconds))} s"
    whose = f"{unfinished} questions of yours are" if yours else f"Roundtable is full: {unfinished} questions are"
    return Overloaded(f"{whose} being answered already. Please ask again {wait}.", seconds)
