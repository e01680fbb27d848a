"""Sends commands that are waiting at the same moment together: one round trip and one fsync for all of them.

Round trips cost most of what coordination costs, so steps and runs that go on at the same time share them. A caller
that is cancelled leaves its command to run and hears of the cancellation at once; redis-py on its own drops the
connection in the middle of a command, and on Python 3.11 may swallow the cancellation (asyncio.wait_for).
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from functools import cached_property
from hashlib import sha1
from importlib.resources import files
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

MOST_TOGETHER = 200
IN_FLIGHT = 2
"""Round trips under way at once: the second one leaves while the first is waiting for the disk."""

Argument = bytes | str | int | float
Command = tuple[Argument, ...]


class Batcher:
    """One per process. A lost reply makes redis-py send a command again, so each must stand a repeat: what it does
    happens once, though the second reply may tell of the first ("DONE", "ENDED") and an event may stand there twice.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._waiting: deque[tuple[Command, asyncio.Future[Any]]] = deque()
        self._senders: set[asyncio.Task[None]] = set()
        self.available = True
        """Whether Redis answered last."""

    async def __call__(self, *command: Argument) -> Any:
        """Run one command; raises what Redis answered or what redis-py raises while it is away."""
        reply: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((command, reply))
        if len(self._senders) < IN_FLIGHT:
            sender = asyncio.create_task(self._send())
            self._senders.add(sender)
            sender.add_done_callback(self._senders.discard)
        return await reply

    async def script(self, name: str, keys: Sequence[str], args: Sequence[Argument]) -> Any:
        """Run scripts/<name>.lua."""
        text, digest = self._scripts[name]
        try:
            return await self("EVALSHA", digest, len(keys), *keys, *args)
        except NoScriptError:
            return await self("EVAL", text, len(keys), *keys, *args)

    async def close(self) -> None:
        """Wait for what is on its way."""
        while self._senders:
            await asyncio.wait(set(self._senders))

    @cached_property
    def _scripts(self) -> dict[str, tuple[str, str]]:
        folder = files("orchestration") / "scripts"
        texts = {path.name.removesuffix(".lua"): path.read_text() for path in folder.iterdir()}
        return {name: (text, sha1(text.encode(), usedforsecurity=False).hexdigest()) for name, text in texts.items()}

    async def _send(self) -> None:
        while self._waiting:
            # Whatever else is ready to run in this turn of the loop may add to the batch first.
            await asyncio.sleep(0)
            batch = [self._waiting.popleft() for _ in range(min(MOST_TOGETHER, len(self._waiting)))]
            if not batch:
                return
            try:
                replies = await self._round_trip([command for command, _ in batch])
                self.available = True
            except Exception as error:
                # Not this task's error: each caller gets it and decides.
                replies = [error] * len(batch)
                self.available = False
            for (_, reply), answer in zip(batch, replies, strict=True):
                if reply.done():
                    continue
                if isinstance(answer, Exception):
                    reply.set_exception(answer)
                else:
                    reply.set_result(answer)

    async def _round_trip(self, commands: Sequence[Command]) -> list[Any]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for command in commands:
                pipe.execute_command(*command)
            return await pipe.execute(raise_on_error=False)
