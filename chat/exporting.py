"""What a person takes along: a conversation or one answer as Markdown, a run as JSON.

All of it comes from the history, so it is there while Redis is away. Somebody else's is the same as none.
"""

from collections.abc import Sequence

from chat.host import Host, current
from chat.transcript import Exchange, conversation, exchange
from history import UnknownConversation
from orchestration.document import AskDocument, document
from orchestration.errors import UnknownRun
from orchestration.messages import Answer, Recorded, TaskResult


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


def _result(events: Sequence[Recorded]) -> TaskResult | None:
    last = events[-1].event if events else None
    return last.result if isinstance(last, Answer) else None


def _titles(host: Host) -> dict[str, str]:
    return {name: agent.title for name, agent in host.registry.items()}
