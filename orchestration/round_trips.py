"""One round trip for many commands, on redis-py's connections, with one timer for all of them."""

import asyncio
import builtins
import inspect
from collections.abc import Callable, Collection, Sequence
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import (
    AskError,
    BusyLoadingError,
    ClusterDownError,
    ConnectionError,
    MovedError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
    TimeoutError,
    TryAgainError,
)

from orchestration.durability import LOCAL, Durability, key_of, writes
from orchestration.wire import wire_of

Argument = bytes | str | int | float
Command = tuple[Argument, ...]

UNREACHABLE = (ConnectionError, TimeoutError, BusyLoadingError, OSError)
"""What redis-py raises while a server is away."""
REPLY_SECONDS = 5.0
NO_MASTER = "cannot be used with replica instances"
"""Says WAIT or WAITAOF at a server that was a master once."""
_ELSEWHERE = (AskError, ClusterDownError, TryAgainError)
"""Says a server of a cluster about a slot that it does not have, or not yet, or not all of any more: nothing was done.
MovedError is an AskError.
"""
_NO_FILE = "appendonly is disabled"
"""Says WAITAOF at a server whose append-only file was switched off."""
_REFUSALS = ("OOM command not allowed", "MISCONF", "NOREPLICAS", "READONLY", NO_MASTER, _NO_FILE)
"""Are in what a server says that takes no writes: its memory or disk is full, its replicas are gone, or it is one."""


class WritesRefused(ConnectionError):
    """The server answers and takes no writes: for whoever works with it that is as if it were away."""


class NotDurable(WritesRefused):
    """It took them, and could not say in time that they are where they have to be."""


class RoundTrips:
    """Sends commands together and returns their replies in order, as redis-py's client would.

    What a command is refused with stands in the place of its reply. When the server is away everything is sent
    again, for a good second, and after a silence of REPLY_SECONDS once more; then it raises what redis-py raises.
    Writes that are not as durable in time as they have to be are sent once more as well.
    """

    def __init__(
        self,
        redis: Redis,
        durability: Durability = LOCAL,
        near: Callable[[str, Collection[str]], str] = lambda key, but: key,
    ) -> None:
        """`near` names a key like another one that this server has, none of those that it turned out not to have."""
        self._redis = redis
        self._durability = durability
        self._near = near
        self._gone: set[str] = set()
        """Probes that were to be written elsewhere."""
        errors: Any = UNREACHABLE
        self._retry = Retry(ExponentialBackoff(cap=0.4, base=0.02), retries=6, supported_errors=errors)
        self._idle: list[Any] = []
        """Connections that were opened and wait for the next round trip."""
        self._end: float | None = None
        self._limits: set[asyncio.Timeout] = set()

    async def __call__(self, commands: Sequence[Command]) -> list[Any]:
        silences = 0

        async def attempt() -> list[Any]:
            return await self._attempt(commands)

        def worth_another(error: Exception) -> bool:
            nonlocal silences
            silences += isinstance(error, TimeoutError | builtins.TimeoutError | NotDurable)
            return silences <= 1

        try:
            async with asyncio.timeout_at(self._end) as limit:
                self._limits.add(limit)
                try:
                    return await self._retry.call_with_retry(attempt, self._leave_silence, worth_another)
                finally:
                    self._limits.discard(limit)
        except builtins.TimeoutError as error:
            raise TimeoutError("Redis did not answer in time") from error

    def end_within(self, seconds: float) -> None:
        """From now on all round trips together have so long; what takes longer fails as if the server were away.

        A frozen server keeps whoever says goodbye for half a minute with each word.
        """
        end = asyncio.get_running_loop().time() + seconds
        if self._end is None or end < self._end:
            self._end = end
            for limit in self._limits:
                limit.reschedule(end)

    async def _leave_silence(self, error: Exception) -> None:
        """A connection was dropped where it failed. Others that wait idly lead into the same silence, and a server that
        froze may not be the master any more: what is opened anew leads to the one that is.
        """
        if isinstance(error, TimeoutError | builtins.TimeoutError):
            idle, self._idle = self._idle, []
            for connection in idle:
                await self._drop(connection)
            await self._redis.connection_pool.disconnect(inuse_connections=False)

    async def _attempt(self, commands: Sequence[Command]) -> list[Any]:
        behind = self._durability.behind(commands, lambda key: self._near(key, self._gone))
        sent = [*commands, *behind] if behind else commands
        async with asyncio.timeout(REPLY_SECONDS):
            # A new connection waits for the server's greeting, which a frozen one never sends.
            connection = await self._connection()
            try:
                got = await wire_of(connection).exchange(sent)
                misled = getattr(connection, "misled", None)
                if misled is not None and any(map(misled, got)):
                    raise ConnectionError("the previous master is a replica now")
                replies = [await self._reply(reply, command[0]) for reply, command in zip(got, sent, strict=True)]
                if behind:
                    said = replies[len(commands) :]
                    del replies[len(commands) :]
                    self._hold(said, replies)
                    if isinstance(said[0], _ELSEWHERE) and _any_done(commands, replies):
                        self._gone.add(key_of(behind[0]))
                        raise NotDurable("nothing could be written behind what was, for its slot is on the move")
            except BaseException:
                # What is still to come on it would be taken for the replies to other commands.
                await self._drop(connection)
                raise
            if any(isinstance(reply, WritesRefused) for reply in replies):
                # It may have been the master once; a new connection leads to the one that is.
                await self._drop(connection)
            else:
                self._idle.append(connection)
        return replies

    async def _connection(self) -> Any:
        """An open one."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_connected and not wire_of(connection).closed:
                return connection
            await self._drop(connection)
        pool: Any = self._redis.connection_pool
        return await pool.get_connection()

    async def _drop(self, connection: Any) -> None:
        await connection.disconnect(nowait=True)
        await self._redis.connection_pool.release(connection)

    def _hold(self, said: Sequence[Any], replies: Sequence[Any]) -> None:
        told = any(isinstance(one, WritesRefused | MovedError) for one in replies)
        for refusal in said:
            # Whoever asked is told as well that this server takes no writes, or where else to write.
            elsewhere = isinstance(refusal, _ELSEWHERE)
            if isinstance(refusal, Exception) and not elsewhere and not (isinstance(refusal, WritesRefused) and told):
                raise refusal
        if not isinstance(said[-1], Exception) and not self._durability.is_met(said[-1]):
            raise NotDurable(self._durability.shortfall(said[-1]))

    async def _reply(self, reply: Any, name: Argument) -> Any:
        if isinstance(reply, ResponseError):
            return WritesRefused(str(reply)) if _refuses_writes(reply) else reply
        if isinstance(reply, Exception):
            raise reply
        callback = self._redis.response_callbacks.get(name.decode() if isinstance(name, bytes) else str(name))
        if callback is None:
            return reply
        parsed = callback(reply)
        return await parsed if inspect.isawaitable(parsed) else parsed


def _any_done(commands: Sequence[Command], replies: Sequence[Any]) -> bool:
    """Whether anything may have been written here."""
    told = zip(commands, replies, strict=True)
    return any(writes(command) and not isinstance(reply, _ELSEWHERE) for command, reply in told)


def _refuses_writes(refusal: ResponseError) -> bool:
    """A script's refusal stands in the middle of what the server says about the script."""
    return isinstance(refusal, OutOfMemoryError | ReadOnlyError) or any(word in str(refusal) for word in _REFUSALS)
