"""The commands of the chat, in the order in which they are offered."""

from collections.abc import Mapping

from chat.commands.agents import Agents
from chat.commands.background import Background
from chat.commands.command import Command
from chat.commands.export import Export
from chat.commands.help import Help
from chat.commands.knowledge import KnowledgeList
from chat.commands.plan import Plan
from chat.commands.single import Single
from chat.commands.status import Status

_OTHERS: tuple[Command, ...] = (Status(), Agents(), KnowledgeList(), Plan(), Single(), Background(), Export())

COMMANDS: Mapping[str, Command] = {
    command.offer.name: command for command in (Help([other.offer for other in _OTHERS]), *_OTHERS)
}
