"""From a chat message to a run on every window of its thread, and back to one clear sentence when that fails."""

import asyncio
import logging
import time

from agents import AgentError
from chat.changes import Emission
from chat.errors import ChatError
from chat.host import Host, current
from chat.picture import AUTHOR
from chat.viewer import Window
from chat.wire import Element, Step, stable_id
from orchestration.errors import Halted, Overloaded, RoundtableError
from orchestration.messages import Mode, Task, Turn
from orchestration.turns import last_turns

log = logging.getLogger(__name__)

SOON_SECONDS = 1.0
"""A question that was not taken in by then is shown all the same: Redis may be away."""
ASK_AGAIN = "ask_again"
"""The action under the refusal of a question for which there was no place."""


async def answer(window: Window, message: str, question: str, mode: Mode) -> None:
    """Ask, and come back when nothing runs in this thread any more.

    Coming back tells the page that it may put its Stop button away.
    """
    if await ask(window, message, question, mode):
        await current().viewers.of(window).idle()


async def ask(window: Window, message: str, question: str, mode: Mode, undivided: bool = False) -> bool:
    """Ask, and come back when the run is on show; False when it was refused.

    An `undivided` question is a part of an earlier one, so it is complete.

    Nothing is raised: this is the boundary at which whatever goes wrong becomes a message in the chat.
    """
    try:
        await _ask(current(), window, message, question, mode, undivided)
    except (Overloaded, Halted) as error:
        log.warning("question %s was not taken in: %s", message, error)
        await _refuse(window, message, str(error), again=question)
    except (RoundtableError, AgentError, ChatError) as error:
        log.warning("question %s was not taken in: %s", message, error)
        await _refuse(window, message, str(error))
    except Exception:
        log.exception("question %s was not taken in", message)
        await _refuse(window, message, "Something went wrong. Your question was not taken in; please ask again.")
    else:
        return True
    return False


async def ask_again(window: Window, message: str, question: str, mode: Mode) -> None:
    """Ask a refused question as if it were asked for the first time, in the place of its message."""
    await window.emit(Emission("remove_element", {"id": stable_id(message, "refused", "again")}))
    await window.emit(Emission("delete_message", {"id": stable_id(message, "refused")}))
    await ask(window, message, question, mode)


async def answer_alone(window: Window, run: str) -> bool:
    """Let the single agent answer in place of a run that stands still, in every window of its thread."""
    try:
        host = current()
        alone = await host.orchestrator.answer_alone(run, person=window.person)
    except (RoundtableError, ChatError) as error:
        log.warning("run %s is not answered alone: %s", run, error)
        await window.emit(Emission("toast", {"message": str(error), "type": "error"}))
        return False
    if alone != run:
        for viewer in host.viewers.on(window.thread, window.person):
            await viewer.replace(run, alone)
    return True


async def stop(window: Window) -> None:
    """Stop every run of the window's thread, and the files that a question waits for.

    The runs' own events, and the files' card, tell every window how that ended.
    """
    try:
        host = current()
    except ChatError:
        return
    viewer = host.viewers.of(window)
    await viewer.opened()
    handed_in = {delivery.id: delivery for delivery in host.deliveries.on(window.thread, window.person)}
    for run in sorted(viewer.live):
        if run in handed_in:
            handed_in[run].stop()
            continue
        try:
            await host.orchestrator.cancel(run, person=window.person)
        except RoundtableError as error:
            log.warning("run %s was not stopped: %s", run, error)
            await viewer.toast(f"This could not be stopped: {error}")
            await viewer.still_running()


async def _ask(host: Host, window: Window, message: str, question: str, mode: Mode, undivided: bool) -> None:
    task = Task(
        question=question,
        person=window.person,
        conversation=window.thread,
        message=message,
        mode=mode,
        context=() if undivided else await _said_before(host, window),
        undivided=undivided,
    )
    taking_in = asyncio.create_task(host.orchestrator.submit(task))
    await asyncio.wait([taking_in], timeout=SOON_SECONDS)
    if taking_in.done():
        taking_in.result()
    viewer = host.viewers.of(window)
    known = await viewer.watch(task.id)
    for other in host.viewers.on(window.thread, window.person):
        if other is not viewer:
            await other.watch(task.id)
    if not known:
        # The page read its list of conversations when the message came, before there was a run to list. A new value
        # here makes it read the list again.
        await window.emit(Emission("first_interaction", {"interaction": task.id, "thread_id": window.thread}))
        # On a phone Chainlit leaves the address at "/", where a reload loses the thread: public/roundtable.js sets it.
        await window.emit(Emission("window_message", {"roundtable": "thread", "id": window.thread}))
    await taking_in


async def _said_before(host: Host, window: Window) -> tuple[Turn, ...]:
    """What a follow-up may refer to; without it, when that cannot be told soon, the question is taken as it stands."""
    try:
        async with asyncio.timeout(SOON_SECONDS):
            return await last_turns(host.orchestrator, window.person, window.thread)
    except (RoundtableError, TimeoutError) as error:
        log.warning("what was said before in %s cannot be read: %s", window.thread, error)
        return ()


async def _refuse(window: Window, message: str, sentence: str, again: str = "") -> None:
    """Say why; with a button to ask the same `again` where that may help."""
    now = time.time()
    step = Step(
        id=stable_id(message, "refused"),
        thread=window.thread,
        parent=None,
        type="assistant_message",
        name=AUTHOR,
        output=sentence,
        began=now,
        ended=now,
        failed=True,
    )
    await window.emit(Emission("new_message", step.json()))
    if again:
        offer = Element(
            id=stable_id(message, "refused", "again"),
            thread=window.thread,
            step=step.id,
            name="Offer",
            props={
                "label": "Ask again",
                "action": ASK_AGAIN,
                "payload": {"message": message, "question": again},
                "refused": "The question could not be asked. Please try again.",
            },
        )
        await window.emit(Emission("element", offer.json()))
