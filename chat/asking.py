"""From a chat message to a run on every window of its thread, and back to one clear sentence when that fails."""

import logging
import time

from agents import AgentError
from chat.changes import Emission
from chat.errors import ChatError
from chat.host import current
from chat.picture import AUTHOR
from chat.viewer import Window
from chat.wire import Step, stable_id
from orchestration.errors import RoundtableError
from orchestration.messages import Mode, Task

log = logging.getLogger(__name__)


async def answer(window: Window, message: str, question: str, mode: Mode) -> None:
    """Ask, and come back when nothing runs in this thread any more.

    Coming back tells the page that it may put its Stop button away. Nothing is raised: this is the boundary at which
    whatever goes wrong becomes a message in the chat.
    """
    try:
        await _answer(window, message, question, mode)
    except (RoundtableError, AgentError, ChatError) as error:
        log.warning("question %s was not taken in: %s", message, error)
        await _refuse(window, message, str(error))
    except Exception:
        log.exception("question %s was not taken in", message)
        await _refuse(window, message, "Something went wrong. Your question was not taken in; please ask again.")


async def stop(window: Window) -> None:
    """Stop every run of the window's thread; the runs' own events tell every window how that ended."""
    try:
        host = current()
    except ChatError:
        return
    viewer = host.viewers.of(window)
    await viewer.opened()
    for run in sorted(viewer.live):
        try:
            await host.orchestrator.cancel(run, person=window.person)
        except RoundtableError as error:
            log.warning("run %s was not stopped: %s", run, error)
            await viewer.toast(f"This could not be stopped: {error}")
            await viewer.still_running()


async def _answer(window: Window, message: str, question: str, mode: Mode) -> None:
    host = current()
    task = Task(question=question, person=window.person, conversation=window.thread, message=message, mode=mode)
    run = await host.orchestrator.submit(task)
    viewer = host.viewers.of(window)
    known = await viewer.watch(run)
    for other in host.viewers.on(window.thread, window.person):
        if other is not viewer:
            await other.watch(run)
    if not known:
        # The page read its list of conversations when the message came, before there was a run to list. A new value
        # here makes it read the list again.
        await window.emit(Emission("first_interaction", {"interaction": run, "thread_id": window.thread}))
        # On a phone Chainlit leaves the address at "/", where a reload loses the thread: public/roundtable.js sets it.
        await window.emit(Emission("window_message", {"roundtable": "thread", "id": window.thread}))
    await viewer.idle()


async def _refuse(window: Window, message: str, sentence: str) -> None:
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
