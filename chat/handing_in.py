"""From the files of a message to a delivery on every window of its thread, and what a person then says about it."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

from chat.asking import ask
from chat.changes import Emission
from chat.delivery import Choice, Delivery, HandedIn, Order
from chat.errors import ChatError
from chat.host import Host, current
from chat.instruction import instruction
from chat.viewer import Window
from knowledge import KnowledgeError
from orchestration.messages import Mode

log = logging.getLogger(__name__)

CHOOSE, STOP = "choose_agent", "stop_delivery"
"""The actions of the card."""


async def hand_in(
    window: Window, message: str, text: str, files: Sequence[HandedIn], mode: Mode, approval: bool = False
) -> None:
    """Take files in, and ask what was asked with them when they are in.

    Comes back when the page need not wait any more: at once for files alone. Nothing is raised.
    """
    try:
        host = current()
    except ChatError as error:
        await _say(window, error)
        return
    said = instruction(text, host.registry)
    order = Order(
        person=window.person,
        thread=window.thread,
        files=tuple(files),
        message=message,
        text=text,
        question=said.question,
        mode=mode,
        approval=approval,
        choice=Choice(said.agent, said.private) if said.agent else None,
        unknown=said.unknown,
    )
    await _begin(host, window, order)
    await host.viewers.of(window).idle()


async def replace_document(window: Window, agent: str, document: str, file: HandedIn) -> bool:
    """Take a new version of a document in, in its place and for the same people."""
    try:
        host = current()
        known = next((d for d in host.knowledge.documents(agent, window.person) if d.id == document), None)
        if known is None:
            await _toast(window, "There is no such document.")
            return False
    except (ChatError, KnowledgeError) as error:
        await _say(window, error)
        return False
    same_kind = Path(file.name).suffix.lower() == Path(known.source).suffix.lower()
    order = Order(
        person=window.person,
        thread=window.thread,
        files=(replace(file, name=known.source) if same_kind else file,),
        choice=Choice(agent, private=bool(known.person)),
        replaces=document,
    )
    await _begin(host, window, order)
    return True


async def choose(window: Window, delivery: str, agent: str, *, private: bool, nowhere: bool) -> bool:
    """Say who keeps the files; an empty `agent` is each file's best."""
    try:
        host = current()
        return host.deliveries.find(delivery, window.person).choose(None if nowhere else Choice(agent, private))
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
        await ask(window, message, order.question, order.mode, order.approval)

    return asking


async def _list_thread(window: Window, delivery: Delivery) -> None:
    """The page read its list of conversations when the message came, before there were files in this one."""
    if delivery.order.message:
        await window.emit(Emission("first_interaction", {"interaction": delivery.id, "thread_id": window.thread}))
        await window.emit(Emission("window_message", {"roundtable": "thread", "id": window.thread}))


async def _say(window: Window, error: ChatError | KnowledgeError) -> None:
    log.warning("files were not taken in: %s", error)
    await _toast(window, str(error))


async def _toast(window: Window, sentence: str) -> None:
    await window.emit(Emission("toast", {"message": sentence, "type": "error"}))
