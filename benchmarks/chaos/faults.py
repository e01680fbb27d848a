"""Makes the faults of a schedule happen to the processes of the experiment, and to nothing else."""

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from redis.asyncio import Redis

from benchmarks.chaos.children import Child
from benchmarks.chaos.proxy import Proxy
from benchmarks.chaos.schedule import Due, Fault
from benchmarks.chaos.topologies import UNREACHABLE, Topology
from benchmarks.chaos.traffic import Traffic
from orchestration.keys import Keys

log = logging.getLogger(__name__)

OUTAGE_SECONDS = (0.0, 0.3)
CALM_SECONDS = (1.0, 3.0)
"""Between a failover that is over and the next one."""
STALLED = 0.5
"""Share of the masters' deaths before which their replicas hear nothing of them for a while."""
DELAY_SECONDS = (0.05, 0.3)
DELAYED_SECONDS = 1.0
LONGEST_SECONDS = 90.0
LAST = 0.2
"""Share of kills that do not wait for a survivor."""
DROPPED_AFTER = (b"EVALSHA", b"XREADGROUP", b"XADD", b"XAUTOCLAIM")
DELETED_AMONG = 20
GARBAGE: tuple[dict[bytes, bytes], ...] = (
    {b"m": b"\xff not a step"},
    {b"m": b""},
    {b"m": b'{"v":"1.0","kind":"step"}'},
    {b"m": b"[]"},
    {b"x": b"no message at all"},
)


@dataclass(frozen=True)
class Death:
    """A process was killed."""

    role: str
    at: float
    """Epoch seconds."""
    pid: int = 0
    runs: tuple[str, ...] = ()
    """Runs that an orchestrator drove."""
    survivors: int = 0
    """Processes of the same role that worked at that moment."""


@dataclass
class Happened:
    """What was done."""

    counts: Counter[Fault] = field(default_factory=Counter)
    deaths: list[Death] = field(default_factory=list)
    connections_cut: int = 0


class Faults:
    """Waits for each fault's turn and does it. Several happen at once when their turns are close."""

    def __init__(
        self,
        *,
        topology: Topology,
        redis: Redis,
        keys: Keys,
        streams: Sequence[str],
        children: Sequence[Child],
        proxies: Sequence[Proxy],
        traffic: Traffic,
        lease_seconds: float,
        blackouts: bool,
        random: Random,
    ) -> None:
        self.happened = Happened()
        self._topology = topology
        self._redis = redis
        self._keys = keys
        self._streams = streams
        self._children = children
        self._proxies = proxies
        self._traffic = traffic
        self._lease_seconds = lease_seconds
        self._blackouts = blackouts
        self._random = random
        self._server_turn = asyncio.Lock()

    async def happen(self, schedule: Sequence[Due]) -> None:
        """Do everything on the schedule; returns when the last fault is over and nothing is stopped or delayed."""
        async with asyncio.TaskGroup() as group:
            for due in schedule:
                if not await self._traffic.begun(due.after):
                    return
                group.create_task(self._in_time(due.fault))

    async def fail_over(self, over: asyncio.Event) -> None:
        """One failover after the other, and at least one, until it is over."""
        while True:
            await asyncio.sleep(self._random.uniform(*CALM_SECONDS))
            await self._in_time(Fault.FAIL_OVER)
            if over.is_set():
                return

    async def _in_time(self, fault: Fault) -> None:
        """Do it; when no process is there to be broken for long, do without."""
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                await self._do(fault)
        except TimeoutError:
            log.error("It was not possible to %s.", fault)

    async def _do(self, fault: Fault) -> None:
        match fault:
            case Fault.KILL_WORKER:
                self._kill(await self._victim("worker"))
            case Fault.KILL_ORCHESTRATOR:
                await self._kill_orchestrator()
            case Fault.KILL_SERVER | Fault.FAIL_OVER:
                await self._kill_server()
            case Fault.FREEZE:
                child = await self._somebody()
                pid = child.stop()
                await asyncio.sleep(self._lease_seconds * self._random.uniform(1.2, 2.5))
                child.go_on(pid)
            case Fault.LEAVE:
                await (await self._somebody()).leave()
            case Fault.CUT:
                self.happened.connections_cut += self._random.choice(self._proxies).cut()
            case Fault.DELAY:
                proxy = self._random.choice(self._proxies)
                proxy.delay_seconds = self._random.uniform(*DELAY_SECONDS)
                await asyncio.sleep(DELAYED_SECONDS)
                proxy.delay_seconds = 0.0
            case Fault.DROP_REPLY:
                self._random.choice(self._proxies).drop_reply(self._random.choice(DROPPED_AFTER))
            case Fault.VANISH:
                if not await self._delete():
                    return
            case Fault.DUPLICATE | Fault.GARBAGE:
                if not await self._send(fault):
                    return
        self.happened.counts[fault] += 1

    async def _somebody(self, role: str = "", of: int = 1) -> Child:
        """One of the children that work, once there are so many; of a role where one is given."""
        able = [child for child in self._children if role in ("", child.role)]
        while True:
            ready = [child for child in able if child.ready]
            if len(ready) >= of:
                return self._random.choice(ready)
            waiting = [asyncio.create_task(child.wait_ready()) for child in able if not child.ready]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in waiting:
                task.cancel()

    async def _victim(self, role: str) -> Child:
        """Mostly one that somebody survives, who has to take over; now and then the last one."""
        return await self._somebody(role, of=1 if self._random.random() < LAST else 2)

    def _kill(self, child: Child, runs: Sequence[str] = ()) -> None:
        survivors = sum(other.ready for other in self._children if other.role == child.role and other is not child)
        self.happened.deaths.append(Death(child.role, child.kill(), child.pid, tuple(runs), survivors))

    async def _kill_orchestrator(self) -> None:
        child = await self._victim("orchestrator")
        open_runs = sorted(self._traffic.ledger.open)
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for run in open_runs:
                    pipe.hmget(self._keys.run(run), "state", "owner")
                about = await pipe.execute()
        except UNREACHABLE as error:
            log.debug("who drives what is not known: %s", error)
            about = [(None, None)] * len(open_runs)
        if not child.ready:
            await self._kill_orchestrator()  # It ended meanwhile.
            return
        mark = f"-{child.pid}-".encode()
        driven = [
            r for r, (state, owner) in zip(open_runs, about, strict=True) if state == b"running" and mark in owner
        ]
        self._kill(child, driven)

    async def _kill_server(self) -> None:
        async with self._server_turn:
            self.happened.deaths.append(Death("server", time.time()))
            stalled, seconds = self._random.random() < STALLED, self._random.uniform(*OUTAGE_SECONDS)
            if self._blackouts:
                await self._topology.black_out(seconds)
            else:
                await self._topology.break_down(seconds, stalled=stalled)

    async def _send(self, fault: Fault) -> bool:
        """Put a message on a task stream; False while Redis is away or when there is nothing to repeat."""
        stream, fields = self._random.choice(self._streams), self._random.choice([*GARBAGE, None])
        if fault is Fault.DUPLICATE or fields is None:
            if not self._traffic.seen:
                return False
            stream, fields = self._random.choice(self._traffic.seen[-20:])
            if fault is Fault.GARBAGE:
                fields = _of_nobody(fields)
        try:
            await self._redis.xadd(stream, {name: value for name, value in fields.items()})
        except UNREACHABLE as error:
            log.debug("not sent: %s", error)
            return False
        return True

    async def _delete(self) -> bool:
        """Delete a message that is on its way or being worked on; False when there is none at this moment."""
        stream = self._random.choice(self._streams)
        try:
            entries: Any = await self._redis.xrange(stream, count=DELETED_AMONG)
            return bool(entries) and bool(await self._redis.xdel(stream, self._random.choice(entries)[0]))
        except UNREACHABLE as error:
            log.debug("not deleted: %s", error)
            return False


def _of_nobody(fields: dict[bytes, bytes]) -> dict[bytes, bytes]:
    """A good message, but for a run that does not exist."""
    try:
        about = json.loads(fields[b"m"])
        return {**fields, b"m": json.dumps({**about, "run": "nobodys"}).encode()}
    except (ValueError, KeyError, TypeError):
        return GARBAGE[0]
