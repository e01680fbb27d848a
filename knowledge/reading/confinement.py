"""What the reading process may not do from its start on: open a socket, start a process, write a file, take all memory.

The audit hook cannot be taken off again. It sees what goes through Python; the libraries in C that are used parse
bytes that they are given, and are told to resolve nothing by themselves.
"""

import contextlib
import os
import resource
import sys
from pathlib import Path

_FORBIDDEN = (
    "socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.startfile", "pty.",
    "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown",
    "os.utime", "os.setxattr", "os.removexattr", "os.kill", "os.killpg", "shutil.", "tempfile.",
    "urllib.", "http.", "ftplib.", "smtplib.", "imaplib.", "poplib.", "nntplib.", "telnetlib.", "webbrowser.",
    "sqlite3.", "signal.pthread_kill", "syslog.", "fcntl.",
)  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Forbidden(PermissionError):
    """A document, or a library on its behalf, tried what no document may."""


def confine(memory_megabytes: int) -> None:
    """For the rest of this process' life; call it when everything it needs from the system is open."""
    sys.dont_write_bytecode = True
    _limit(resource.RLIMIT_AS, memory_megabytes * 1_000_000)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    places = _own_places()

    def watch(event: str, args: tuple[object, ...]) -> None:
        if event == "open":
            path, _, flags = args
            if isinstance(flags, int) and flags & _WRITING:
                raise Forbidden(f"writing {path!r}")
            if isinstance(path, str | bytes | os.PathLike) and not os.fsdecode(path).startswith(places):
                raise Forbidden(f"reading {path!r}")
        elif event == "ctypes.dlopen":
            if args[0] and not str(args[0]).startswith(places):
                raise Forbidden(f"loading {args[0]!r}")
        elif event.startswith(_FORBIDDEN):
            raise Forbidden(event)

    sys.addaudithook(watch)


def limit_processor(seconds: float) -> None:
    """From now on, beside what was used before; the system ends a process that goes on."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime + seconds) + 1)


def _limit(which: int, amount: int) -> None:
    _, hard = resource.getrlimit(which)
    # Some systems know a limit and do not hold it; the parent's clock holds everywhere.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(which, (amount, hard))


def _own_places() -> tuple[str, ...]:
    """Where the program itself is: modules are still imported when a format first needs them."""
    places = {sys.prefix, sys.base_prefix, sys.exec_prefix, *filter(None, sys.path)}
    return tuple({str(form) for place in places for form in (place, Path(place).resolve())})
