"""Connections to Redis: one pool for commands, separate connections for blocking reads."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from hiredis import pack_command
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError, ResponseError

from orchestration.address import read_address
from orchestration.batching import Batcher
from orchestration.durability import LOCAL, Durability
from orchestration.errors import ConfigurationError, EngineUnavailable, RoundtableError
from orchestration.round_trips import REPLY_SECONDS, UNREACHABLE, RoundTrips
from orchestration.sentinels import Sentinels
from orchestration.streams import Streams

BLOCK_MS = 2_000
"""Longest wait of a blocking read."""
CLOSING_SECONDS = 2.0
"""What is on its way at the end, and the goodbyes, have this long."""
FLOOR = (6, 2)
"""Oldest Redis version that has the commands used here."""

TROUBLE = (RedisError, OSError)
"""The same, and whatever else a server may answer (out of memory, read only, no permission): loops outlive it."""

RedisClient = Redis  # bytes in, bytes out


class _PacksInC:
    """Writes commands with hiredis, in a quarter of the time; redis-py's asyncio connections do it in Python."""

    def pack_command(self, *args: bytes | str | int | float) -> list[bytes]:
        name, *rest = args
        # redis-py writes some commands of two words as one argument.
        words = name.split() if isinstance(name, bytes | str) else [name]
        return [pack_command((*words, *rest))]


def _no_retry() -> Retry:
    """What fails is repeated in round_trips.py, where it is known what may be."""
    return Retry(ExponentialBackoff(), retries=0)


class Connections:
    """How this process talks to one Redis: a server, or the master that Sentinels name."""

    def __init__(self, url: str, durability: Durability = LOCAL) -> None:
        address = read_address(url)
        self._url = url
        self._sentinels = None if isinstance(address, str) else Sentinels(address, retry=_no_retry())
        # A timer of redis-py's would be a task for each write; round_trips.py has one for all of them.
        self.commands = self._client(socket_timeout=None)
        self._round_trips = RoundTrips(self.commands, durability)
        self.batcher = Batcher(self._round_trips)
        self.streams = Streams(self.batcher)

    def reader(self) -> RedisClient:
        """A client of its own for blocking reads: its timeout is longer than the longest block."""
        return self._client(single_connection_client=True, socket_timeout=BLOCK_MS / 1000 + 5)

    def end_within(self, seconds: float) -> None:
        """The end is near: from now on all commands together have so long, then they fail as if Redis were away."""
        self._round_trips.end_within(seconds)

    async def close(self) -> None:
        self.end_within(CLOSING_SECONDS)
        await self.batcher.close()
        await self.commands.aclose()
        if self._sentinels is not None:
            await self._sentinels.aclose()

    def _client(self, *, single_connection_client: bool = False, **limits: Any) -> RedisClient:
        options = {"retry": _no_retry(), "socket_connect_timeout": 2, **limits}
        if self._sentinels is None:
            client = Redis.from_url(self._url, single_connection_client=single_connection_client, **options)
        else:
            master = self._sentinels.pool(**options)
            client = Redis(connection_pool=master, single_connection_client=single_connection_client)
            client.auto_close_connection_pool = True
        pool = client.connection_pool
        pool.connection_class = type("Connection", (_PacksInC, pool.connection_class), {})
        return client


def still_wanted() -> None:
    """Raise CancelledError when this task was cancelled during a read that had just got its reply.

    redis-py waits with asyncio.wait_for, which on Python 3.11 returns such a reply and forgets the cancellation.
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
        await _check(connections.commands, durability)
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
        return "what stands where the port should be is no number (/, ? and # in a password are written %2F, %3F, %23)"
    return str(error).rstrip(".")


async def _check(redis: RedisClient, durability: Durability) -> None:
    try:
        async with asyncio.timeout(REPLY_SECONDS):
            info: dict[str, Any] = await redis.info()
            if durability.asks:
                await _check_durability(redis, durability)
    except (TypeError, *TROUBLE) as error:
        # On a unix socket redis-py wraps whatever the server answers to its first words into a ConnectionError.
        raise _refusal(error.__cause__ if isinstance(error.__cause__, RedisError) else error) from None
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
        await commands.execute_command(*durability.command)
    except NoPermissionError:
        raise
    except ResponseError as refusal:
        if not durability.disk:
            raise
        needed = "ROUNDTABLE_REDIS_FSYNC needs Redis 7.2 or newer, with appendonly yes"
        raise ConfigurationError(f"{needed}; this one says: {str(refusal).rstrip('.')}.") from None


def _refusal(error: BaseException) -> RoundtableError:
    said = str(error).rstrip(".") or "there was no reply in time"
    if isinstance(error, AuthenticationError):
        return ConfigurationError(f"Redis refused the user name or password in REDIS_URL: {said}.")
    if isinstance(error, NoPermissionError):
        return ConfigurationError(f"The user in REDIS_URL lacks a right on Redis: {said}.")
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return ConfigurationError(
            "The certificate of Redis is not trusted: the option ssl_ca_certs of REDIS_URL names the file of whoever"
            f" signed it ({said})."
        )
    if "SSL" in said and ("WRONG_VERSION_NUMBER" in said or "RECORD_LAYER_FAILURE" in said):
        return ConfigurationError("Redis speaks no TLS at this address; it begins with redis:// then.")
    if isinstance(error, UNREACHABLE):
        return EngineUnavailable(f"Redis does not answer: {said}.")
    if isinstance(error, TypeError):
        # The options of an address are the arguments of a connection, and nobody looks at them before there is one.
        return ConfigurationError(f"REDIS_URL is not usable: it has an option that is not known ({said}).")
    if "unknown command" in said and "HELLO" in said:
        return ConfigurationError("This Redis is older than 6.0; Roundtable needs 6.2 or newer.")
    return ConfigurationError(f"Redis refused to be used: {said}.")
