"""Clients of redis-py as they are used here: they repeat nothing by themselves, and write commands in C."""

from typing import Any

from hiredis import pack_command
from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

CONNECTING_SECONDS = 2


class _PacksInC:
    """Writes commands with hiredis, in a quarter of the time; redis-py's asyncio connections do it in Python."""

    def pack_command(self, *args: bytes | str | int | float) -> list[bytes]:
        name, *rest = args
        # redis-py writes some commands of two words as one argument.
        words = name.split() if isinstance(name, bytes | str) else [name]
        return [pack_command((*words, *rest))]


def no_retry() -> Retry:
    """What fails is repeated in round_trips.py, where it is known what may be."""
    return Retry(ExponentialBackoff(), retries=0)


def limits(reply_seconds: float | None) -> dict[str, Any]:
    """Options of a connection. Without a time for replies round_trips.py has a timer for all of them; one of redis-py's
    would be a task for each write.
    """
    return {"retry": no_retry(), "socket_connect_timeout": CONNECTING_SECONDS, "socket_timeout": reply_seconds}


def client_of(url: str, reply_seconds: float | None = None, *, alone: bool = False) -> Redis:
    """For one server; `alone`: on one connection. Raises ValueError for an address that is none."""
    return _packing(Redis.from_url(url, single_connection_client=alone, **limits(reply_seconds)))


def client_over(pool: ConnectionPool, *, alone: bool = False) -> Redis:
    """Over connections that are made in another way; it closes them."""
    client = Redis(connection_pool=pool, single_connection_client=alone)
    client.auto_close_connection_pool = True
    return _packing(client)


def _packing(client: Redis) -> Redis:
    pool = client.connection_pool
    pool.connection_class = type("Connection", (_PacksInC, pool.connection_class), {})
    return client
