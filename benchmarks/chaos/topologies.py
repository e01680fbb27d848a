"""Where the experiment's Redis lives: one server, or several of which another one takes over when a master dies.

All listen on loopback, keep an append-only file that is synced at every write, and can be killed and come back.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any, Literal, Protocol, cast

from redis import ConnectionError as RedisConnectionError
from redis.asyncio import Redis
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.cluster import RedisCluster as ClusterClient
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import RedisClusterException, RedisError

from benchmarks.chaos.proxy import HOME
from orchestration.embedded.binary import find_binary
from tests.integration.redis_cluster import MASTERS, RedisCluster
from tests.integration.redis_server import RedisServer
from tests.integration.replicated import SENTINEL_PASSWORD, SERVICE, Replicated, free_ports

Kind = Literal["single", "sentinel", "cluster"]

REPLICAS: Mapping[Kind, int] = {"single": 0, "sentinel": 2, "cluster": 1}
"""What a master has. All of them must have a write that is to survive any failover: a Sentinel that takes a master for
dead while it lives leaves it the other replica for a while."""
PROBE_SECONDS = 0.05
OPTIONS = (
    # Never rewritten: the file is the history that a lost run is explained with.
    *("--auto-aof-rewrite-percentage", "0"),
    *("--logfile", "redis.log"),
)
DEAD_AFTER_MS = 1_000
"""Servers that share a few busy cores are silent for half as long now and then, and are not dead."""
UNREACHABLE = (RedisError, RedisClusterException, OSError)
"""What a client raises while a server is away, or is not what it was."""


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

    def client(self) -> AbstractAsyncContextManager[Redis]:
        """Past every proxy, and repeats nothing by itself."""
        ...

    async def break_down(self, seconds: float, *, stalled: bool) -> None:
        """Kill whatever takes writes, and come back when all is whole again.

        One server is away for so long. Where there are replicas, and they are stalled, they hear nothing of what the
        master does in its last seconds.
        """
        ...

    async def black_out(self, seconds: float) -> None:
        """Kill all servers at once, start them again after so long, and come back when all is whole again."""
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

    def client(self) -> AbstractAsyncContextManager[Redis]:
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

    async def black_out(self, seconds: float) -> None:
        await self.break_down(seconds, stalled=False)


class WatchedServers:
    """A master with two replicas, and a Sentinel that makes one of them the master when it dies."""

    shards = 1
    fails_over = True

    def __init__(self, program: Path, folder: Path, replicas: int) -> None:
        least = ("--min-replicas-to-write", str(replicas))
        self._group = Replicated(folder, *OPTIONS, *least, program=program, dead_after_ms=DEAD_AFTER_MS)
        self.version = ""

    @property
    def ports(self) -> Sequence[int]:
        return [self._group.sentinel_port, *(server.port for server in self._group.servers)]

    def url(self, host: str) -> str:
        return self._group.url.replace(HOME, host)

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Redis]:
        asking = {"password": SENTINEL_PASSWORD, **_limits()}
        sentinel = Sentinel([(HOME, self._group.sentinel_port)], sentinel_kwargs=asking)  # type: ignore[no-untyped-call]
        async with sentinel, sentinel.master_for(SERVICE, **_limits()) as client:
            yield client

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

    async def black_out(self, seconds: float) -> None:
        await _until(lambda: self._group.whole)
        master = await asyncio.to_thread(lambda: self._group.master)
        for server in self._group.servers:
            server.kill()
        await asyncio.sleep(seconds)
        await asyncio.to_thread(master.start)
        for server in self._group.servers:
            if server is not master:
                await asyncio.to_thread(self._group.take_back, server)
        await _until(lambda: self._group.whole)


class ClusterServers:
    """Three masters with a replica each, which takes over by itself when its master dies."""

    shards = 6
    fails_over = True

    def __init__(self, program: Path, folder: Path, replicas: int, random: Random) -> None:
        least = ("--min-replicas-to-write", str(replicas))
        self._cluster = RedisCluster(folder, *OPTIONS, *least, program=program)
        self._random = random
        self.version = ""

    @property
    def ports(self) -> Sequence[int]:
        return [server.port for server in self._cluster.servers]

    def url(self, host: str) -> str:
        return self._cluster.url.replace(HOME, host)

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Redis]:
        nodes = [ClusterNode(HOME, port) for port in self.ports]
        # It is asked as the client of one server is.
        async with ClusterClient(startup_nodes=nodes, **_limits()) as client:
            yield cast(Redis, client)

    def start(self) -> None:
        self._cluster.start()
        self._cluster.add_replicas(*self._cluster.servers)
        self.version = self._cluster.servers[0].version

    def close(self) -> None:
        self._cluster.close()

    async def break_down(self, seconds: float, *, stalled: bool) -> None:
        await _until(self._is_whole)
        replicas = await asyncio.to_thread(self._replicas)
        master = self._random.choice(list(replicas))
        await kill_master(master, replicas[master] if stalled else [], seconds)
        await _until(lambda: any(_role(replica) == b"master" for replica in replicas[master]))
        await asyncio.to_thread(master.start)
        await _until(self._is_whole)

    async def black_out(self, seconds: float) -> None:
        await _until(self._is_whole)
        for server in self._cluster.servers:
            server.kill()
        await asyncio.sleep(seconds)
        for server in self._cluster.servers:
            server.launch()
        await _until(self._is_whole)

    def _is_whole(self) -> bool:
        """Whether every server says that all is well, and every master has its replica."""
        servers = self._cluster.servers
        well = all(b"cluster_state:ok" in server.ask("CLUSTER", "INFO") for server in servers)
        return well and [len(replicas) for replicas in self._replicas().values()] == [1] * MASTERS

    def _replicas(self) -> Mapping[RedisServer, Sequence[RedisServer]]:
        """Those that are in touch with their master, by the master."""
        servers = {server.port: server for server in self._cluster.servers}
        roles = {server: server.ask("ROLE") for server in servers.values()}
        return {
            server: [servers[int(port)] for _, port, _ in told[2]]
            for server, told in roles.items()
            if told[0] == b"master"
        }


def _role(server: RedisServer) -> bytes:
    return bytes(server.ask("ROLE")[0])


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
async def open_topology(
    kind: Kind, program: Path | None, folder: Path, replicas: int, random: Random
) -> AsyncIterator[Topology]:
    """All its servers, until the block ends."""
    binary = (await asyncio.to_thread(find_binary, program, lambda version: True)).path
    made: SingleServer | WatchedServers | ClusterServers
    match kind:
        case "single":
            made = SingleServer(binary, folder)
        case "sentinel":
            made = WatchedServers(binary, folder, replicas)
        case "cluster":
            made = ClusterServers(binary, folder, replicas, random)
    try:
        await asyncio.to_thread(made.start)
        yield made
    finally:
        await asyncio.to_thread(made.close)
