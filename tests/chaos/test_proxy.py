"""The proxy that stands between a process and Redis, in front of a server that counts what it was asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from benchmarks.chaos.proxy import Proxy, open_proxy

HOST = "127.0.0.2"


@dataclass
class Counter:
    """Answers each line with the number of lines so far."""

    port: int = 0
    count: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readline():
                self.count += 1
                writer.write(f"{self.count}\n".encode())
        except OSError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def counter_behind_proxy() -> AsyncIterator[tuple[Counter, Proxy]]:
    """A counting server and a proxy in front of it."""
    counter = Counter()
    server = await asyncio.start_server(counter.serve, "127.0.0.1", 0)
    counter.port = server.sockets[0].getsockname()[1]
    async with open_proxy(HOST, [counter.port]) as proxy:
        yield counter, proxy
    server.close()
    await server.wait_closed()


class Client:
    """One connection to the proxy."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, line: str) -> str:
        """The reply, or nothing when the connection was lost before it came."""
        self._writer.write(line.encode() + b"\n")
        try:
            return (await self._reader.readline()).decode().strip()
        except OSError:
            return ""


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Client]:
    """A new connection, closed at the end."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()


async def test_it_passes_everything_on() -> None:
    """Left alone it is not noticed; every connection has its own way through."""
    async with counter_behind_proxy() as (counter, _), connected(counter.port) as one, connected(counter.port) as other:
        assert [await one.ask("a"), await other.ask("b"), await one.ask("c")] == ["1", "2", "3"]


async def test_a_reply_is_lost_after_the_server_did_what_was_asked() -> None:
    """The server has counted the marked request; who asked hears nothing and must ask on a new connection."""
    async with counter_behind_proxy() as (counter, proxy), connected(counter.port) as client:
        proxy.drop_reply(after=b"commit")

        assert await client.ask("read") == "1"
        assert await client.ask("commit this") == ""
        assert counter.count == 2
        assert proxy.dropped == 1
        async with connected(counter.port) as again:
            assert await again.ask("commit this") == "3", "only one reply is lost"


async def test_connections_are_cut() -> None:
    """All that are there; later ones work."""
    async with (
        counter_behind_proxy() as (counter, proxy),
        connected(counter.port) as one,
        connected(counter.port) as other,
    ):
        assert await one.ask("a") and await other.ask("b")

        assert proxy.cut() == 2
        assert [await one.ask("c"), await other.ask("d")] == ["", ""]
        async with connected(counter.port) as again:
            assert await again.ask("e") == "3"


async def test_data_is_delayed_in_both_directions() -> None:
    """A request and its reply each wait; with the delay gone they do not."""
    loop = asyncio.get_running_loop()
    async with counter_behind_proxy() as (counter, proxy), connected(counter.port) as client:
        proxy.delay_seconds = 0.1
        begun = loop.time()
        assert await client.ask("a") == "1"
        assert loop.time() - begun >= 0.2

        proxy.delay_seconds = 0.0
        assert await client.ask("b") == "2"


async def test_a_server_that_is_away_is_a_lost_connection() -> None:
    """As if the proxy were not there."""
    async with counter_behind_proxy() as (counter, _):
        port = counter.port
    async with open_proxy(HOST, [port]), connected(port) as client:
        assert await client.ask("a") == ""


async def test_servers_that_name_each_other_are_found_behind_it() -> None:
    """Whoever is told of another server comes to that one through the proxy as well."""

    async def name_the_other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(f"127.0.0.1:{counter.port}\n".encode())
        writer.close()

    async with counter_behind_proxy() as (counter, _):
        server = await asyncio.start_server(name_the_other, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, open_proxy(HOST, [port]), connected(port) as client:
            assert await client.ask("who?") == f"{HOST}:{counter.port}"


async def test_closing_ends_what_is_connected() -> None:
    """Nobody can connect any more, and who was connected notices."""
    async with counter_behind_proxy() as (counter, _):
        another = "127.0.0.3"
        async with open_proxy(another, [counter.port]):
            reader, writer = await asyncio.open_connection(another, counter.port)
            client = Client(reader, writer)
            assert await client.ask("a") == "1"
        assert await client.ask("b") == ""
        writer.close()
        with pytest.raises(OSError):
            await asyncio.open_connection(another, counter.port)
