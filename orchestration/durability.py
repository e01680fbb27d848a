"""What must have happened to a write before it counts as done."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

WAIT_MS = 1_000
"""So long a server waits for its replicas and its disk; then it says how far they are."""
_READS = frozenset(
    {
        "CLIENT", "EXISTS", "GET", "HGET", "HGETALL", "HMGET", "HVALS", "INFO", "LRANGE", "PING", "PUBLISH", "TIME",
        "XLEN", "XPENDING", "XRANGE", "XREVRANGE", "ZCARD", "ZCOUNT", "ZRANGE", "ZSCORE",
    }
)  # fmt: skip
"""Commands that leave nothing behind."""


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
    def command(self) -> tuple[bytes | str | int | float, ...]:
        """Returns how many have it (WAIT), or [1 or 0 for the server itself, how many replicas] (WAITAOF)."""
        return ("WAITAOF", 1, self.replicas, WAIT_MS) if self.disk else ("WAIT", self.replicas, WAIT_MS)

    def is_met(self, reply: Any) -> bool:
        """What the server said of it."""
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


def writes(names: Sequence[object]) -> bool:
    """Whether any of these commands may leave something behind."""
    return any((name.decode() if isinstance(name, bytes) else str(name)) not in _READS for name in names)
