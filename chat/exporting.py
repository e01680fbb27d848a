"""What a person takes along: a conversation or one answer as Markdown, a run as JSON.

What is kept comes from the history, so it is there while Redis is away; what has just ended is taken from where it was
live. Somebody else's is the same as none.
"""

import logging

from chat.host import Host, current
from chat.transcript import Exchange, conversation, exchange
from chat.words import Words
from history import Refusal, UnknownConversation
from orchestration.document import AskDocument, document
from orchestration.errors import EngineUnavailable, UnknownRun
from orchestration.messages import Task, TaskResult

log = logging.getLogger(__name__)


async def conversation_markdown(person: str, thread: str, words: Words) -> tuple[str, str]:
    """Its name and its text. Raises UnknownConversation, HistoryError, NotStarted."""
    host = current()
    head = await host.history.conversation(person, thread)
    if head is None:
        raise UnknownConversation("There is no such conversation.")
    exchanges = [_refused(refusal) for refusal in await host.history.refusals(person, thread)]
    # As the page shows them: not the one that another one answered in place of.
    for run in await host.log.runs(person, thread):
        exchanges.append(Exchange(await host.log.task(run, person), await _result(host, run, person)))
    exchanges.sort(key=lambda one: one.task.asked_at)
    return head.name, conversation(head.name, exchanges, _titles(host), words)


async def answer_markdown(person: str, run: str, words: Words) -> str:
    """One question with its answer and its sources. Raises UnknownRun, HistoryError, NotStarted, EngineUnavailable."""
    host = current()
    task = await host.log.task(run, person)
    return exchange(Exchange(task, await _result(host, run, person)), _titles(host), words)


async def run_document(person: str, run: str) -> AskDocument:
    """A run that has ended, as `roundtable ask --json` prints it.

    Raises UnknownRun, HistoryError, NotStarted, EngineUnavailable.
    """
    runs = current().log
    if await runs.ending(run, person) is None:
        raise UnknownRun("There is no such run, or it has not ended yet.")
    return document([recorded.event async for recorded in runs.follow(run, person=person)])


def _refused(refusal: Refusal) -> Exchange:
    """A question that was not taken in, with the reason."""
    task = Task(question=refusal.question, mode=refusal.mode, asked_at=refusal.at)
    return Exchange(task, TaskResult(task=task.id, mode=task.mode, state="failed", reason=refusal.sentence))


async def _result(host: Host, run: str, person: str) -> TaskResult | None:
    """None while it goes on, and while that cannot be told."""
    try:
        ending = await host.log.ending(run, person)
    except EngineUnavailable as error:
        log.info("whether run %s has ended is not known: %s", run, error)
        return None
    return ending.result if ending is not None else None


def _titles(host: Host) -> dict[str, str]:
    return {name: agent.title for name, agent in host.registry.items()}
