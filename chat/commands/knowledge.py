"""`/knowledge`, `/knowledge security`: what the agents know, as a list in which documents can be changed."""

import logging

from agents import AgentError
from chat.commands.agents import chosen
from chat.commands.command import Call, Offer
from chat.documents import documents_of
from chat.errors import ChatError
from chat.host import current
from chat.plain import plain
from chat.reply import element_id, refuse, reply
from chat.words import counted
from knowledge import KnowledgeError

log = logging.getLogger(__name__)


class KnowledgeList:
    offer = Offer(
        "knowledge", "The agents' documents: look, remove, replace, move, download", "library", "[AGENT]", button=True
    )

    async def run(self, call: Call) -> None:
        window, message = call.window, call.message
        try:
            host = current()
            agents = chosen(host.registry, call.words)
            only = agents[0].name if call.words and agents else ""
            props, total = await host.knowledge.threads.run(documents_of, host, window.person, agents, only)
        except (ChatError, AgentError, KnowledgeError) as error:
            log.warning("the documents cannot be listed: %s", error)
            await refuse(window, message, plain(str(error)))
            return
        who = plain(agents[0].title) if len(agents) == 1 else counted(len(agents), "agent")
        said = f"{who} {'knows' if len(agents) == 1 else 'know'} {counted(total, 'document')}."
        listing = {"list": element_id(message, "documents"), **props}
        await reply(window, message, "documents", said, element="Documents", props=listing)
