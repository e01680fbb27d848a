"""The agreement between all processes on a data folder: join, keep alive, leave. Everything here blocks.

Every user holds `users.lock` shared, and takes it before looking for a server. Who starts a server holds
`start.lock`. Who leaves tries to turn its share of `users.lock` into exclusive possession: if that works
it was the last one and stops the server while newcomers wait for the lock. All of this survives kill -9 at
any point: the locks end with their process, and a server without users is simply joined by the next one.
"""

import logging
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from orchestration.embedded.binary import ServerBinary, find_binary
from orchestration.embedded.datafolder import (
    STEP_SECONDS,
    DataFolder,
    Whereabouts,
    private_socket,
    runtime_folder,
)
from orchestration.embedded.process import EmbeddedRedis, State, ask, end_child, launch, server_pid, stop
from orchestration.errors import ConfigurationError, EngineUnavailable

log = logging.getLogger(__name__)

UP_SECONDS = 10.0
LOADING_SECONDS = 60.0
# A server that somebody else started listens soon, or something has removed its socket.
ABSENT_SECONDS = 3.0
# Somebody else may be waiting for a large file to load, or for a slow server to go.
LOCK_SECONDS = LOADING_SECONDS + 15.0


class Membership:
    """One user's share in the server of a data folder.

    Not thread-safe: one thread makes all calls, in the order join, ensure..., leave. Only `give_up` may be
    called from elsewhere: it makes a pending join or ensure fail soon.
    """

    def __init__(self, data: Path, *, binary: Path | None, runtime: Path | None) -> None:
        self.folder = DataFolder(data)
        self._given = binary
        self._runtime = runtime.absolute() if runtime else runtime_folder(self.folder.path)
        self._users = self.folder.users()
        self._where: Whereabouts | None = None  # remembered, in case somebody deletes the folder under us
        self._process: subprocess.Popen[bytes] | None = None  # if it was this user who started one
        self._given_up = threading.Event()

    def join(self) -> EmbeddedRedis:
        """Become a user of the server, starting one if there is none.

        Raises ConfigurationError (no usable program, data or runtime folder) or EngineUnavailable. A folder
        that a newer server has written is refused before anything in it is touched.
        """
        with self.folder.explained():
            self._find_binary()
            self.folder.create()
            self._users.acquire(exclusive=False, seconds=LOCK_SECONDS, give_up=self._given_up)
        return self.ensure()

    def ensure(self) -> EmbeddedRedis:
        """Return the server that answers; start one, or wait for whoever is starting one, if none does."""
        with self.folder.explained():
            answer = self._ask()
            if isinstance(answer, EmbeddedRedis):
                return answer
            with self.folder.starting(seconds=LOCK_SECONDS, give_up=self._given_up):
                return self._settle()

    def give_up(self) -> None:
        """Make whatever waits now, and later, fail instead."""
        self._given_up.set()

    def leave(self) -> None:
        """Stop using the server, and stop it if nobody else uses it."""
        if not self._users.open:
            return
        try:
            with self.folder.explained():
                if self._users.try_acquire(exclusive=True):
                    self._stop()
        finally:
            self._users.release()

    def _find_binary(self) -> ServerBinary:
        written_by = self.folder.written_by()
        binary = find_binary(self._given, lambda version: not written_by or version.may_open(written_by))
        self.folder.check_version(binary.version)
        return binary

    def _settle(self) -> EmbeddedRedis:
        """With the right to start: take the server that is there after all, else start one."""
        answer = self._ask()
        if answer is not State.ABSENT or server_pid(self.folder):
            # Its starter died while it was coming up, or it is slow. Two servers on one file would ruin it.
            answer = self._await_answer(lambda: server_pid(self.folder) is None, absent=ABSENT_SECONDS)
        if isinstance(answer, EmbeddedRedis):
            return answer
        if answer is not State.ABSENT:
            raise EngineUnavailable(f"The Redis server of {self.folder.path} does not answer.")
        self._refuse_strangers()
        if server_pid(self.folder):
            log.warning("The socket of the running Redis server is gone; the server is started anew.")
            stop(self.folder, None)
        return self._start()

    def _start(self) -> EmbeddedRedis:
        binary = self._find_binary()
        where = self._choose_whereabouts()
        self.folder.tidy()
        # Recorded first: if this process is killed at the next line, the server can still be found.
        self.folder.record_whereabouts(where)
        self.folder.pid_file.unlink(missing_ok=True)
        process = self._process = launch(binary.path, self.folder, where.socket)
        answer = self._await_answer(lambda: process.poll() is not None)
        if (process.poll() or 0) < 0:  # killed from outside while it came up: it deserves a second chance
            process = self._process = launch(binary.path, self.folder, where.socket)
            answer = self._await_answer(lambda: process.poll() is not None)
        if not isinstance(answer, EmbeddedRedis):
            reason = self.folder.last_log_line() or "it said nothing"
            raise EngineUnavailable(f"The Redis server of {self.folder.path} did not come up: {reason}")
        self.folder.record_version(answer.version)
        return answer

    def _await_answer(self, ended: Callable[[], bool], *, absent: float = UP_SECONDS) -> EmbeddedRedis | State:
        """Ask until there is an answer, the server has ended, or the time is up."""
        patience = {State.ABSENT: absent, State.SILENT: UP_SECONDS, State.LOADING: LOADING_SECONDS}
        began = time.monotonic()
        while True:
            answer = self._ask()
            if isinstance(answer, EmbeddedRedis) or (answer is State.ABSENT and ended()):
                return answer
            if time.monotonic() > began + patience[answer]:
                return answer
            if self._given_up.wait(STEP_SECONDS):
                raise EngineUnavailable("The wait for the Redis server was given up.")

    def _ask(self) -> EmbeddedRedis | State:
        self._where = self.folder.whereabouts() or self._where
        return ask(self._where.socket) if self._where else State.ABSENT

    def _choose_whereabouts(self) -> Whereabouts:
        """Where the others look for it already, if that place is still there; else our own."""
        before = self.folder.whereabouts()
        if before and before.socket.parent.is_dir():
            with suppress(ConfigurationError):
                return Whereabouts(private_socket(before.socket.parent), _namespace())
        socket = private_socket(self._runtime)
        other = ask(socket)
        if other is not State.ABSENT:
            pid = f" (process {other.pid})" if isinstance(other, EmbeddedRedis) else ""
            raise ConfigurationError(
                f"The Redis server{pid} of another or a deleted data folder still listens on {socket}: "
                "end it, or use another runtime folder."
            )
        return Whereabouts(socket, _namespace())

    def _refuse_strangers(self) -> None:
        """Another container or machine may run a server on this folder that cannot be seen from here."""
        before = self.folder.whereabouts()
        if before is None or before.namespace == _namespace():
            return
        alone = self._users.try_acquire(exclusive=True)
        self._users.acquire(exclusive=False, seconds=LOCK_SECONDS, give_up=self._given_up)
        if not alone:
            raise ConfigurationError(
                f"{self.folder.path} is in use from another container or machine: "
                "set REDIS_URL in both to share a server."
            )

    def _stop(self) -> None:
        where = self.folder.whereabouts() or self._where
        stop(self.folder, where.socket if where else None)
        if self._process:
            # One that was launched a moment ago may not have had a command line to recognise it by.
            end_child(self._process)
        self.folder.forget_whereabouts()
        if where:
            where.socket.unlink(missing_ok=True)
            if where.socket.parent == runtime_folder(self.folder.path):
                with suppress(OSError):  # somebody has put something else there
                    where.socket.parent.rmdir()


def _namespace() -> str:
    """What a process id is relative to: this boot of this machine, and the container."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    if not boot.exists():
        return ""
    return f"{boot.read_text().strip()} {Path('/proc/self/ns/pid').readlink()}"
