"""A cluster of three masters as processes on loopback, of which one may get a replica."""

import shutil
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot

from tests.integration.redis_server import RedisServer
from tests.integration.replicated import free_ports

MASTERS = 3
BUS = 10_000
"""So far from its own port a server talks with the others."""
OUTGOING = 32_768
"""From here on the system gives ports to outgoing connections, so that a server might not get its own again."""


class RedisCluster:
    """Its servers, with options, a program and certificates as one server's; the slots of the first one begin at 0."""

    def __init__(
        self, folder: Path, *options: str, program: Path | None = None, certificates: Sequence[str] = ()
    ) -> None:
        self._folder = folder
        self._options = options
        self._program = program
        self._certificates = certificates
        self.servers: list[RedisServer] = []
        """Those that are there; further ones come at the end."""
        self._known = 0

    @property
    def url(self) -> str:
        """Also names a server that is not there; the next one is asked."""
        return "redis+cluster://" + ",".join(["127.0.0.1:1", *(f"127.0.0.1:{one.port}" for one in self.servers)])

    def start(self) -> None:
        for _ in range(MASTERS):
            self.add()
        every = REDIS_CLUSTER_HASH_SLOTS // MASTERS + 1
        for number, server in enumerate(self.servers):
            slots = range(number * every, min((number + 1) * every, REDIS_CLUSTER_HASH_SLOTS))
            server.ask("CLUSTER", "ADDSLOTS", *map(str, slots))
            server.ask("CLUSTER", "SET-CONFIG-EPOCH", str(number + 1))
        self._meet()

    def add(self) -> RedisServer:
        """Another server, which belongs to the cluster when it has met the others."""
        options = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000"]
        # However long a replica was without its master: what it lacks is what the tests are about.
        options += ["--cluster-replica-validity-factor", "0"]
        server = RedisServer(
            self._folder / str(self._known),
            *options,
            *self._options,
            port=free_port(),
            program=self._program,
            certificates=self._certificates,
        )
        server.start()
        self._known += 1
        self.servers.append(server)
        return server

    def add_replicas(self, *masters: RedisServer) -> list[RedisServer]:
        """One for each, which takes its master's place when that is gone."""
        added = [self.add() for _ in masters]
        self._meet()
        for master, server in zip(masters, added, strict=True):
            server.ask("CLUSTER", "REPLICATE", node_id(master))
        for master in masters:
            while len(master.ask("ROLE")[2]) < masters.count(master):
                continue
        while not all(server.in_step for server in added):
            continue
        return added

    def kill(self, server: RedisServer) -> None:
        """The others remember it."""
        server.kill()
        self.servers.remove(server)

    def master_of(self, key: str) -> RedisServer:
        """Who serves a key, as the last of the servers sees it."""
        slot = key_slot(key.encode())
        rows = self.servers[-1].ask("CLUSTER", "SLOTS")
        port = next(int(master[1]) for first, last, master, *_ in rows if first <= slot <= last)
        return next(server for server in self.servers if server.port == port)

    def close(self) -> None:
        for server in self.servers:
            server.close()

    def _meet(self) -> None:
        first, *others = self.servers
        for server in others:
            server.ask("CLUSTER", "MEET", "127.0.0.1", str(first.port))
        while not all(self._whole(server) for server in self.servers):
            continue

    def _whole(self, server: RedisServer) -> bool:
        about = server.ask("CLUSTER", "INFO").splitlines()
        return b"cluster_state:ok" in about and b"cluster_known_nodes:%d" % self._known in about


def free_port() -> int:
    """One that nobody listens on, and whose neighbour for the talk among the servers is free as well."""
    while True:
        (port,) = free_ports(1)
        if port + BUS >= OUTGOING:
            continue
        with suppress(OSError), socket.create_server(("127.0.0.1", port + BUS)):
            return port


def node_id(server: RedisServer) -> str:
    return str(server.ask("CLUSTER", "MYID").decode())


def move(cluster: RedisCluster, key: str) -> tuple[RedisServer, RedisServer, str]:
    """Begin to move the slot of a key: from whom, to whom, and which."""
    slot, source = str(key_slot(key.encode())), cluster.master_of(key)
    target = next(server for server in cluster.servers if server is not source)
    target.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", node_id(source))
    source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", node_id(target))
    return source, target, slot


def carry(source: RedisServer, target: RedisServer, *keys: str) -> None:
    """Some keys of a slot that moves."""
    source.ask("MIGRATE", "127.0.0.1", str(target.port), "", "0", "5000", "KEYS", *keys)


@contextmanager
def redis_cluster(program: Path | None = None) -> Iterator[RedisCluster]:
    """All of them, until the end; it takes some seconds until they serve."""
    folder = Path(tempfile.mkdtemp(prefix="rt-"))
    cluster = RedisCluster(folder, program=program)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.close()
        shutil.rmtree(folder)
