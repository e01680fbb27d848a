"""Who is on the line: a socket is opened once and may stay for days, so whether its person may stay is looked at again.

With every event that comes in, and twice a second for those who only listen. What somebody who is removed had going on
ends then, too, whether a page of theirs is open or not.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any

from chainlit.server import sio
from chainlit.session import WebsocketSession

from chat.errors import ChatError
from chat.host import current
from people import NOBODY, Visitor, visitor

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5

Handler = Callable[..., Awaitable[Any]]

_came: dict[str, Visitor] = {}
"""By socket: as whom it was opened."""


def came(sid: str) -> None:
    """The socket that is just being opened belongs to whoever the entrance has let in."""
    _came[sid] = visitor()


def went(sid: str) -> None:
    _came.pop(sid, None)


def may_stay(sid: str) -> bool:
    """Whether the session with which it was opened still holds."""
    known = _came.get(sid, NOBODY)
    try:
        return known.session is not None and current().people.holds(known.session, known)
    except ChatError:
        # The server is starting or stopping: nothing is to be had from it.
        return sid in _came


async def send_away(sid: str) -> None:
    """End the socket and what it has of the server: its session, its window and its files."""
    log.info("the socket of %s is closed: its session does not hold any more", _came.get(sid, NOBODY).person)
    session = WebsocketSession.get(sid)
    if session is not None:
        session.to_clear = True
    await sio.disconnect(sid)


def only_while_let_in(handler: Handler) -> Handler:
    """The handler of an event, for sockets that may stay."""
    if hasattr(handler, "__wrapped__"):
        return handler

    @wraps(handler)
    async def handled(sid: str, *told: Any) -> Any:
        if may_stay(sid):
            return await handler(sid, *told)
        await send_away(sid)
        return None

    return handled


async def look() -> None:
    """Send away who may not stay, and end what they had going on."""
    for sid in [sid for sid in _came if not may_stay(sid)]:
        await send_away(sid)
        went(sid)
    try:
        host = current()
    except ChatError:
        return
    await host.departures.look()


@asynccontextmanager
async def watching_attendance(seconds: float = LOOK_SECONDS) -> AsyncIterator[None]:
    """Looks again and again."""

    async def watch() -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await look()
            except Exception:
                # The task's boundary: the next look is soon.
                log.exception("it was not looked who may stay")

    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(watch(), name="watch attendance")
        try:
            yield
        finally:
            watching.cancel()
