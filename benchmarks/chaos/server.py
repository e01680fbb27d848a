"""One Redis server process of the experiment: it can be killed and comes back with what it had acknowledged."""

import asyncio
import socket
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from orchestration.embedded.binary import ServerBinary

START_SECONDS = 30.0
PROBE_SECONDS = 0.02
PORTS = range(20_000, 30_000)
"""Below the ports that the system gives to outgoing connections: while the server is away nobody else gets its port,
and no client can connect to itself there."""


class ServerFailed(Exception):
    """The server did not come up; its log says why."""


class Server:
    """A server on a loopback port with an append-only file that is synced at every write."""

    def __init__(self, binary: ServerBinary, folder: Path, port: int) -> None:
        self.version = str(binary.version)
        self.port = port
        self._program = binary.path
        self._folder = folder
        self._process: Process | None = None

    def client(self) -> Redis:
        """A connection past every proxy, that repeats nothing by itself."""
        return Redis(
            host="127.0.0.1",
            port=self.port,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=5,
            socket_connect_timeout=2,
        )

    async def start(self) -> None:
        """Start it and wait until it answers; raises ServerFailed."""
        options = {
            "port": self.port,
            "bind": "127.0.0.1",
            "dir": self._folder,
            "logfile": self._folder / "redis.log",
            "appendonly": "yes",
            "appendfsync": "always",
            # Never rewritten: the file is the history that a lost run is explained with.
            "auto-aof-rewrite-percentage": 0,
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        self._process = await asyncio.create_subprocess_exec(str(self._program), *words)
        try:
            async with asyncio.timeout(START_SECONDS):
                while not await self._answers():
                    if self._process.returncode is not None:
                        raise ServerFailed(f"redis-server ended with {self._process.returncode}.")
                    await asyncio.sleep(PROBE_SECONDS)
        except TimeoutError:
            raise ServerFailed(f"redis-server did not answer for {START_SECONDS:g} seconds.") from None

    async def kill(self) -> None:
        """End it as a crash does, and wait until it is gone."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def _answers(self) -> bool:
        client = self.client()
        try:
            await client.ping()
        except (RedisError, OSError):
            return False  # Not there yet, or still reading its file.
        finally:
            await client.aclose()
        return True


@asynccontextmanager
async def open_server(binary: ServerBinary, folder: Path, random: Random) -> AsyncIterator[Server]:
    """A server that runs until the block ends."""
    server = Server(binary, folder, _free_port(random))
    try:
        await server.start()
        yield server
    finally:
        await server.kill()


def _free_port(random: Random) -> int:
    for port in random.sample(PORTS, 100):
        with socket.socket() as trial:
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise ServerFailed("No port is free.")
