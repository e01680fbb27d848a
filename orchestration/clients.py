"""Clients of redis-py as they are used here: they repeat nothing by themselves."""

from typing import Any

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.maint_notifications import MaintNotificationsConfig

CONNECTING_SECONDS = 2
UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"
"""Is in what redis-py says of a server that does not show who it is."""


def no_retry() -> Retry:
    """What fails is repeated in round_trips.py, where it is known what may be."""
    return Retry(ExponentialBackoff(), retries=0)


def limits(reply_seconds: float | None) -> dict[str, Any]:
    """Options of a connection. Without a time for replies round_trips.py has a timer for all of them; one of redis-py's
    would be a task for each write. redis-py neither says what it is nor asks to be told of maintenance: most servers
    refuse that, and a user's refusals are in their ACL LOG, where they would hide those that matter.
    """
    return {
        "retry": no_retry(),
        "socket_connect_timeout": CONNECTING_SECONDS,
        "socket_timeout": reply_seconds,
        "driver_info": None,
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
    }


def client_of(url: str, reply_seconds: float | None = None, *, alone: bool = False) -> Redis:
    """For one server; `alone`: on one connection. Raises ValueError for an address that is none."""
    return Redis.from_url(url, single_connection_client=alone, **limits(reply_seconds))


def client_over(pool: ConnectionPool, *, alone: bool = False) -> Redis:
    """Over connections that are made in another way; it closes them."""
    client = Redis(connection_pool=pool, single_connection_client=alone)
    client.auto_close_connection_pool = True
    return client
