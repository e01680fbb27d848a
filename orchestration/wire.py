"""The bytes of one connection: commands out, replies in, in their order.

redis-py opens a connection: address, TLS, password and Sentinels are its business, and so is closing it. What it does
for each command in between costs more than the command, so from then on the socket is read here: hiredis takes the
replies apart, and whoever waits is woken once for all of them.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any

from hiredis import PushNotification, Reader, pack_command
from redis.exceptions import ConnectionError, InvalidResponse

Part = bytes | str | int | float

_INCOMPLETE = object()
_pack: Any = pack_command
"""Its stub speaks of tuples of one part."""


class Wire(asyncio.Protocol):
    """Takes over the socket of a connection that is open; `wire_of` makes it."""

    def __init__(self, connection: Any) -> None:
        self._transport = connection._writer.transport
        self._before = self._transport.get_protocol()
        """redis-py waits for it when it closes the connection."""
        self._reader = Reader(
            protocolError=InvalidResponse, replyError=connection._parser.parse_error, notEnoughData=_INCOMPLETE
        )
        self._awaited: deque[tuple[int, list[Any], asyncio.Future[list[Any]]]] = deque()
        self._transport.set_protocol(self)

    @property
    def closed(self) -> bool:
        return bool(self._transport.is_closing())

    async def exchange(self, commands: Sequence[tuple[Part, ...]]) -> list[Any]:
        """The replies to these commands; what the server refuses stands in the place of its reply.

        Whoever is cancelled meanwhile has to close the connection: its replies are still to come.
        """
        if self.closed:
            raise _lost()
        replies: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._awaited.append((len(commands), [], replies))
        self._transport.write(b"".join([_pack(command) for command in commands]))
        return await replies

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        try:
            while (reply := self._reader.gets()) is not _INCOMPLETE:
                if not isinstance(reply, PushNotification):
                    self._take(reply)
        except InvalidResponse:
            self._transport.abort()

    def _take(self, reply: Any) -> None:
        count, replies, future = self._awaited[0]
        replies.append(reply)
        if len(replies) == count:
            self._awaited.popleft()
            if not future.done():
                future.set_result(replies)

    def eof_received(self) -> None:
        """The transport closes itself."""

    def pause_writing(self) -> None:
        """Nobody sends more before the replies are there."""

    def resume_writing(self) -> None:
        """See above."""

    def connection_lost(self, error: Exception | None) -> None:
        while self._awaited:
            *_, future = self._awaited.popleft()
            if not future.done():
                future.set_exception(_lost())
        self._before.connection_lost(error)


def wire_of(connection: Any) -> Wire:
    """The wire of an open connection of redis-py's, which reads nothing by itself any more."""
    protocol = connection._writer.transport.get_protocol()
    return protocol if isinstance(protocol, Wire) else Wire(connection)


def _lost() -> ConnectionError:
    return ConnectionError("Connection closed by server.")
