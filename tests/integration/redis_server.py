"""A Redis server that a test may stop, kill and start again; what it acknowledged is on the disk."""

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from redis import ConnectionError as RedisConnectionError
from redis import Redis

from orchestration.embedded.binary import find_binary


class RedisServer:
    """The bundled program with an append-only file; its folder has to be short, for the socket in it.

    With a `port` it listens there as well, on loopback, with TLS where it has `certificates` (tls.py); `options` are
    further ones of its command line, and `program` is another one than the bundled.
    """

    def __init__(
        self,
        folder: Path,
        *options: str,
        port: int = 0,
        program: Path | None = None,
        certificates: Sequence[str] = (),
    ) -> None:
        self._folder = folder
        self._program = program
        self._options = (*options, *certificates)
        self._speaks_tls = bool(certificates)
        self.port = port
        self._socket = folder / "redis.sock"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    @property
    def version(self) -> str:
        """Of the program."""
        with self.client() as client:
            info = client.info("server")
            # What Valkey calls the version of Redis is the last one that it was the same as.
            return f"Valkey {info['valkey_version']}" if "valkey_version" in info else str(info["redis_version"])

    def client(self) -> Redis:
        """A client of the test's own, which waits for its replies; to be closed."""
        return Redis(unix_socket_path=str(self._socket))

    def ask(self, *command: str) -> Any:
        """One command of the test's own."""
        with self.client() as client:
            return client.execute_command(*command)

    def start(self) -> None:
        """Come back when it answers."""
        self.launch()
        assert self._process is not None
        with self.client() as client:
            while self._process.poll() is None:
                try:
                    client.ping()
                    return
                except RedisConnectionError:
                    continue
        raise AssertionError("the server did not start")

    def launch(self) -> None:
        """Begin to start, and come back at once."""
        self._folder.mkdir(exist_ok=True)
        program = self._program or find_binary(None, lambda version: True).path
        open_port, tls_port = (0, self.port) if self._speaks_tls else (self.port, 0)
        command = [str(program), "--port", str(open_port), "--bind", "127.0.0.1", "--unixsocket", str(self._socket)]
        command += ["--tls-port", str(tls_port)] if tls_port else []
        command += ["--dir", str(self._folder), "--save", "", "--appendonly", "yes", "--appendfsync", "always"]
        # From 7.0 on a master waits five seconds for further replicas before it begins to copy.
        command += ["--repl-diskless-sync-delay", "0"]
        self._process = subprocess.Popen([*command, *self._options], stdout=subprocess.DEVNULL)

    def kill(self) -> None:
        """As a crash: what was not acknowledged may be lost."""
        assert self._process is not None, "start it first"
        self._process.kill()
        self._process.wait()
        self._socket.unlink()

    @property
    def in_step(self) -> bool:
        """Whether it is a replica that has what its master has. A master counts it already while it loads."""
        try:
            role = self.ask("ROLE")
        except RedisConnectionError:
            return False
        return bool(role[0] == b"slave" and role[3] == b"connected")

    def freeze(self) -> None:
        """It takes connections and commands, and answers nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on, with everything that was sent meanwhile."""
        self._signal(signal.SIGCONT)

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _signal(self, number: int) -> None:
        assert self._process is not None, "start it first"
        os.kill(self._process.pid, number)
