"""Commands out and replies in on one connection of redis-py's, against the real server."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError, ResponseError

from orchestration.wire import Wire, wire_of


@pytest.fixture
async def connection(redis_url: str) -> AsyncIterator[Any]:
    """An open one."""
    async with Redis.from_url(redis_url, single_connection_client=True) as client:
        yield client.connection


async def test_replies_come_in_the_order_of_the_commands(connection: Any) -> None:
    """Of one exchange and of several at once; a large one in pieces."""
    wire = wire_of(connection)
    large = b"x" * 1_000_000
    one, two, three = await asyncio.gather(
        wire.exchange([("ECHO", b"a"), ("ECHO", large)]), wire.exchange([("ECHO", 3)]), wire.exchange([("ECHO", "ä")])
    )
    assert (one, two, three) == ([b"a", large], [b"3"], ["ä".encode()])


async def test_a_refusal_stands_in_the_place_of_its_reply(connection: Any) -> None:
    """As redis-py's exception, and the others have theirs."""
    first, refusal, last = await wire_of(connection).exchange([("ECHO", "a"), ("NOCOMMAND",), ("ECHO", "b")])
    assert (first, last) == (b"a", b"b")
    assert isinstance(refusal, ResponseError)


async def test_a_connection_has_one_wire_until_it_is_closed(connection: Any) -> None:
    """What is opened in its place has another one."""
    wire = wire_of(connection)
    assert isinstance(wire, Wire) and wire_of(connection) is wire
    await connection.disconnect()
    assert wire.closed
    with pytest.raises(ConnectionError):
        await wire.exchange([("PING",)])
    await connection.connect()
    assert await wire_of(connection).exchange([("ECHO", "again")]) == [b"again"]


async def test_whoever_waits_hears_that_the_server_closed(connection: Any, redis_url: str) -> None:
    """And what was not answered is not taken for anything else."""
    wire = wire_of(connection)
    [own] = await wire.exchange([("CLIENT", "ID")])
    waiting = asyncio.ensure_future(wire.exchange([("BLPOP", "nothing-comes", 0)]))
    await asyncio.sleep(0)
    async with Redis.from_url(redis_url) as other:
        await other.client_kill_filter(_id=str(own))
    with pytest.raises(ConnectionError, match="closed"):
        await waiting


async def test_a_reply_that_nobody_waits_for_any_more_shifts_no_other(connection: Any) -> None:
    """Whoever was cancelled is passed over."""
    wire = wire_of(connection)
    given_up = asyncio.ensure_future(wire.exchange([("ECHO", "given up")]))
    await asyncio.sleep(0)
    given_up.cancel()
    assert await wire.exchange([("ECHO", "wanted")]) == [b"wanted"]
