"""One agent is asked again, alone, what it or another one was asked, with a model or without: a question of its own in
the same conversation.
"""

import logging

from agents import AgentError
from chat.asking import ask
from chat.changes import Emission
from chat.errors import AskedTwice, ChatError, NotAskedAgain
from chat.host import Host, current
from chat.manner import Manner
from chat.viewer import Window
from orchestration.errors import RoundtableError
from orchestration.messages import new_id

log = logging.getLogger(__name__)

ASK_AGENT = "ask_agent"
"""The action under an answer."""


async def ask_agent(window: Window, run: str, part: int, agent: str, model: str) -> bool:
    """Ask exactly this agent a part of an earlier question again, with a `model` as `Task.model` names one; not twice
    while it is at it.
    """
    try:
        host = current()
        question = f"@{agent} {await _question(host, window, run, part, agent)}"
        asked = (window.person, window.thread, question, model)
        if asked in host.asked_again:
            return True  # The same click, twice.
        host.asked_again.add(asked)
        try:
            if await _is_running(host, window, question, model):
                raise AskedTwice(host.registry[agent].title)
            return await ask(window, new_id(), question, Manner(model=model), undivided=True)
        finally:
            host.asked_again.discard(asked)
    except (RoundtableError, AgentError, ChatError) as error:
        log.warning("a part of run %s is not asked again: %s", run, error)
        await window.emit(Emission("toast", {"message": window.words.trouble(error), "type": "error"}))
        return False


async def _question(host: Host, window: Window, run: str, part: int, agent: str) -> str:
    ending = await host.log.ending(run, window.person)
    parts = ending.selection.parts if ending is not None and ending.selection is not None else ()
    if not 0 <= part < len(parts) or agent not in host.registry:
        raise NotAskedAgain
    return parts[part].question


async def _is_running(host: Host, window: Window, question: str, model: str) -> bool:
    viewer = host.viewers.of(window)
    await viewer.opened()
    waiting = {delivery.id for delivery in host.deliveries.on(window.thread, window.person)}
    runs = viewer.live - waiting
    tasks = [await host.log.task(run, window.person) for run in runs]
    return any(task.question == question and task.model == model for task in tasks)
