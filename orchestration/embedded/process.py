"""One Redis server process: start it, ask how it is, recognise it, stop it. Everything here blocks."""

import os
import select
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from socket import AF_UNIX, SOCK_STREAM
from socket import socket as Socket
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from orchestration.embedded.binary import ServerVersion
from orchestration.embedded.datafolder import STEP_SECONDS, DataFolder
from orchestration.errors import EngineUnavailable

ANSWER_SECONDS = 1.0
# What it may take a server to finish its writes and go, and then to obey each signal.
SHUTDOWN_SECONDS, TERMINATE_SECONDS, KILL_SECONDS = 10.0, 3.0, 2.0


@dataclass(frozen=True)
class EmbeddedRedis:
    """A server that answers on a unix socket; `pid` is as its own process namespace counts."""

    socket: Path
    version: ServerVersion
    pid: int

    @property
    def url(self) -> str:
        """A URL for redis-py, like "unix:///run/user/1000/roundtable-0a1b2c3d/redis.sock"."""
        return f"unix://{quote(str(self.socket))}"


class State(Enum):
    """Why a server does not answer."""

    ABSENT = auto()  # nobody listens on the socket
    LOADING = auto()  # it is reading its append-only file
    SILENT = auto()  # somebody listens and says nothing useful: busy with a script or a slow disk


def ask(socket: Path) -> EmbeddedRedis | State:
    """Ask the server on the socket who it is; takes a second at most."""
    try:
        with _client(socket) as client:
            client.ping()
            info = client.info("server")
    except redis.BusyLoadingError:
        return State.LOADING
    except redis.RedisError:
        # "Too many clients" is a connection error to redis-py as well, but such a server is well alive.
        return State.SILENT if _listens(socket) else State.ABSENT
    valkey = info.get("valkey_version")
    kind, number = ("valkey", valkey) if valkey else ("redis", info["redis_version"])
    return EmbeddedRedis(socket, ServerVersion(kind, str(number)), int(info["process_id"]))


def launch(program: Path, folder: DataFolder, socket: Path) -> subprocess.Popen[bytes]:
    """Start the server in a session of its own, so that Ctrl-C on the terminal does not reach it."""
    options = {
        "dir": folder.path,
        "unixsocket": socket,
        "unixsocketperm": 700,
        "port": 0,
        "protected-mode": "yes",
        "appendonly": "yes",
        "appendfsync": "always",  # everysec has lost acknowledged writes when killed
        "no-appendfsync-on-rewrite": "no",
        "aof-load-truncated": "yes",
        "auto-aof-rewrite-percentage": 100,
        "auto-aof-rewrite-min-size": "64mb",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "pidfile": folder.pid_file,
        "logfile": folder.log,
        "set-proc-title": "no",  # the command line is how the process is recognised
    }
    command = [str(program)]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    with folder.log.open("ab") as log:
        try:
            process = subprocess.Popen(
                command,
                cwd=folder.path,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                umask=0o077,
            )
        except OSError as error:
            raise EngineUnavailable(f"{program} cannot be started: {error.strerror or error}.") from error
    # The server may outlive our use of it; somebody has to collect its exit status, whenever that is.
    threading.Thread(target=process.wait, name="embedded-redis-reaper", daemon=True).start()
    return process


def server_pid(folder: DataFolder) -> int | None:
    """The process id of the living server of this folder; None if there is none (or it cannot be seen).

    The pid file is looked at first and believed only if the process looks right. All processes are looked at
    next, because a server whose starter was killed may not have written its pid file yet.
    """
    written = folder.pid()
    if written is not None and _is_server(folder, written):
        return written
    if not Path("/proc/self").exists():
        return None
    pids = (int(entry) for entry in os.listdir("/proc") if entry.isdecimal())
    return next((pid for pid in pids if _is_server(folder, pid)), None)


def _is_server(folder: DataFolder, pid: int) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        # A child that rewrites the file has the same command line, but the server leads its session.
        return b"--unixsocket" in words and os.fsencode(folder.path) in words and os.getsid(pid) == pid
    except OSError:
        return False


def open_pid(folder: DataFolder, pid: int) -> int | None:
    """A pidfd of the server with that pid; None if it is not (or not visibly) a server of this folder.

    The check comes after the opening, so that the id cannot be recycled in between.
    """
    try:
        descriptor = os.pidfd_open(pid)
    except (OSError, AttributeError):  # gone; or a system without pidfds
        return None
    if _is_server(folder, pid):
        return descriptor
    os.close(descriptor)
    return None


def stop(folder: DataFolder, socket: Path | None) -> None:
    """End the server of the folder and return when it is gone; harmless when there is none.

    The caller must have made sure that nobody else uses it. It is asked first; signals are for a server that
    does not listen, and only go to a process that is verified to be ours.
    """
    answer = ask(socket) if socket else State.ABSENT
    pid = answer.pid if isinstance(answer, EmbeddedRedis) else server_pid(folder)
    process = open_pid(folder, pid) if pid else None
    try:
        asked = socket is not None and answer is not State.ABSENT and _ask_to_stop(socket)
        if process is None:
            _await_absence(socket if asked else None)
            return
        # One that was silent before is not waited for: all that it acknowledged is on the disk.
        if asked and answer is not State.SILENT and _gone(process, SHUTDOWN_SECONDS):
            return
        for number, seconds in ((signal.SIGTERM, TERMINATE_SECONDS), (signal.SIGKILL, KILL_SECONDS)):
            signal.pidfd_send_signal(process, number)
            if _gone(process, seconds):
                return
    except ProcessLookupError:
        return
    finally:
        if process is not None:
            os.close(process)


def end_child(process: subprocess.Popen[bytes]) -> None:
    """End a server that this very process has launched; harmless when it has ended already."""
    for send, seconds in ((process.terminate, TERMINATE_SECONDS), (process.kill, KILL_SECONDS)):
        send()
        try:
            process.wait(seconds)
            return
        except subprocess.TimeoutExpired:
            continue


def _ask_to_stop(socket: Path) -> bool:
    with _client(socket) as client:
        try:
            client.shutdown(nosave=True)
        except redis.TimeoutError:
            return True  # it has heard and is finishing its writes
        except redis.RedisError:
            return False
    return True


def _gone(process: int, seconds: float) -> bool:
    waiting = select.poll()
    waiting.register(process, select.POLLIN)
    return bool(waiting.poll(seconds * 1000))


def _await_absence(socket: Path | None) -> None:
    deadline = time.monotonic() + SHUTDOWN_SECONDS
    while socket and ask(socket) is not State.ABSENT and time.monotonic() < deadline:
        time.sleep(STEP_SECONDS)


def _listens(socket: Path) -> bool:
    with Socket(AF_UNIX, SOCK_STREAM) as connection:
        connection.settimeout(ANSWER_SECONDS)
        try:
            connection.connect(str(socket))
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
            return False
        except OSError:
            return True  # its queue of new connections is full
    return True


def _client(socket: Path) -> redis.Redis:
    return redis.Redis(
        unix_socket_path=str(socket),
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )
