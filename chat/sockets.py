"""The socket events that Chainlit answers differently from what a council needs.

- `connection_successful`: afterwards the whole thread is shown again from the log, whatever was missed.
- `stop`: stops the runs, not the handler that waits for them, and says nothing: the runs tell how they ended.
- `client_message`: a command is answered here and becomes no question, no run and no thread.
- `disconnect`: a session that is gone for good takes its viewer along.
"""

import logging

from chainlit.server import sio
from chainlit.session import WebsocketSession
from chainlit.socket import connection_successful, disconnect, message
from chainlit.types import MessagePayload

from chat.asking import stop
from chat.changes import Emission
from chat.errors import ChatError
from chat.host import current
from chat.person import LOCAL
from chat.roster import AGENTS, COMMANDS, tell_roster
from chat.viewer import Window

log = logging.getLogger(__name__)


def window_of(session: WebsocketSession) -> Window:
    """The window behind a session; it reaches whichever socket the session has at the time."""

    async def emit(emission: Emission) -> None:
        await sio.emit(emission.event, emission.data, to=session.socket_id)

    person = session.user.identifier if session.user else LOCAL
    return Window(id=session.id, thread=session.thread_id, person=person, emit=emit)


def register() -> None:
    """Put our handlers in the place of Chainlit's; ours call theirs where they add to them."""
    sio.on("connection_successful", _on_connected)
    sio.on("client_message", _on_message)
    sio.on("stop", _on_stop)
    sio.on("disconnect", _on_disconnected)


async def _on_connected(sid: str) -> None:
    session = WebsocketSession.require(sid)
    await sio.emit("set_commands", COMMANDS, to=sid)
    try:
        viewers = current().viewers
    except ChatError:
        await connection_successful(sid)
        return
    await viewers.prune(lambda id: WebsocketSession.get_by_id(id) is not None)
    viewer = viewers.of(window_of(session))
    # Chainlit's handler first says that nothing is running, and on that the page folds the steps at work. The page
    # of a live run must not hear it; there is nothing else in the handler for a session that was only cut off.
    if not (session.restored and session.has_first_interaction and viewer.live):
        await connection_successful(sid)
    viewer.restart()


async def _on_message(sid: str, payload: MessagePayload) -> None:
    asked = payload["message"]
    if asked.get("command") == AGENTS or asked["output"].strip() == f"/{AGENTS}":
        await tell_roster(window_of(WebsocketSession.require(sid)), asked["id"])
    else:
        await message(sid, payload)


async def _on_stop(sid: str) -> None:
    session = WebsocketSession.get(sid)
    if session is not None:
        await stop(window_of(session))


async def _on_disconnected(sid: str, reason: str) -> None:
    session = WebsocketSession.get(sid)
    await disconnect(sid)
    if session is None or not session.to_clear:
        return
    try:
        await current().viewers.close(session.id)
    except ChatError:
        log.debug("session %s ended while the server was stopping", session.id)
