"""What must have happened to a write before it counts as done."""

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from orchestration.keys import probe_beside
from orchestration.lua import scripts

WAIT_MS = 1_000
"""So long a server waits for its replicas; then it says how many have it."""
DISK_MS = 2_500
"""The same for disks. With `appendfsync everysec` a second goes by, and another one until a replica tells of it."""
READS = frozenset(
    {
        "ASKING", "CLIENT", "EXISTS", "GET", "HGET", "HGETALL", "HKEYS", "HMGET", "LRANGE", "PUBLISH", "SCAN",
        "SMEMBERS", "TIME", "XLEN", "XPENDING", "XRANGE", "XREVRANGE", "ZCARD", "ZRANGE", "ZRANGEBYSCORE",
    }
)  # fmt: skip
"""Commands that leave nothing behind; so does a script that calls nothing else."""
_CALLED = re.compile(r"call\((?:'([A-Z]+)')?")
_KEY_AT = {"EVALSHA": 3, "EVAL": 3, "XGROUP": 2, "XINFO": 2}
"""Where the first key of a command stands, unless it is its first argument."""

_Command = tuple[bytes | str | int | float, ...]


class Durability(BaseModel):
    """Asked of the server behind each batch of writes, in the same round trip."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    replicas: int = Field(0, ge=0, le=10)
    """So many replicas must have it."""
    disk: bool = False
    """It must be in the append-only file, and on the disk, of the server and of so many replicas."""

    @property
    def asks(self) -> bool:
        return self.disk or self.replicas > 0

    @property
    def questions(self) -> Sequence[_Command]:
        """The last one returns how many have it (WAIT), or [1 or 0 for the server itself, how many replicas] (WAITAOF).

        A replica that is asked what is on its disk tells what was there before it heard of the write, and then nothing
        for a second. So it is asked twice: when it has told that it heard of it, it is on its disk as well.
        """
        there: _Command = ("WAIT", self.replicas, WAIT_MS)
        on_disk: _Command = ("WAITAOF", 1, self.replicas, DISK_MS)
        if not self.disk:
            return (there,)
        return (there, on_disk) if self.replicas else (on_disk,)

    def behind(self, commands: Sequence[_Command], near: Callable[[str], str] = lambda key: key) -> Sequence[_Command]:
        """What follows these commands, the probe first; nothing where they leave nothing behind.

        Servers from Redis 7.2 on wait for what this very connection wrote last. A command that finds its work done,
        by whomever, writes nothing, and what it found may still be on its way to the replicas: so something is written.
        Any key of that server will do for it; `near` makes one of the usual one.
        """
        written = next(filter(writes, commands), None) if self.asks else None
        if written is None:
            return ()
        return (("SETRANGE", near(probe_beside(key_of(written))), 0, "."), *self.questions)

    def is_met(self, reply: Any) -> bool:
        """What the server said to the last question."""
        if not self.disk:
            return int(reply) >= self.replicas
        here, there = reply
        return bool(here) and int(there) >= self.replicas

    def shortfall(self, reply: Any) -> str:
        """What the server said where that is too little, in a sentence."""
        if not self.disk:
            return f"{reply} of {self.replicas} replicas have what was written"
        here, there = reply
        own = "is" if here else "is not"
        others = f", and on those of {there} of {self.replicas} replicas" if self.replicas else ""
        return f"what was written {own} on the server's disk{others}"


LOCAL = Durability()
"""Whatever the server does by its own settings."""


def key_of(command: _Command) -> str:
    """The first key of a command, "" where it has none (TIME, INFO)."""
    place = _KEY_AT.get(_name(command), 1)
    key = command[place] if place < len(command) else ""
    return key.decode() if isinstance(key, bytes) else key if isinstance(key, str) else ""


def writes(command: _Command) -> bool:
    """Whether it may leave something behind."""
    name = _name(command)
    return _text(command[1]) not in reading_scripts() if name in ("EVALSHA", "EVAL") else name not in READS


@cache
def reading_scripts() -> frozenset[str]:
    """Texts and digests of the scripts that leave nothing behind."""
    return frozenset(
        part for script in scripts().values() if READS.issuperset(_CALLED.findall(script[0])) for part in script
    )


def _name(command: _Command) -> str:
    return _text(command[0])


def _text(part: bytes | str | int | float) -> str:
    return part.decode() if isinstance(part, bytes) else str(part)
