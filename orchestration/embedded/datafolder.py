"""The folder data/redis: the locks, the records beside the append-only file, and the log."""

import fcntl
import json
import os
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO

from orchestration.embedded.binary import ServerVersion
from orchestration.errors import ConfigurationError, EngineUnavailable

STEP_SECONDS = 0.01
LOG_BYTES = 5_000_000
SOCKET_PATH_BYTES = 100  # a longer path is truncated silently by the system's sockaddr_un


@dataclass(frozen=True)
class Whereabouts:
    """Where the server of this folder was started: its socket, and what its process id is relative to."""

    socket: Path
    namespace: str


class FileLock:
    """An advisory lock on a file (flock); it ends with the process, however that ends.

    The file is opened close-on-exec, so a Redis process started meanwhile never inherits the lock.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def acquire(self, *, exclusive: bool, seconds: float, give_up: threading.Event) -> None:
        """Wait for the lock; EngineUnavailable after `seconds` or once `give_up` is set.

        A thread that is blocked in flock cannot be called back, hence the short steps.
        """
        deadline = time.monotonic() + seconds
        while not self.try_acquire(exclusive=exclusive):
            if time.monotonic() > deadline or give_up.wait(STEP_SECONDS):
                raise EngineUnavailable(f"Another process has kept {self._path} locked for too long.")

    def try_acquire(self, *, exclusive: bool) -> bool:
        """Take or convert the lock if nobody is in the way. A failed conversion loses the lock one had."""
        if self._file is None:
            self._file = self._path.open("ab")
        try:
            fcntl.flock(self._file, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    @property
    def open(self) -> bool:
        """Whether the lock was asked for and not released since."""
        return self._file is not None

    def release(self) -> None:
        """Give the lock back; harmless without one."""
        if self._file is not None:
            self._file.close()
            self._file = None


class DataFolder:
    """data/redis and the names in it; every method that touches the disk blocks.

    Any OSError of a method means that the folder cannot be used: wrap calls in `explained`.
    """

    def __init__(self, data: Path) -> None:
        self.path = data.expanduser().resolve() / "redis"
        self.log = self.path / "redis.log"
        self.pid_file = self.path / "redis.pid"
        self._record = self.path / "server.json"
        self._whereabouts = self.path / "running.json"

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn what the system says about the folder into one sentence that names it."""
        try:
            yield
        except OSError as error:
            raise ConfigurationError(
                f"The data folder {self.path} cannot be used: {error.strerror or error}."
            ) from error

    def create(self) -> None:
        """Make the folder, private to its owner, and see that it can be used."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if stat.S_IMODE(self.path.stat().st_mode) != 0o700:
            self.path.chmod(0o700)
        os.listdir(self.path)

    def users(self) -> FileLock:
        """The lock that every process shares for as long as it uses the server."""
        return FileLock(self.path / "users.lock")

    @contextmanager
    def starting(self, *, seconds: float, give_up: threading.Event) -> Iterator[None]:
        """Hold the right to start the server; EngineUnavailable if another process keeps it too long."""
        lock = FileLock(self.path / "start.lock")
        try:
            lock.acquire(exclusive=True, seconds=seconds, give_up=give_up)
            yield
        finally:
            lock.release()

    def check_version(self, version: ServerVersion) -> None:
        """Raise ConfigurationError if a server that this version cannot follow has written the folder."""
        written_by = self.written_by()
        writer = "" if written_by is None or version.may_open(written_by) else str(written_by)
        # 7.0 moves the data there before it answers, so after a crash the record may still be the old one.
        if not writer and version.parts < (7,) and (self.path / "appendonlydir").exists():
            writer = "Redis 7.0"
        if writer:
            raise ConfigurationError(
                f"{self.path} was last written by {writer} and cannot be opened by {version}: "
                f"install {writer} or newer, or use another data folder."
            )

    def written_by(self) -> ServerVersion | None:
        """The server that last wrote the folder; None if none has answered from it yet."""
        written = _read_strings(self._record, "kind", "version")
        return ServerVersion(written["kind"], written["version"]) if written else None

    def record_version(self, version: ServerVersion) -> None:
        """Write down who writes the folder from now on."""
        if self.written_by() != version:
            self._write(self._record, {"kind": version.kind, "version": version.number})

    def whereabouts(self) -> Whereabouts | None:
        """Where the last server was started; None after it was stopped in an orderly way.

        A copy of the folder carries the record too, but the server belongs to the original.
        """
        written = _read_strings(self._whereabouts, "socket", "namespace", "folder")
        if written is None or written["folder"] != self._identity():
            return None
        return Whereabouts(Path(written["socket"]), written["namespace"])

    def record_whereabouts(self, where: Whereabouts) -> None:
        """Write down where the server is about to be; this also finds out about a full or read-only disk."""
        content = {"socket": str(where.socket), "namespace": where.namespace, "folder": self._identity()}
        self._write(self._whereabouts, content)

    def forget_whereabouts(self) -> None:
        """The server is gone and so is everything that points to it."""
        self._whereabouts.unlink(missing_ok=True)
        self.pid_file.unlink(missing_ok=True)

    def pid(self) -> int | None:
        """The process id that the server wrote when it started; None if there is none."""
        try:
            return int(self.pid_file.read_text())
        except (FileNotFoundError, ValueError):
            return None

    def tidy(self) -> None:
        """Before a start: bound the log and remove what a killed server left half rewritten."""
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        for folder in (self.path, self.path / "appendonlydir"):
            for leftover in folder.glob("temp-*.aof"):
                leftover.unlink(missing_ok=True)

    def last_log_line(self) -> str:
        """What the server said last, for an error message; empty if nothing."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - 4096))
            lines = log.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def _identity(self) -> str:
        found = self.path.stat()
        return f"{found.st_dev}:{found.st_ino}"

    def _write(self, path: Path, content: dict[str, str]) -> None:
        draft = path.with_suffix(".draft")
        with draft.open("w", encoding="utf-8") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)


def _read_strings(path: Path, *names: str) -> dict[str, str] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {name: str(content[name]) for name in names}
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as error:
        raise ConfigurationError(f"{path} is damaged: remove it if {path.parent} may be opened.") from error


def runtime_folder(data: Path) -> Path:
    """A short private place for the socket of this data folder (its path may be of any length itself)."""
    name = sha256(os.fsencode(data)).hexdigest()[:8]
    session = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    if session.is_absolute() and session.is_dir() and session.stat().st_uid == os.geteuid():
        folder = session / f"roundtable-{name}"
        if _fits(folder):
            return folder
    return Path("/tmp") / f"roundtable-{os.geteuid()}-{name}"


def private_socket(folder: Path) -> Path:
    """Create the runtime folder if need be and return the socket's path in it.

    Raises ConfigurationError if the folder could be somebody else's: who owns the folder owns the data.
    """
    if not _fits(folder):
        raise ConfigurationError(f"The runtime folder {folder} has too long a path for a socket.")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise ConfigurationError(f"The runtime folder {folder} cannot be used: {error.strerror or error}.") from error
    if not stat.S_ISDIR(found.st_mode):
        raise ConfigurationError(f"The runtime folder {folder} is not a real folder: remove what is there.")
    if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) != 0o700:
        raise ConfigurationError(f"The runtime folder {folder} must belong to you alone (mode 0700).")
    return folder / "redis.sock"


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / "redis.sock")) < SOCKET_PATH_BYTES
