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
from knowledge import KnowledgeError

log = logging.getLogger(__name__)


class KnowledgeList:
    offer = Offer("knowledge", "library", "[AGENT]", button=True)

    async def run(self, call: Call) -> None:
        window, message = call.window, call.message
        try:
            host = current()
            agents = chosen(host.registry, call.words)
            only = agents[0].name if call.words and agents else ""
            props, total = await host.knowledge.threads.run(documents_of, host, window, agents, only)
        except (ChatError, AgentError, KnowledgeError) as error:
            log.warning("the documents cannot be listed: %s", error)
            await refuse(window, message, plain(window.words.trouble(error)))
            return
        said = window.words.knows([plain(agent.title) for agent in agents], total)
        listing = {"list": element_id(message, "documents"), **props}
        await reply(window, message, "documents", said, element="Documents", props=listing)
