"""Sends a step's events to its log, tokens in batches."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

from orchestration.errors import Superseded
from orchestration.messages import AnyEvent, Token
from orchestration.store import RunStore

BATCH_SECONDS = 0.08
"""Tokens are gathered this long: a browser renders about ten updates a second well, not hundreds."""


class StepEmitter:
    """Appends events under the step's fence, in order.

    The first tokens go at once, later ones every BATCH_SECONDS; any other event takes the tokens before it along.
    `superseded` is called when the log refuses the fence, so that the work can stop.
    """

    def __init__(self, store: RunStore, run: str, step: str, fence: int, superseded: Callable[[], object]) -> None:
        self._store = store
        self._run, self._step, self._fence = run, step, fence
        self._superseded = superseded
        self._waiting: list[AnyEvent] = []
        self._due = asyncio.Event()
        self._closing = False
        self._sender: asyncio.Task[None] | None = None
        self.tokens: list[bytes] = []
        """Ids of the token events in the log; a committed result supersedes them."""

    async def __aenter__(self) -> Self:
        self._sender = asyncio.create_task(self._send())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def emit(self, event: AnyEvent) -> None:
        """Take an event; it is in the log soon after."""
        last = self._waiting[-1] if self._waiting else None
        if isinstance(event, Token) and isinstance(last, Token) and last.channel == event.channel:
            self._waiting[-1] = last.model_copy(update={"text": last.text + event.text})
        else:
            self._waiting.append(event)
        self._due.set()

    async def close(self) -> None:
        """Wait for what is on its way; tokens that were not sent yet are superseded by the result to come."""
        self._closing = True
        self._waiting = [event for event in self._waiting if not isinstance(event, Token)]
        self._due.set()
        if self._sender is not None:
            await self._sender
            self._sender = None

    async def _send(self) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            batch, self._waiting = self._waiting, []
            if batch:
                try:
                    ids = await self._store.append(self._run, self._step, self._fence, batch)
                except Superseded:
                    self._superseded()
                    return
                self.tokens += [i for i, e in zip(ids, batch, strict=True) if isinstance(e, Token)]
            if self._closing:
                if not self._waiting:
                    return
            elif batch and isinstance(batch[-1], Token):
                await self._gather()

    async def _gather(self) -> None:
        """Let tokens come together, unless something else comes or the step ends."""
        loop = asyncio.get_running_loop()
        until = loop.time() + BATCH_SECONDS
        while not self._closing and all(isinstance(event, Token) for event in self._waiting):
            try:
                async with asyncio.timeout_at(until):
                    await self._due.wait()
                self._due.clear()
            except TimeoutError:
                break
        self._due.set()
