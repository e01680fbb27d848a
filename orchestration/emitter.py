"""Sends events to a run's log while work goes on, tokens in batches."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from orchestration.messages import AnyEvent, Token

BATCH_SECONDS = 0.08
"""Tokens are gathered this long: a browser renders about ten updates a second well, not hundreds."""
FIRST_SECONDS = 0.02
"""The first ones: somebody waits for them. Who answers faster than this sends none at all."""


class Emitter:
    """Hands events to `send` in order, in the background.

    The first events go after `linger` seconds, the first tokens soon after what was sent before them, later ones every
    BATCH_SECONDS; any other event goes at once and takes the tokens before it along. `close` returns what was not sent,
    for whoever writes the end: a committed result supersedes its tokens, so those need not be sent any more. What
    `send` raises, `close` raises.
    """

    def __init__(self, send: Callable[[Sequence[AnyEvent]], Awaitable[None]], linger: float = 0.0) -> None:
        self._send = send
        self._linger = linger
        self._waiting: list[AnyEvent] = []
        self._arrived = asyncio.Event()
        self._urgent = asyncio.Event()
        self._sender: asyncio.Task[None] | None = None
        self._starting: asyncio.Handle | None = None
        self._closing = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        if self._sender is not None:
            self._sender.cancel()
            await asyncio.wait([self._sender])

    def emit(self, event: AnyEvent) -> None:
        """Take an event; it is in the log soon after."""
        last = self._waiting[-1] if self._waiting else None
        token = event if isinstance(event, Token) and not event.fresh else None
        if token is not None and isinstance(last, Token) and last.channel == token.channel:
            self._waiting[-1] = last.model_copy(update={"text": last.text + token.text})
        else:
            self._waiting.append(event)
        self._arrived.set()
        if not isinstance(event, Token):
            self._urgent.set()
        if self._starting is None:
            # Work that is over before it has to wait for anything sends nothing here, and needs no sender.
            self._starting = asyncio.get_running_loop().call_soon(self._start)

    async def close(self) -> list[AnyEvent]:
        """Wait for what is on its way and return the rest."""
        self._closing = True
        self._arrived.set()
        self._urgent.set()
        if self._sender is not None:
            sender, self._sender = self._sender, None
            await sender
        return self._waiting

    def _start(self) -> None:
        if not self._closing:
            self._sender = asyncio.create_task(self._run())

    async def _run(self) -> None:
        await self._arrived.wait()
        self._urgent.clear()
        await self._pause(self._linger)
        while not self._closing:
            batch, self._waiting = self._waiting, []
            self._arrived.clear()
            self._urgent.clear()
            if batch:
                await self._send(batch)
                if not self._urgent.is_set():
                    await self._pause(BATCH_SECONDS if isinstance(batch[-1], Token) else FIRST_SECONDS)
            else:
                await self._arrived.wait()

    async def _pause(self, seconds: float) -> None:
        """Let events come together, unless one is urgent or the work is over."""
        if seconds > 0 and not self._closing:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._urgent.wait()
