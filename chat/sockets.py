"""The socket events that Chainlit answers differently from what a council needs.

- `connect`: names that a page makes up are looked at before they become folders and keys.
- `connection_successful`: afterwards the whole thread is shown again from the log, whatever was missed.
- `stop`: stops the runs, not the handler that waits for them, and says nothing: the runs tell how they ended.
- `client_message`: a command is answered here and becomes no question, no run and no thread. Files are not drawn by
  Chainlit, which would forget them with the session; `files_of` gives them to whoever handles the message.
- `chat_settings_change`: the switch "Ask me first" is remembered for the person's next windows.
- `disconnect`: a session that is gone for good takes its viewer along.
- Every other event is answered only while the person may be here (chat/attendance.py).
"""

import logging
from collections.abc import Mapping
from typing import Any

from chainlit.server import sio
from chainlit.session import WebsocketSession
from chainlit.socket import change_settings, connect, connection_successful, disconnect, message
from chainlit.types import MessagePayload

from chat import addresses, uploads
from chat.ask_first import COMMAND as PLAN_COMMAND
from chat.ask_first import PLAN, SWITCH, switch
from chat.asking import stop
from chat.attendance import came, only_while_let_in, went
from chat.changes import Emission
from chat.documents import COMMAND as KNOWLEDGE_COMMAND
from chat.documents import KNOWLEDGE, tell_documents
from chat.errors import ChatError
from chat.exporting import COMMAND as EXPORT_COMMAND
from chat.exporting import EXPORT, offer_export
from chat.handing_in import FILES_GONE
from chat.host import current
from chat.order import HandedIn
from chat.own_session import is_session_id
from chat.reply import refuse
from chat.roster import AGENTS, tell_roster
from chat.roster import COMMAND as AGENTS_COMMAND
from chat.viewer import Window
from chat.wire import Json
from orchestration.asking import is_an_id

log = logging.getLogger(__name__)

COMMANDS = [PLAN_COMMAND, AGENTS_COMMAND, KNOWLEDGE_COMMAND, EXPORT_COMMAND]

_attached: dict[str, tuple[HandedIn, ...]] = {}
"""Files by the message that brought them, from when it comes until it is handled a moment later."""


def window_of(session: WebsocketSession) -> Window:
    """The window behind a session; it reaches whichever socket the session has at the time."""

    async def emit(emission: Emission) -> None:
        await sio.emit(emission.event, emission.data, to=session.socket_id)

    assert session.user is not None, "nobody is connected without being signed in"
    return Window(id=session.id, thread=session.thread_id, person=session.user.identifier, emit=emit)


def files_of(message: str) -> tuple[HandedIn, ...]:
    """The files that a message brought; only once."""
    return _attached.pop(message, ())


def register() -> None:
    """Put our handlers in the place of Chainlit's; ours call theirs where they add to them."""
    addresses.register()
    sio.on("connect", _on_connect)
    sio.on("connection_successful", _on_connected)
    sio.on("client_message", _on_message)
    sio.on("stop", _on_stop)
    sio.on("chat_settings_change", _on_settings)
    sio.on("disconnect", _on_disconnected)
    for event, handler in list(sio.handlers["/"].items()):
        if event not in ("connect", "disconnect"):
            sio.on(event, only_while_let_in(handler))


async def _on_connect(sid: str, environ: Mapping[str, Any], auth: object) -> bool:
    """Raises ConnectionRefusedError: what a page calls its session becomes a folder, its thread a key."""
    told = auth if isinstance(auth, dict) else {}
    if not (is_session_id(told.get("sessionId")) and is_an_id(str(told.get("threadId") or ""))):
        raise ConnectionRefusedError("authorization failed")
    came(sid)
    try:
        return bool(await connect(sid, dict(environ), auth))
    except BaseException:
        went(sid)
        raise


async def _on_connected(sid: str) -> None:
    session = WebsocketSession.require(sid)
    await sio.emit("set_commands", COMMANDS, to=sid)
    try:
        host = current()
    except ChatError:
        await connection_successful(sid)
        return
    viewers = host.viewers
    await viewers.prune(lambda id: WebsocketSession.get_by_id(id) is not None)
    window = window_of(session)
    viewer = viewers.of(window)
    # Chainlit's handler first says that nothing is running, and on that the page folds the steps at work. The page
    # of a live run must not hear it; there is nothing else in the handler for a session that was only cut off.
    if not (session.restored and session.has_first_interaction and viewer.live):
        await connection_successful(sid)
    known: list[Json] = [delivery.id for delivery in host.deliveries.on(window.thread, window.person)]
    await window.emit(Emission("window_message", {"roundtable": "deliveries", "known": known}))
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
    ids = [file["id"] for file in payload.get("fileReferences") or ()]
    files = uploads.handed_in(session, ids)
    if len(files) < len(ids):
        log.warning("message %s came with files that are not here", asked["id"])
        await refuse(window_of(session), asked["id"], FILES_GONE)
        return
    command, words = _command(asked.get("command"), asked["output"])
    if command == AGENTS and not files:
        await tell_roster(window_of(session), asked["id"])
    elif command == EXPORT and not files:
        await offer_export(window_of(session), asked["id"])
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
    known = {f"/{name}" for name in (PLAN, AGENTS, KNOWLEDGE, EXPORT)}
    return (first[1:], rest.strip()) if first in known else ("", "")


async def _on_stop(sid: str) -> None:
    session = WebsocketSession.get(sid)
    if session is not None:
        await stop(window_of(session))


async def _on_disconnected(sid: str, reason: str) -> None:
    session = WebsocketSession.get(sid)
    went(sid)
    await disconnect(sid)
    if session is None or not session.to_clear:
        return
    try:
        await current().viewers.close(session.id)
    except ChatError:
        log.debug("session %s ended while the server was stopping", session.id)
