"""From a chat message to a run on every window of its thread, and back to one clear sentence when that fails."""

import asyncio
import logging
import time

from agents import AgentError
from chat.changes import Emission
from chat.errors import ChatError
from chat.host import Host, current
from chat.manner import Manner
from chat.refusal import draw_refusal
from chat.reply import take_back
from chat.viewer import Window
from chat.wire import stable_id
from history import HistoryError, Refusal
from orchestration.asking import checked, is_an_id
from orchestration.errors import EngineUnavailable, Halted, Overloaded, RoundtableError
from orchestration.messages import Task, Turn
from orchestration.turns import last_turns

log = logging.getLogger(__name__)

SOON_SECONDS = 1.0
"""A question that was not taken in by then is shown all the same: Redis may be away."""


async def answer(window: Window, message: str, question: str, manner: Manner) -> None:
    """Ask, and come back when nothing runs in this thread any more.

    Coming back tells the page that it may put its Stop button away.
    """
    if await ask(window, message, question, manner):
        await current().viewers.of(window).idle()


async def ask(window: Window, message: str, question: str, manner: Manner, undivided: bool = False) -> bool:
    """Ask, and come back when the run is on show; False when it was refused.

    An `undivided` question is a part of an earlier one, so it is complete.

    Nothing is raised: this is the boundary at which whatever goes wrong becomes a message in the chat.
    """
    task = Task(
        question=question,
        person=window.person,
        conversation=window.thread,
        message=message,
        mode=manner.mode,
        for_once=manner.for_once,
        approval=manner.approval,
        model=manner.model,
        priority=manner.priority,
        undivided=undivided,
    )
    try:
        host = current()
    except ChatError as error:
        log.warning("question %s was not taken in: %s", message, error)
        await _tell_refusal(window, _refusal(task, window.words.trouble(error), again=True))
        return False
    with host.coming.question(window.thread, window.person) as on_show:
        task = await host.orchestrator.placed(task)
        with host.log.asking(task):
            try:
                await _ask(host, window, task, on_show)
            except (Overloaded, Halted, EngineUnavailable) as error:
                log.warning("question %s was not taken in: %s", message, error)
                await _refuse(host, window, task, window.words.trouble(error), again=True)
            except (RoundtableError, AgentError, ChatError) as error:
                log.warning("question %s was not taken in: %s", message, error)
                await _refuse(host, window, task, window.words.trouble(error))
            except Exception:
                log.exception("question %s was not taken in", message)
                await _refuse(host, window, task, window.words.went_wrong, again=True)
            else:
                return True
    return False


async def ask_again(window: Window, message: str, question: str, manner: Manner, undivided: bool = False) -> None:
    """Ask a refused question as if it were asked for the first time, in the place of its message."""
    await take_back(window, message, "refused")
    try:
        host = current()
        await host.history.ask_again(window.person, window.thread, message)
        for viewer in host.viewers.on(window.thread, window.person):
            await viewer.drop(stable_id(message, "refused"))
            await take_back(viewer.window, message, "refused")
    except (HistoryError, ChatError) as error:
        log.warning("the refusal of question %s stays: %s", message, error)
    await ask(window, message, question, manner, undivided)


async def answer_alone(window: Window, run: str) -> bool:
    """Let the single agent answer in place of a run that stands still, in every window of its thread."""
    try:
        host = current()
        alone = await host.orchestrator.answer_alone(run, person=window.person)
    except (RoundtableError, ChatError) as error:
        log.warning("run %s is not answered alone: %s", run, error)
        await window.emit(Emission("toast", {"message": window.words.trouble(error), "type": "error"}))
        return False
    if alone != run:
        for viewer in host.viewers.on(window.thread, window.person):
            await viewer.replace(run, alone)
    return True


async def stop(window: Window) -> None:
    """Stop every run of the window's thread, and the files that a question waits for.

    The runs' own events, and the files' card, tell every window how that ended. A question that is just being taken in
    is stopped as soon as it is on show.
    """
    try:
        host = current()
    except ChatError:
        return
    await host.coming.arrived(window.thread, window.person)
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
            await viewer.toast(window.words.not_stopped(window.words.trouble(error)))
            await viewer.still_running()


async def _ask(host: Host, window: Window, task: Task, on_show: asyncio.Event) -> None:
    viewer = host.viewers.of(window)
    async with viewer.asking():
        if not host.orchestrator.models:
            # A wish from when there were models is met by having none.
            task = task.model_copy(update={"model": ""})
        if not task.undivided:
            task = task.model_copy(update={"context": await _said_before(host, window)})
        await _note(host, window, checked(task, host.registry, host.orchestrator.models))
        taking_in = asyncio.create_task(host.orchestrator.submit(task))
        await asyncio.wait([taking_in], timeout=SOON_SECONDS)
        if taking_in.done():
            taking_in.result()
        known = await viewer.watch(task.id)
    for other in host.viewers.on(window.thread, window.person):
        if other is not viewer:
            await other.watch(task.id)
    on_show.set()
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
            return await last_turns(host.log, window.person, window.thread)
    except (RoundtableError, TimeoutError) as error:
        log.warning("what was said before in %s cannot be read: %s", window.thread, error)
        return ()


async def _note(host: Host, window: Window, task: Task) -> None:
    """Whatever becomes of it from now on, it was asked."""
    try:
        await host.history.note(task)
    except HistoryError as error:
        # It is answered all the same, and kept at its end if that can be done by then.
        log.warning("question %s is not noted: %s", task.message, error)
        await window.emit(Emission("toast", {"message": window.words.trouble(error), "type": "error"}))


async def _refuse(host: Host, window: Window, task: Task, sentence: str, again: bool = False) -> None:
    """Say why, and that a reload shows it again; with a button to ask the same `again` where that may help."""
    refusal = _refusal(task, sentence, again)
    if is_an_id(task.conversation) and task.message and is_an_id(task.message):
        try:
            await host.history.refuse(refusal, task)
        except HistoryError as error:
            log.warning("the refusal of question %s is not kept: %s", task.message, error)
    await _tell_refusal(window, refusal)
    for other in host.viewers.on(window.thread, window.person):
        # One that was opened while the question was being taken in has it neither as a run nor as a refusal.
        if other.window.id != window.id:
            await other.show_refusal(refusal)


def _refusal(task: Task, sentence: str, again: bool = False) -> Refusal:
    # What a page sends may be no text at all.
    question = task.question.encode(errors="replace").decode()
    return Refusal(
        person=task.person,
        conversation=task.conversation,
        message=task.message,
        question=question,
        sentence=sentence,
        again=again,
        mode=task.mode,
        approval=task.approval,
        at=time.time(),
        undivided=task.undivided,
        model=task.model,
    )


async def _tell_refusal(window: Window, refusal: Refusal) -> None:
    """To the page on which it was just asked, which has the question already where somebody typed it."""
    picture = draw_refusal(refusal, window.words)
    for step in picture.steps if refusal.undivided else picture.steps[-1:]:
        await window.emit(Emission("new_message", step.json()))
    for element in picture.elements:
        await window.emit(Emission("element", element.json()))
