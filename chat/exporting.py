"""What a person takes along: a conversation or one answer as Markdown, a run as JSON.

All of it comes from the history, so it is there while Redis is away. Somebody else's is the same as none.
"""

from collections.abc import Sequence

from chat.host import Host, current
from chat.transcript import Exchange, conversation, exchange
from chat.words import Words
from history import Refusal, UnknownConversation
from orchestration.document import AskDocument, document
from orchestration.errors import UnknownRun
from orchestration.messages import Answer, Recorded, Task, TaskResult


async def conversation_markdown(person: str, thread: str, words: Words) -> tuple[str, str]:
    """Its name and its text. Raises UnknownConversation, HistoryError, NotStarted."""
    host = current()
    head = await host.history.conversation(person, thread)
    if head is None:
        raise UnknownConversation("There is no such conversation.")
    exchanges = [_refused(refusal) for refusal in await host.history.refusals(person, thread)]
    # As the page shows them: not the one that another one answered in place of.
    for run in await host.log.runs(person, thread):
        result = _result(await host.history.events(run, person))
        exchanges.append(Exchange(await host.log.task(run, person), result))
    exchanges.sort(key=lambda one: one.task.asked_at)
    return head.name, conversation(head.name, exchanges, _titles(host), words)


async def answer_markdown(person: str, run: str, words: Words) -> str:
    """One question with its answer and its sources. Raises UnknownRun, HistoryError, NotStarted."""
    host = current()
    found = await host.history.run(run, person)
    if found is None:
        raise UnknownRun("There is no such run.")
    return exchange(Exchange(found.task, _result(await host.history.events(run, person))), _titles(host), words)


async def run_document(person: str, run: str) -> AskDocument:
    """A run that has ended, as `roundtable ask --json` prints it. Raises UnknownRun, HistoryError, NotStarted."""
    events = await current().history.events(run, person)
    if not events:
        raise UnknownRun("There is no such run, or it has not ended yet.")
    return document(recorded.event for recorded in events)


def _refused(refusal: Refusal) -> Exchange:
    """A question that was not taken in, with the reason."""
    task = Task(question=refusal.question, mode=refusal.mode, asked_at=refusal.at)
    return Exchange(task, TaskResult(task=task.id, mode=task.mode, state="failed", reason=refusal.sentence))


def _result(events: Sequence[Recorded]) -> TaskResult | None:
    last = events[-1].event if events else None
    return last.result if isinstance(last, Answer) else None


def _titles(host: Host) -> dict[str, str]:
    return {name: agent.title for name, agent in host.registry.items()}
