"""Connections to Redis: one pool for commands, separate connections for blocking reads."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ConnectionError, NoPermissionError, RedisError, ResponseError

from orchestration.address import ESCAPED, ClusterAddress, SentinelAddress, read_address
from orchestration.batching import Batcher
from orchestration.clients import client_of, client_over, limits, no_retry
from orchestration.cluster import Cluster, slot_of
from orchestration.doorstep import misunderstood
from orchestration.durability import LOCAL, Durability
from orchestration.errors import ConfigurationError, EngineUnavailable
from orchestration.round_trips import NO_MASTER, REPLY_SECONDS, RoundTrips
from orchestration.sentinels import Sentinels
from orchestration.streams import Streams
from orchestration.trouble import told_at_first

BLOCK_MS = 2_000
"""Longest wait of a blocking read."""
READ_SECONDS = BLOCK_MS / 1000 + 5
"""A server that owes the reply to a blocking read for so long is gone."""
FIRST_PAUSE_SECONDS = 0.05
"""After a read that failed; it doubles with each further one in a row, up to a second."""
CLOSING_SECONDS = 2.0
"""What is on its way at the end, and the goodbyes, have this long."""
FLOOR = (6, 2)
"""Oldest Redis version that has the commands used here."""

TROUBLE = (RedisError, OSError)
"""The same, and whatever else a server may answer (out of memory, read only, no permission): loops outlive it."""

RedisClient = Redis  # bytes in, bytes out


class Connections:
    """How this process talks to one Redis: a server, the master that Sentinels name, or a cluster."""

    def __init__(self, url: str, durability: Durability = LOCAL) -> None:
        self._url = url
        self._sentinels: Sentinels | None = None
        self._cluster: Cluster | None = None
        self._commands: RedisClient | None = None
        self._round_trips: RoundTrips | Cluster
        self.address = address = read_address(url)
        if isinstance(address, ClusterAddress):
            self._round_trips = self._cluster = Cluster(address, durability)
        else:
            if isinstance(address, SentinelAddress):
                self._sentinels = Sentinels(address, retry=no_retry())
            self._commands = self._client()
            self._round_trips = RoundTrips(self._commands, durability)
        self.batcher = Batcher(self._round_trips, self._cluster)
        self.streams = Streams(self.batcher)

    @property
    def commands(self) -> RedisClient:
        """A client of the one server; a cluster has several."""
        assert self._commands is not None, "a cluster is asked by its batcher"
        return self._commands

    @property
    def is_cluster(self) -> bool:
        return self._cluster is not None

    async def clients(self) -> Sequence[RedisClient]:
        """A client for each server that has anything."""
        return [self.commands] if self._cluster is None else await self._cluster.clients()

    def reader(self) -> RedisClient:
        """A client of its own for what comes from any server: its timeout is longer than the longest block."""
        return self._client(READ_SECONDS, alone=True) if self._cluster is None else self._cluster.listener(READ_SECONDS)

    def place(self, stream: str) -> int:
        """Streams of the same place can be read in one command."""
        return 0 if self._cluster is None else slot_of(stream)

    async def reader_of(self, stream: str) -> RedisClient:
        """The same for blocking reads of a stream, and of others of its place."""
        return self.reader() if self._cluster is None else await self._cluster.reader(stream, READ_SECONDS)

    async def unblock(self, stream: str, reader: int) -> None:
        """End the blocking read of another connection, by its id where the stream is; it returns with what it has."""
        if self._cluster is None:
            await self.batcher("CLIENT", "UNBLOCK", reader)
        else:
            await self._cluster.unblock(stream, reader)

    def end_within(self, seconds: float) -> None:
        """The end is near: from now on all commands together have so long, then they fail as if Redis were away."""
        self._round_trips.end_within(seconds)

    async def close(self) -> None:
        self.end_within(CLOSING_SECONDS)
        await self.batcher.close()
        for resource in (self._commands, self._sentinels, self._cluster):
            if resource is not None:
                await resource.aclose()

    def _client(self, reply_seconds: float | None = None, *, alone: bool = False) -> RedisClient:
        if self._sentinels is None:
            return client_of(self._url, reply_seconds, alone=alone)
        return client_over(self._sentinels.pool(**limits(reply_seconds)), alone=alone)


def still_wanted() -> None:
    """Raise CancelledError when this task was cancelled during a read that had just got its reply, or had just failed.

    redis-py waits with asyncio.wait_for, which on Python 3.11 passes that on and forgets the cancellation.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


@asynccontextmanager
async def open_connections(url: str, durability: Durability = LOCAL) -> AsyncIterator[Connections]:
    """Connect and check the server.

    Raises ConfigurationError for a wrong address, password or version, EngineUnavailable when nobody answers.
    """
    connections = connections_later(url, durability)
    try:
        await _check(connections, durability)
        yield connections
    finally:
        await connections.close()


def connections_later(url: str, durability: Durability = LOCAL) -> Connections:
    """Connects at the first use, checks nothing of the server, and has to be closed.

    Raises ConfigurationError for an address that is none.
    """
    try:
        return Connections(url, durability)
    except ValueError as error:
        raise ConfigurationError(f"REDIS_URL is not usable: {_about(error)}.") from None


def _about(error: ValueError) -> str:
    """What is wrong with an address. The text that is no port may be a part of the password, so it is not repeated."""
    if "integer" in str(error):
        return f"what stands where the port should be is no number ({ESCAPED})"
    return str(error).rstrip(".")


async def _check(connections: Connections, durability: Durability) -> None:
    try:
        async with asyncio.timeout(REPLY_SECONDS):
            servers = await connections.clients()
            found: list[dict[str, Any]] = [await redis.info() for redis in servers]
            if durability.asks:
                for redis in servers:
                    await _check_durability(redis, durability)
    except (TypeError, *TROUBLE) as error:
        # On a unix socket redis-py wraps whatever the server answers to its first words into a ConnectionError.
        said = told_at_first(error.__cause__ if isinstance(error.__cause__, RedisError) else error)
        if isinstance(said, EngineUnavailable) and (wrong := await misunderstood(connections.address)):
            raise ConfigurationError(wrong) from None
        raise said from None
    for info in found:
        mode = info.get("redis_mode", info.get("server_mode"))  # Valkey has another word.
        if mode == "cluster" and not connections.is_cluster:
            raise ConfigurationError("This Redis is one of a cluster; REDIS_URL has to begin with redis+cluster://.")
        if mode == "sentinel":
            raise ConfigurationError("This is a Sentinel; its address is redis+sentinel://HOST:PORT,HOST:PORT/SERVICE.")
        _check_server(info)


def _check_server(info: dict[str, Any]) -> None:
    version = str(info.get("redis_version", "0.0"))
    if tuple(int(part) for part in version.split(".")[:2]) < FLOOR:
        raise ConfigurationError(f"Redis {version} is too old; Roundtable needs 6.2 or newer.")
    policy = str(info.get("maxmemory_policy", ""))
    if int(info.get("maxmemory", 0)) and policy.startswith("allkeys"):
        raise ConfigurationError(
            f"This Redis may throw away unfinished runs (maxmemory-policy is {policy}); set it to noeviction."
        )


async def _check_durability(redis: RedisClient, durability: Durability) -> None:
    """Whether the server knows what is asked of it. How many replicas it has is seen later, and may change."""
    commands: Any = redis
    try:
        for question in durability.questions:
            await commands.execute_command(*question)
    except NoPermissionError:
        raise
    except ResponseError as refusal:
        if NO_MASTER in str(refusal):
            raise ConnectionError("it is a replica, or has become one in this moment") from None
        if not durability.disk:
            raise
        said = str(refusal).rstrip(".")
        why = "does not know WAITAOF" if "unknown command" in said else f"says: {said}"
        raise ConfigurationError(
            f"ROUNDTABLE_REDIS_FSYNC needs Redis 7.2 or newer, with appendonly yes; this one {why}."
        ) from None
