"""The socket events that Chainlit answers differently from what a council needs.

- `connection_successful`: afterwards the whole thread is shown again from the log, whatever was missed.
- `stop`: stops the runs, not the handler that waits for them, and says nothing: the runs tell how they ended.
- `client_message`: a command is answered here and becomes no question, no run and no thread. Files are not drawn by
  Chainlit, which would forget them with the session; `files_of` gives them to whoever handles the message.
- `chat_settings_change`: the switch "Ask me first" is remembered for the person's next windows.
- `disconnect`: a session that is gone for good takes its viewer along.
"""

import logging

from chainlit.server import sio
from chainlit.session import WebsocketSession
from chainlit.socket import change_settings, connection_successful, disconnect, message
from chainlit.types import MessagePayload

from chat import uploads
from chat.ask_first import COMMAND as PLAN_COMMAND
from chat.ask_first import PLAN, SWITCH, switch
from chat.asking import stop
from chat.changes import Emission
from chat.delivery import HandedIn
from chat.documents import COMMAND as KNOWLEDGE_COMMAND
from chat.documents import KNOWLEDGE, tell_documents
from chat.errors import ChatError
from chat.host import current
from chat.person import LOCAL
from chat.roster import AGENTS, tell_roster
from chat.roster import COMMAND as AGENTS_COMMAND
from chat.viewer import Window

log = logging.getLogger(__name__)

COMMANDS = [PLAN_COMMAND, AGENTS_COMMAND, KNOWLEDGE_COMMAND]

_attached: dict[str, tuple[HandedIn, ...]] = {}
"""Files by the message that brought them, from when it comes until it is handled a moment later."""


def window_of(session: WebsocketSession) -> Window:
    """The window behind a session; it reaches whichever socket the session has at the time."""

    async def emit(emission: Emission) -> None:
        await sio.emit(emission.event, emission.data, to=session.socket_id)

    person = session.user.identifier if session.user else LOCAL
    return Window(id=session.id, thread=session.thread_id, person=person, emit=emit)


def files_of(message: str) -> tuple[HandedIn, ...]:
    """The files that a message brought; only once."""
    return _attached.pop(message, ())


def register() -> None:
    """Put our handlers in the place of Chainlit's; ours call theirs where they add to them."""
    uploads.register()
    sio.on("connection_successful", _on_connected)
    sio.on("client_message", _on_message)
    sio.on("stop", _on_stop)
    sio.on("chat_settings_change", _on_settings)
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
    # Last, because the log may have to be asked, and Redis may be away.
    await _offer_settings(sid, session)


async def _offer_settings(sid: str, session: WebsocketSession) -> None:
    """The switch as it was: in this window, or else where the person set it last, or else in this conversation."""
    window = window_of(session)
    if SWITCH not in session.chat_settings:
        asked = await current().ask_first.initial(window)
        if SWITCH not in session.chat_settings:
            session.chat_settings[SWITCH] = asked
    await sio.emit("chat_settings", [switch(session.chat_settings[SWITCH] is True)], to=sid)


async def _on_settings(sid: str, settings: dict[str, object]) -> None:
    await change_settings(sid, settings)
    session = WebsocketSession.require(sid)
    try:
        current().ask_first.remember(window_of(session).person, session.chat_settings.get(SWITCH) is True)
    except ChatError:
        log.debug("session %s set its switch while the server was starting", session.id)


async def _on_message(sid: str, payload: MessagePayload) -> None:
    session, asked = WebsocketSession.require(sid), payload["message"]
    files = uploads.handed_in(session, [file["id"] for file in payload.get("fileReferences") or ()])
    command, words = _command(asked.get("command"), asked["output"])
    if command == AGENTS and not files:
        await tell_roster(window_of(session), asked["id"])
    elif command == KNOWLEDGE and not files:
        # Chainlit would name the conversation after the first button that is pressed in it.
        session.has_first_interaction = True
        await tell_documents(window_of(session), asked["id"], words)
    else:
        if files:
            _attached[asked["id"]] = files
        if command == PLAN:
            payload = {**payload, "message": {**asked, "command": PLAN, "output": words}}
        await message(sid, {**payload, "fileReferences": []})


def _command(chosen: str | None, typed: str) -> tuple[str, str]:
    """A command, chosen from the list or typed after a slash, and what follows it; empty for a question."""
    if chosen:
        return chosen, typed.strip()
    first, _, rest = typed.strip().partition(" ")
    return (first[1:], rest.strip()) if first in (f"/{AGENTS}", f"/{KNOWLEDGE}", f"/{PLAN}") else ("", "")


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
