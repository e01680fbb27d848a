"""A TCP proxy on loopback that can delay, cut, or drop a reply after the server has done what was asked."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

CHUNK = 65_536
HOME = "127.0.0.1"
"""Where the servers are."""


@dataclass(eq=False)
class _Link:
    """One client's connection and the one to the server that belongs to it."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    drops: bool = False
    """Its next reply gets lost, and the connection with it."""

    def abort(self) -> None:
        """Reset both connections; nothing that was not yet sent is sent."""
        self.client.transport.abort()
        self.server.transport.abort()


class Proxy:
    """Stands between one process and the servers on this machine. Everything it does is done by this event loop.

    It listens at another address of this machine, on the same ports as they do, and where they name each other in
    their replies it puts that address: whoever is told of another server comes to it through the proxy as well.
    """

    def __init__(self, host: str, ports: Sequence[int]) -> None:
        assert len(host) == len(HOME), "what the servers say about the length of a reply has to stay true"
        self.host = host
        self.delay_seconds = 0.0
        """Every piece of data waits this long, in both directions."""
        self.dropped = 0
        """Replies that were lost."""
        self._ports = ports
        self._links: set[_Link] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._drop_after = b""
        self._listeners: list[asyncio.Server] = []

    async def open(self) -> None:
        """Listen wherever a server does."""
        for port in self._ports:
            self._listeners.append(await asyncio.start_server(partial(self._serve, port), self.host, port))

    async def close(self) -> None:
        """Cut what is connected and listen no more."""
        for listener in self._listeners:
            listener.close()
        while self._serving:
            self.cut()
            await asyncio.wait(set(self._serving))

    def cut(self) -> int:
        """Reset every connection; returns how many there were."""
        links = list(self._links)
        for link in links:
            link.abort()
        return len(links)

    def drop_reply(self, after: bytes) -> None:
        """Lose the reply to the next request that contains these bytes, and cut its connection."""
        self._drop_after = after

    async def _serve(self, port: int, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            replies, server = await asyncio.open_connection(HOME, port)
        except OSError:
            client.transport.abort()
            self._serving.discard(task)
            return
        link = _Link(client, server)
        self._links.add(link)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._requests(link, reader))
                group.create_task(self._replies(link, replies))
        finally:
            self._links.discard(link)
            self._serving.discard(task)

    async def _requests(self, link: _Link, reader: asyncio.StreamReader) -> None:
        try:
            while data := await reader.read(CHUNK):
                await self._pause()
                if self._drop_after and self._drop_after in data:
                    self._drop_after = b""
                    link.drops = True
                link.server.write(data)
                await link.server.drain()
        except OSError:
            pass  # Cut, here or at either end: the other direction ends with it.
        finally:
            link.abort()

    async def _replies(self, link: _Link, replies: asyncio.StreamReader) -> None:
        try:
            while data := await replies.read(CHUNK):
                await self._pause()
                if link.drops:
                    self.dropped += 1
                    return
                link.client.write(data.replace(HOME.encode(), self.host.encode()))
                await link.client.drain()
        except OSError:
            pass
        finally:
            link.abort()

    async def _pause(self) -> None:
        if self.delay_seconds:
            await asyncio.sleep(self.delay_seconds)


@asynccontextmanager
async def open_proxy(host: str, ports: Sequence[int]) -> AsyncIterator[Proxy]:
    """A proxy that listens until the block ends."""
    proxy = Proxy(host, ports)
    try:
        await proxy.open()
        yield proxy
    finally:
        await proxy.close()
