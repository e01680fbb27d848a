"""What the agents know: the answer to the command `/knowledge`, and what can be done with each document.

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
from chat.plain import plain
from chat.reply import element_id, refuse, reply
from chat.viewer import Window
from chat.wire import Json
from chat.words import counted, day, file_size, language_name
from knowledge import Document, InvalidBase, KnowledgeError

log = logging.getLogger(__name__)

KNOWLEDGE = "knowledge"
"""What is typed after the slash."""
COMMAND: Json = {
    "id": KNOWLEDGE,
    "description": "The agents' documents: look, remove, replace, move, download",
    "icon": "library",
    "button": True,
    "persistent": False,
    "selected": False,
}
REMOVE, MOVE, REPLACE = "remove_document", "move_document", "replace_document"
"""The actions of the list."""


def address(agent: str, document: str) -> str:
    """Where the file of a document is served (api/documents.py)."""
    return f"/api/knowledge/{quote(agent, safe='')}/documents/{quote(document, safe='')}"


async def tell_documents(window: Window, message: str, wanted: str) -> None:
    """Answer in the chat, under the message that asked, with all agents or the one `wanted`; nothing of it is kept."""
    try:
        host = current()
        agents = _agents(host, wanted)
        props, total = await host.knowledge.threads.run(_look, host, window.person, agents, wanted)
    except (ChatError, AgentError, KnowledgeError) as error:
        log.warning("the documents cannot be listed: %s", error)
        await refuse(window, message, plain(str(error)))
        return
    who = plain(agents[0].title) if len(agents) == 1 else counted(len(agents), "agent")
    said = f"{who} {'knows' if len(agents) == 1 else 'know'} {counted(total, 'document')}."
    listing = {"list": element_id(message, "documents"), **props}
    await reply(window, message, "documents", said, element="Documents", props=listing)


async def remove_document(window: Window, agent: str, document: str) -> dict[str, object]:
    """Take it out for good; gives what is there afterwards."""
    try:
        host = current()
        await require_leave_for(host, window.person, agent, document)
        gone = await host.knowledge.remove(agent, document, person=window.person)
    except (ChatError, KnowledgeError) as error:
        return await _refused(window, error)
    stays = " It stays out at the next start, too." if gone.seed else ""
    return await documents_now(window, f"“{gone.source}” was removed.{stays}")


async def move_document(window: Window, agent: str, document: str, to: str) -> dict[str, object]:
    """Give it to another agent; gives what is there afterwards."""
    try:
        host = current()
        title = host.registry[to].title
        await require_leave_for(host, window.person, agent, document)
        moved = await host.knowledge.move(agent, document, to, person=window.person)
    except (ChatError, AgentError, KnowledgeError) as error:
        return await _refused(window, error)
    return await documents_now(window, f"{title} has “{moved.source}” now.")


async def documents_now(window: Window, said: str = "") -> dict[str, object]:
    """The list as it is at this moment, with a sentence for the corner of the page."""
    if said:
        await window.emit(Emission("toast", {"message": said, "type": "success"}))
    try:
        host = current()
        everybody = list(host.registry.values())
        props, _ = await host.knowledge.threads.run(_look, host, window.person, everybody, "")
        return dict(props)
    except (ChatError, KnowledgeError) as error:
        log.warning("the documents cannot be listed: %s", error)
        return {}


async def _refused(window: Window, error: Exception) -> dict[str, object]:
    log.warning("a document was not changed: %s", error)
    sentence = "There is no such document." if isinstance(error, InvalidBase) else str(error)
    await window.emit(Emission("toast", {"message": sentence, "type": "error"}))
    return await documents_now(window)


def _agents(host: Host, wanted: str) -> list[Agent]:
    """All of them, or the one of this name, with or without an @. Raises UnknownAgent."""
    name = wanted.strip().removeprefix("@").lower()
    return [host.registry[name]] if name else list(host.registry.values())


def _look(host: Host, person: str, agents: Sequence[Agent], wanted: str) -> tuple[dict[str, Json], int]:
    """The list's properties, and how many documents are on it. Blocking, as there may be thousands."""
    listed: list[Json] = []
    total = 0
    for_all = may_change_the_teams(host, person)
    for agent in agents:
        documents: list[Json] = [
            document_props(agent.name, document, changeable=for_all or bool(document.person))
            for document in host.knowledge.documents(agent.name, person)
        ]
        listed.append({"agent": agent.name, "title": agent.title, "documents": documents})
        total += len(documents)
    everybody: list[Json] = [{"agent": a.name, "title": a.title} for a in host.registry.values()]
    return {"only": agents[0].name if wanted and agents else "", "agents": listed, "everybody": everybody}, total


def document_props(agent: str, document: Document, *, changeable: bool) -> dict[str, Json]:
    """One line of the list; what may not be changed can still be had."""
    facts = [document.format, counted(document.pages, "page") if document.pages else ""]
    facts += [counted(document.passages, "passage"), file_size(document.size), language_name(document.language)]
    facts.append(day(document.added))
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
