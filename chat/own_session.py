"""A page's session by the id that the page gives: a browser makes it up, and it is a folder's name as well."""

import asyncio
import uuid
from contextlib import suppress

from chainlit.session import WebsocketSession

from people import visitor

CONNECTING_SECONDS = 5.0
"""A page that shows something may still be connecting: on a busy machine a button is pressed, or a file dropped, before
that is done.
"""

_awaited: dict[str, set[asyncio.Event]] = {}


def is_session_id(text: object) -> bool:
    try:
        return isinstance(text, str) and str(uuid.UUID(text)) == text
    except ValueError:
        return False


def own_session(id: str) -> WebsocketSession | None:
    """None where there is none, and where it is somebody else's."""
    session: WebsocketSession | None = WebsocketSession.get_by_id(id) if is_session_id(id) else None
    if session is None or session.user is None or session.user.identifier != visitor().person:
        return None
    return session


def connected(id: str) -> None:
    """Said when a session is there."""
    for event in _awaited.get(id, ()):
        event.set()


async def own_session_soon(id: str) -> WebsocketSession | None:
    """The same as `own_session`; one that is not there yet is waited for."""
    if is_session_id(id) and WebsocketSession.get_by_id(id) is None:
        event = asyncio.Event()
        _awaited.setdefault(id, set()).add(event)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(CONNECTING_SECONDS):
                    await event.wait()
        finally:
            _awaited[id].discard(event)
            if not _awaited[id]:
                del _awaited[id]
    return own_session(id)
