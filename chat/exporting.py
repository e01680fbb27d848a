"""What a person takes along: a conversation or one answer as Markdown, a run as JSON; and the command `/export`.

All of it comes from the history, so it is there while Redis is away. Somebody else's is the same as none.
"""

import logging
from collections.abc import Sequence

from chat.errors import ChatError
from chat.host import Host, current
from chat.plain import plain
from chat.reply import reply
from chat.transcript import Exchange, conversation, exchange
from chat.viewer import Window
from chat.wire import Json
from history import UnknownConversation
from orchestration.document import AskDocument, document
from orchestration.errors import RoundtableError, UnknownRun
from orchestration.messages import Answer, Recorded, TaskResult

log = logging.getLogger(__name__)

EXPORT = "export"
"""What is typed after the slash."""
COMMAND: Json = {
    "id": EXPORT,
    "description": "This conversation with its sources, as a Markdown file",
    "icon": "download",
    "button": False,
    "persistent": False,
    "selected": False,
}


async def conversation_markdown(person: str, thread: str) -> tuple[str, str]:
    """Its name and its text. Raises UnknownConversation, HistoryError, NotStarted."""
    host = current()
    head = await host.history.conversation(person, thread)
    if head is None:
        raise UnknownConversation("There is no such conversation.")
    runs = await host.history.runs(person, thread)
    exchanges = [
        Exchange(run.task, _result(await host.history.events(run.task.id, person)) if run.ended else None)
        for run in runs
    ]
    return head.name, conversation(head.name, exchanges, _titles(host))


async def answer_markdown(person: str, run: str) -> str:
    """One question with its answer and its sources. Raises UnknownRun, HistoryError, NotStarted."""
    host = current()
    found = await host.history.run(run, person)
    if found is None:
        raise UnknownRun("There is no such run.")
    return exchange(Exchange(found.task, _result(await host.history.events(run, person))), _titles(host))


async def run_document(person: str, run: str) -> AskDocument:
    """A run that has ended, as `roundtable ask --json` prints it. Raises UnknownRun, HistoryError, NotStarted."""
    events = await current().history.events(run, person)
    if not events:
        raise UnknownRun("There is no such run, or it has not ended yet.")
    return document(recorded.event for recorded in events)


async def offer_export(window: Window, message: str) -> None:
    """Answer in the chat, under the message that asked; nothing of it is kept."""
    try:
        found = await current().history.conversation(window.person, window.thread)
    except (ChatError, RoundtableError) as error:
        log.warning("thread %s cannot be exported: %s", window.thread, error)
        await reply(window, message, "export", plain(str(error)), failed=True)
        return
    if found is None:
        await reply(window, message, "export", "There is nothing to take along yet: ask something first.")
        return
    address = f"/api/conversations/{window.thread}/export"
    await reply(window, message, "export", f"[Download this conversation as Markdown]({address})")


def _result(events: Sequence[Recorded]) -> TaskResult | None:
    last = events[-1].event if events else None
    return last.result if isinstance(last, Answer) else None


def _titles(host: Host) -> dict[str, str]:
    return {name: agent.title for name, agent in host.registry.items()}
