"""What the agents know, as the list of `/knowledge` shows it, and what can be done with each document.

Everything is done for the person of the window; somebody else's document is the same as none.
"""

import logging
from collections.abc import Sequence
from urllib.parse import quote

from agents import Agent, AgentError
from chat.changes import Emission
from chat.errors import ChatError
from chat.host import Host, current
from chat.leave import may_change_the_teams, require_leave_for
from chat.viewer import Window
from chat.wire import Json
from chat.words import Words
from knowledge import Document, KnowledgeError

log = logging.getLogger(__name__)

REMOVE, MOVE, REPLACE = "remove_document", "move_document", "replace_document"
"""The actions of the list."""


def address(agent: str, document: str) -> str:
    """Where the file of a document is served (api/documents.py)."""
    return f"/api/knowledge/{quote(agent, safe='')}/documents/{quote(document, safe='')}"


async def remove_document(window: Window, agent: str, document: str) -> dict[str, object]:
    """Take it out for good; gives what is there afterwards."""
    try:
        host = current()
        await require_leave_for(host, window.person, agent, document)
        gone = await host.knowledge.remove(agent, document, person=window.person)
    except (ChatError, KnowledgeError) as error:
        return await _refused(window, error)
    return await documents_now(window, window.words.removed(gone.source, stays_out=bool(gone.seed)))


async def move_document(window: Window, agent: str, document: str, to: str) -> dict[str, object]:
    """Give it to another agent; gives what is there afterwards."""
    try:
        host = current()
        title = host.registry[to].title
        await require_leave_for(host, window.person, agent, document)
        moved = await host.knowledge.move(agent, document, to, person=window.person)
    except (ChatError, AgentError, KnowledgeError) as error:
        return await _refused(window, error)
    return await documents_now(window, window.words.moved(moved.source, title))


async def documents_now(window: Window, said: str = "") -> dict[str, object]:
    """The list as it is at this moment, with a sentence for the corner of the page."""
    if said:
        await window.emit(Emission("toast", {"message": said, "type": "success"}))
    try:
        host = current()
        everybody = list(host.registry.values())
        props, _ = await host.knowledge.threads.run(documents_of, host, window, everybody)
        return dict(props)
    except (ChatError, KnowledgeError) as error:
        log.warning("the documents cannot be listed: %s", error)
        return {}


async def _refused(window: Window, error: Exception) -> dict[str, object]:
    log.warning("a document was not changed: %s", error)
    await window.emit(Emission("toast", {"message": window.words.trouble(error), "type": "error"}))
    return await documents_now(window)


def documents_of(host: Host, window: Window, agents: Sequence[Agent], only: str = "") -> tuple[dict[str, Json], int]:
    """The list's properties, and how many documents are on it; `only` is the one agent that was asked for. Blocking, as
    there may be thousands.
    """
    listed: list[Json] = []
    total = 0
    for_all = may_change_the_teams(host, window.person)
    for agent in agents:
        documents: list[Json] = [
            document_props(agent.name, document, window.words, changeable=for_all or bool(document.person))
            for document in host.knowledge.documents(agent.name, window.person)
        ]
        listed.append({"agent": agent.name, "title": agent.title, "documents": documents})
        total += len(documents)
    everybody: list[Json] = [{"agent": a.name, "title": a.title} for a in host.registry.values()]
    return {"only": only, "agents": listed, "everybody": everybody}, total


def document_props(agent: str, document: Document, words: Words, *, changeable: bool) -> dict[str, Json]:
    """One line of the list; what may not be changed can still be had."""
    facts = [document.format, words.pages(document.pages) if document.pages else ""]
    facts += [words.passages(document.passages), words.file_size(document.size)]
    facts.append(words.language_name(document.language))
    facts.append(words.day(document.added))
    return {
        "id": document.id,
        "name": document.source,
        "title": document.title,
        "facts": " · ".join(fact for fact in facts if fact),
        "mine": bool(document.person),
        "catalog": document.seed,
        "changeable": changeable,
        "url": address(agent, document.id) if document.size else "",
    }
