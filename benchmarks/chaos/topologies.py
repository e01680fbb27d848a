"""Where the experiment's Redis lives: one server, or several of which another one takes over when a master dies.

All listen on loopback, keep an append-only file that is synced at every write, and can be killed and come back.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal, Protocol

from redis import ConnectionError as RedisConnectionError
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff

from benchmarks.chaos.proxy import HOME
from orchestration.embedded.binary import find_binary
from tests.integration.redis_server import RedisServer
from tests.integration.replicated import SENTINEL_PASSWORD, SERVICE, Replicated, free_ports

Kind = Literal["single", "sentinel"]

REPLICAS: Mapping[Kind, int] = {"single": 0, "sentinel": 2}
"""What a master has. All of them must have a write that is to survive any failover: a Sentinel that takes a master for
dead while it lives leaves it the other replica for a while."""
PROBE_SECONDS = 0.05
OPTIONS = (
    # Never rewritten: the file is the history that a lost run is explained with.
    *("--auto-aof-rewrite-percentage", "0"),
    *("--logfile", "redis.log"),
)
REPLICATED = ("--repl-diskless-sync-delay", "0")


class Topology(Protocol):
    """Servers that are there until the experiment ends."""

    version: str
    shards: int
    """Among so many the runs are divided."""
    fails_over: bool
    """Whether another server takes over for one that dies."""

    @property
    def ports(self) -> Sequence[int]:
        """All that a process may connect to."""
        ...

    def url(self, host: str) -> str:
        """What REDIS_URL is for a process that finds all ports at this host."""
        ...

    def client(self) -> Redis:
        """Past every proxy, and repeats nothing by itself."""
        ...

    async def break_down(self, seconds: float, *, stalled: bool) -> None:
        """Kill whatever takes writes, and come back when all is whole again.

        One server is away for so long. Where there are replicas, and they are stalled, they hear nothing of what the
        master does in its last seconds.
        """
        ...


class SingleServer:
    """As small as it gets."""

    shards = 1
    fails_over = False

    def __init__(self, program: Path, folder: Path) -> None:
        self.ports = free_ports(1)
        self._server = RedisServer(folder / "server", *OPTIONS, port=self.ports[0], program=program)
        self.version = ""

    def url(self, host: str) -> str:
        return f"redis://{host}:{self.ports[0]}/0"

    def client(self) -> Redis:
        return Redis(host=HOME, port=self.ports[0], **_limits())

    def start(self) -> None:
        self._server.start()
        self.version = self._server.version

    def close(self) -> None:
        self._server.close()

    async def break_down(self, seconds: float, *, stalled: bool) -> None:
        await asyncio.to_thread(self._server.kill)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(self._server.start)


class WatchedServers:
    """A master with two replicas, and a Sentinel that makes one of them the master when it dies."""

    shards = 1
    fails_over = True

    def __init__(self, program: Path, folder: Path, replicas: int) -> None:
        least = ("--min-replicas-to-write", str(replicas))
        self._group = Replicated(folder, *OPTIONS, *REPLICATED, *least, program=program)
        self.version = ""

    @property
    def ports(self) -> Sequence[int]:
        return [self._group.sentinel_port, *(server.port for server in self._group.servers)]

    def url(self, host: str) -> str:
        return self._group.url.replace(HOME, host)

    def client(self) -> Redis:
        asking = {"password": SENTINEL_PASSWORD, **_limits()}
        sentinel = Sentinel([(HOME, self._group.sentinel_port)], sentinel_kwargs=asking)  # type: ignore[no-untyped-call]
        client: Redis = sentinel.master_for(SERVICE, **_limits())
        return client

    def start(self) -> None:
        self._group.start()
        self.version = self._group.servers[0].version

    def close(self) -> None:
        self._group.close()

    async def break_down(self, seconds: float, *, stalled: bool) -> None:
        await _until(lambda: self._group.whole)
        master = await asyncio.to_thread(lambda: self._group.master)
        replicas = [server for server in self._group.servers if server is not master]
        await kill_master(master, replicas if stalled else [], seconds)
        await _until(lambda: self._group.master is not master)
        await asyncio.to_thread(self._group.take_back, master)
        await _until(lambda: self._group.whole)


async def kill_master(master: RedisServer, stalled: Sequence[RedisServer], seconds: float) -> None:
    """A crash. What it did in the last seconds before reaches no replica that is stalled.

    Stopping a replica is not enough: what was sent to it would wait for it in the system, also after the crash.
    """
    for replica in stalled:
        replica.freeze()
    try:
        if stalled:
            await asyncio.to_thread(master.ask, "CLIENT", "KILL", "TYPE", "replica")
            await asyncio.sleep(seconds)
        await asyncio.to_thread(master.kill)
    finally:
        for replica in stalled:
            replica.thaw()


async def _until(condition: Callable[[], bool]) -> None:
    """Processes set no event of ours."""

    def holds() -> bool:
        try:
            return condition()
        except RedisConnectionError:
            return False

    while not await asyncio.to_thread(holds):  # noqa: ASYNC110
        await asyncio.sleep(PROBE_SECONDS)


def _limits() -> dict[str, Any]:
    return {"retry": Retry(NoBackoff(), 0), "socket_timeout": 5, "socket_connect_timeout": 2}


@asynccontextmanager
async def open_topology(kind: Kind, program: Path | None, folder: Path, replicas: int) -> AsyncIterator[Topology]:
    """All its servers, until the block ends."""
    binary = (await asyncio.to_thread(find_binary, program, lambda version: True)).path
    made = SingleServer(binary, folder) if kind == "single" else WatchedServers(binary, folder, replicas)
    try:
        await asyncio.to_thread(made.start)
        yield made
    finally:
        await asyncio.to_thread(made.close)
