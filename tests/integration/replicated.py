"""A master, its two replicas and a Sentinel, as processes on loopback."""

import random
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from redis import ConnectionError as RedisConnectionError
from redis import Redis

from orchestration.embedded.binary import find_binary
from tests.integration.redis_server import RedisServer

SERVICE = "council"
SENTINEL_PASSWORD = "watchful"
DEAD_AFTER_MS = 400
"""A master that is silent for so long is taken for dead."""


PORTS = range(20_000, 30_000)
"""Below the ports that the system gives to outgoing connections: while a server is away nobody else gets its port, and
no client can connect to itself there."""


def free_ports(number: int) -> list[int]:
    """Ports that nobody listens on now."""
    return list(islice(filter(_is_free, random.sample(PORTS, len(PORTS))), number))


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


class Replicated:
    """Servers of which one is the master, and who says which; options, program and certificates are as one server's."""

    def __init__(
        self,
        folder: Path,
        *options: str,
        program: Path | None = None,
        certificates: Sequence[str] = (),
        dead_after_ms: int = DEAD_AFTER_MS,
    ) -> None:
        *ports, self.sentinel_port = free_ports(4)
        self._folder = folder
        self._program = program
        self._certificates = certificates
        self._dead_after_ms = dead_after_ms
        # A replica answers the Sentinel about itself every second while there is no master, so it takes that long.
        self.servers = [
            RedisServer(folder / str(port), *options, port=port, program=program, certificates=certificates)
            for port in ports
        ]
        self._sentinel: subprocess.Popen[bytes] | None = None

    @property
    def _socket(self) -> Path:
        """Of the Sentinel."""
        return self._folder / "sentinel.sock"

    @property
    def url(self) -> str:
        """Also names a Sentinel that is not there; the next one is asked."""
        sentinels = f"127.0.0.1:1,127.0.0.1:{self.sentinel_port}"
        return f"redis+sentinel://{sentinels}/{SERVICE}?sentinel_password={SENTINEL_PASSWORD}"

    def ask(self, *command: str) -> Any:
        """One command to the Sentinel."""
        with Redis(unix_socket_path=str(self._socket), password=SENTINEL_PASSWORD) as client:
            return client.execute_command(*command)

    @property
    def master(self) -> RedisServer:
        """As the Sentinel says."""
        (state,) = self.ask("SENTINEL MASTERS").values()
        return next(server for server in self.servers if server.port == state["port"])

    @property
    def replicas(self) -> list[RedisServer]:
        master = self.master
        return [server for server in self.servers if server is not master]

    def take_back(self, server: RedisServer) -> None:
        """One that was killed is a replica from now on."""
        master = self.master
        server.start()
        server.ask("REPLICAOF", "127.0.0.1", str(master.port))

    @property
    def whole(self) -> bool:
        """Whether the master has both replicas, and the Sentinel knows of them."""
        try:
            (state,) = self.ask("SENTINEL MASTERS").values()
            role = self.master.ask("ROLE")
        except RedisConnectionError:
            return False
        if not all(server.in_step for server in self.servers if server.port != state["port"]):
            return False
        up = [one for one in self.ask("SENTINEL SLAVES", SERVICE) if not one["is_sdown"]]
        return state["flags"] == "master" and role[0] == b"master" and len(role[2]) == 2 and len(up) == 2

    def start(self) -> None:
        for server in self.servers:
            server.start()
        first, *others = self.servers
        for server in others:
            server.ask("REPLICAOF", "127.0.0.1", str(first.port))
        while not all(server.in_step for server in others):
            continue
        about = self._folder / "sentinel.conf"
        watched = [
            f"monitor {SERVICE} 127.0.0.1 {first.port} 1",
            f"down-after-milliseconds {SERVICE} {self._dead_after_ms}",
            f"failover-timeout {SERVICE} 2000",
        ]
        about.write_text(
            f"unixsocket {self._socket}\nbind 127.0.0.1\nrequirepass {SENTINEL_PASSWORD}\n"
            + "".join(f"sentinel {line}\n" for line in watched)
        )
        program = self._program or find_binary(None, lambda version: True).path
        command = [str(program), str(about), "--sentinel"]
        if self._certificates:
            command += ["--port", "0", "--tls-port", str(self.sentinel_port), *self._certificates]
        else:
            command += ["--port", str(self.sentinel_port)]
        self._sentinel = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=self._folder)
        while not self.whole:
            assert self._sentinel.poll() is None, "the Sentinel did not start"

    def close(self) -> None:
        if self._sentinel is not None:
            self._sentinel.kill()
            self._sentinel.wait()
        for server in self.servers:
            server.close()


@contextmanager
def replicated() -> Iterator[Replicated]:
    """All of them, until the end."""
    folder = Path(tempfile.mkdtemp(prefix="rt-"))
    group = Replicated(folder)
    try:
        group.start()
        yield group
    finally:
        group.close()
        shutil.rmtree(folder)
