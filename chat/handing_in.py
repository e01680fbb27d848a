"""From the files of a message to a delivery on every window of its thread, and what a person then says about it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

from chat.asking import ask
from chat.changes import Emission
from chat.delivery import Delivery
from chat.errors import ChatError
from chat.host import Host, current
from chat.instruction import instruction
from chat.leave import may_change_the_teams, require_leave
from chat.manner import Manner
from chat.order import Choice, HandedIn, Order
from chat.plain import plain
from chat.reply import refuse
from chat.viewer import Window
from knowledge import KnowledgeError, UnknownDocument

log = logging.getLogger(__name__)

CHOOSE, STOP = "choose_agent", "stop_delivery"
"""The actions of the card."""


async def hand_in(window: Window, message: str, text: str, files: Sequence[HandedIn], manner: Manner) -> None:
    """Take files in, and ask what was asked with them when they are in.

    Comes back when the page need not wait any more: at once for files alone. Nothing is raised: this is the boundary
    at which a refusal becomes a message in the chat.
    """
    try:
        host = current()
        await _begin(host, window, _order(host, window, message, text, files, manner))
    except ChatError as error:
        log.warning("the files of message %s were not taken in: %s", message, error)
        await discard(files)
        # A message of files alone has no text by which to know it again.
        words = window.words
        names = plain(words.listed([words.quoted(file.name) for file in files]))
        await refuse(window, message, f"{words.trouble(error)} {words.this_not_taken_in(names)}")
    else:
        await host.viewers.of(window).idle()


def _order(host: Host, window: Window, message: str, text: str, files: Sequence[HandedIn], manner: Manner) -> Order:
    said = instruction(text, host.registry)
    for_all = may_change_the_teams(host, window.person)
    return Order(
        person=window.person,
        thread=window.thread,
        words=window.words,
        files=tuple(files),
        message=message,
        text=text,
        question=said.question,
        manner=manner,
        # Who may not keep something for everybody still keeps it, and hears for whom.
        choice=Choice(said.agent, said.private or not for_all) if said.agent else None,
        for_all=for_all,
        narrowed=bool(said.agent) and not (said.private or for_all),
        unknown=said.unknown,
    )


async def replace_document(window: Window, agent: str, document: str, files: Sequence[HandedIn]) -> bool:
    """Take the first of `files` in as a new version of a document, in its place and for the same people."""
    if not files:
        await _toast(window, window.words.files_gone)
        return False
    file = files[0]
    try:
        host = current()
        documents = await host.knowledge.threads.run(host.knowledge.documents, agent, window.person)
        known = next((d for d in documents if d.id == document), None)
        if known is None:
            await discard(files)
            await _say(window, UnknownDocument(document))
            return False
        require_leave(host, window.person, private=bool(known.person))
        same_kind = Path(file.name).suffix.lower() == Path(known.source).suffix.lower()
        order = Order(
            person=window.person,
            thread=window.thread,
            words=window.words,
            files=(replace(file, name=known.source) if same_kind else file,),
            choice=Choice(agent, private=bool(known.person)),
            for_all=may_change_the_teams(host, window.person),
            replaces=document,
        )
        await _begin(host, window, order)
    except (ChatError, KnowledgeError) as error:
        await discard(files)
        await _say(window, error)
        return False
    return True


async def choose(window: Window, delivery: str, agent: str, *, private: bool, nowhere: bool) -> bool:
    """Say who keeps the files; an empty `agent` is each file's best."""
    try:
        host = current()
        found = host.deliveries.find(delivery, window.person)
        if not nowhere:
            require_leave(host, window.person, private=private)
        return found.choose(None if nowhere else Choice(agent, private))
    except ChatError as error:
        await _say(window, error)
        return False


async def stop_delivery(window: Window, delivery: str) -> bool:
    """Take in nothing more of it."""
    try:
        current().deliveries.find(delivery, window.person).stop()
    except ChatError as error:
        await _say(window, error)
        return False
    return True


async def discard(files: Sequence[HandedIn]) -> None:
    """What is not taken in need not wait for the end of its session."""
    for file in files:
        await asyncio.to_thread(file.path.unlink, missing_ok=True)


async def _begin(host: Host, window: Window, order: Order) -> None:
    delivery = host.deliveries.make(order, _asking(window, order) if order.question else None)
    for viewer in {host.viewers.of(window), *host.viewers.on(window.thread, window.person)}:
        await viewer.watch_delivery(delivery)
    host.deliveries.begin(delivery)
    await _list_thread(window, delivery)


def _asking(window: Window, order: Order) -> Callable[[], Awaitable[None]]:
    async def asking() -> None:
        # What an instruction was cut from is a message of its own, so that the other one stays as it was typed.
        message = order.message if order.question == order.text.strip() else ""
        await ask(window, message, order.question, order.manner)

    return asking


async def _list_thread(window: Window, delivery: Delivery) -> None:
    """The page read its list of conversations when the message came, before there were files in this one."""
    if delivery.order.message:
        await window.emit(Emission("first_interaction", {"interaction": delivery.id, "thread_id": window.thread}))
        await window.emit(Emission("window_message", {"roundtable": "thread", "id": window.thread}))


async def _say(window: Window, error: ChatError | KnowledgeError) -> None:
    log.warning("files were not taken in: %s", error)
    await _toast(window, window.words.trouble(error))


async def _toast(window: Window, sentence: str) -> None:
    await window.emit(Emission("toast", {"message": sentence, "type": "error"}))
