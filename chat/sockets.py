"""The socket events that Chainlit answers differently from what a council needs.

- `connect`: names that a page makes up are looked at before they become folders and keys.
- `connection_successful`: afterwards the whole thread is shown again from the log, whatever was missed.
- `stop`: stops the runs, not the handler that waits for them, and says nothing: the runs tell how they ended.
- `client_message`: a command is answered here and becomes no question, no run and no thread, or says how what follows
  it is asked. Files are not drawn by Chainlit, which would forget them with the session; `arrived` gives them, and how
  to ask, to whoever handles the message.
- `chat_settings_change`: how the person likes the page holds at once, and is kept for their next windows.
- `disconnect`: a session that is gone for good takes its viewer along.
- Every other event is answered only while the person may be here (chat/attendance.py).
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chainlit.server import sio
from chainlit.session import WebsocketSession
from chainlit.socket import change_settings, connect, connection_successful, disconnect, message
from chainlit.types import MessagePayload

from chat import addresses, uploads
from chat.asking import stop
from chat.attendance import came, only_while_let_in, went
from chat.changes import Emission
from chat.commands import COMMANDS
from chat.commands.command import Call, Offer
from chat.commands.typed import Mistyped, command_of
from chat.errors import ChatError
from chat.handing_in import discard
from chat.host import Host, current
from chat.language import words_of
from chat.manner import Manner
from chat.order import HandedIn
from chat.own_session import connected, is_session_id
from chat.preferences import DETAIL, Preferences
from chat.profiles import mode_of
from chat.reply import refuse
from chat.viewer import Window
from chat.wire import Json
from chat.words import Words
from history import HistoryError
from orchestration.asking import is_an_id

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Arrived:
    """What came with a message beside its text."""

    files: tuple[HandedIn, ...]
    manner: Manner


_arrived: dict[str, Arrived] = {}
"""By message, from when it comes until it is handled a moment later."""


def window_of(session: WebsocketSession) -> Window:
    """The window behind a session; it reaches whichever socket the session has at the time."""

    async def emit(emission: Emission) -> None:
        await sio.emit(emission.event, emission.data, to=session.socket_id)

    assert session.user is not None, "nobody is connected without being signed in"
    words = words_of(session.language)
    return Window(id=session.id, thread=session.thread_id, person=session.user.identifier, emit=emit, words=words)


def arrived(message: str) -> Arrived:
    """What came with a message; only once."""
    return _arrived.pop(message)


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
        taken = bool(await connect(sid, dict(environ), auth))
        connected(str(told["sessionId"]))
        return taken
    except BaseException:
        went(sid)
        raise


async def _on_connected(sid: str) -> None:
    session = WebsocketSession.require(sid)
    offered = [command.offer.json(words_of(session.language)) for command in COMMANDS.values()]
    await sio.emit("set_commands", offered, to=sid)
    try:
        host = current()
    except ChatError:
        await connection_successful(sid)
        return
    viewers = host.viewers
    await viewers.prune(lambda id: WebsocketSession.get_by_id(id) is not None)
    window = window_of(session)
    viewer = viewers.of(window)
    if DETAIL not in session.chat_settings:
        await viewer.show_in((await host.preferences.initial(window.person)).detail)
    # Chainlit's handler first says that nothing is running, and on that the page folds the steps at work. The page
    # of a live run must not hear it; there is nothing else in the handler for a session that was only cut off.
    if not (session.restored and session.has_first_interaction and viewer.live):
        await connection_successful(sid)
    known: list[Json] = [delivery.id for delivery in host.deliveries.on(window.thread, window.person)]
    await window.emit(Emission("window_message", {"roundtable": "deliveries", "known": known}))
    viewer.restart()
    await _offer_settings(host, sid, session, window)


async def _offer_settings(host: Host, sid: str, session: WebsocketSession, window: Window) -> None:
    """As they were: in this window, or else as the person set them last."""
    if DETAIL not in session.chat_settings:
        found = await host.preferences.initial(window.person)
        if DETAIL not in session.chat_settings:
            session.chat_settings.update(found.settings())
    widgets = Preferences.of(session.chat_settings).widgets(window.words, host.orchestrator.models)
    await sio.emit("chat_settings", widgets, to=sid)


async def _on_settings(sid: str, settings: dict[str, object]) -> None:
    await change_settings(sid, settings)
    session = WebsocketSession.require(sid)
    window, preferences = window_of(session), Preferences.of(session.chat_settings)
    try:
        host = current()
        await host.viewers.of(window).show_in(preferences.detail)
        # What was set meanwhile may be kept already: as it is now.
        await host.preferences.keep(window.person, Preferences.of(session.chat_settings))
    except (ChatError, HistoryError) as error:
        log.warning("session %s set how it likes the page, which is not kept: %s", session.id, error)
        sentence = window.words.not_kept(window.words.trouble(error))
        await window.emit(Emission("toast", {"message": sentence, "type": "error"}))


async def _on_message(sid: str, payload: MessagePayload) -> None:
    session, asked = WebsocketSession.require(sid), payload["message"]
    window, id, text = window_of(session), asked["id"], asked["output"]
    references = [file["id"] for file in payload.get("fileReferences") or ()]
    files = uploads.handed_in(session, references)
    if len(files) < len(references):
        log.warning("message %s came with files that are not here", id)
        await refuse(window, id, window.words.files_gone)
        return
    preferences = Preferences.of(session.chat_settings)
    manner = Manner(mode_of(session.chat_profile), preferences.ask_first, model=preferences.model)
    typed = command_of(asked.get("command"), text, COMMANDS)
    if isinstance(typed, Mistyped):
        await _refuse(window, id, window.words.mistyped(typed.typed, typed.near), files)
        return
    if typed is not None:
        offer, text = typed.command.offer, typed.words
        if not offer.asks:
            # Chainlit would name the conversation after the first button that is pressed in it.
            session.has_first_interaction = True
        if refused := _unusable(offer, typed.words, files, window.words):
            await _refuse(window, id, refused, files)
            return
        told = await typed.command.run(Call(window, id, typed.words, manner))
        if told is None:
            return
        manner = told
    _arrived[id] = Arrived(files, manner)
    await message(sid, {**payload, "message": {**asked, "output": text}, "fileReferences": []})


def _unusable(offer: Offer, behind: str, files: Sequence[HandedIn], words: Words) -> str:
    """Why a command cannot be followed as it came; empty where it can."""
    if offer.asks and not behind and not files:
        return words.write_a_question(offer.name, offer.takes)
    if files and not offer.asks:
        return words.takes_no_files(offer.name)
    return ""


async def _refuse(window: Window, message: str, sentence: str, files: Sequence[HandedIn]) -> None:
    await discard(files)
    await refuse(window, message, sentence)


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
