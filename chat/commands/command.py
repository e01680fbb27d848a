"""What a command is: one word after a slash that is answered in the chat, or that says how a question is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from chat.manner import Manner
from chat.viewer import Window
from chat.wire import Json
from chat.words import Words


@dataclass(frozen=True)
class Offer:
    """How a command is offered: by Chainlit's list after a slash, and by `/help`."""

    name: str
    """What is typed after the slash."""
    icon: str
    """One of Lucide's."""
    takes: str = ""
    """What is written behind it, such as `QUESTION`."""
    button: bool = False
    """Whether it stands beside the composer, too; there is little room on a phone."""
    asks: bool = False
    """Whether what is written behind it is a question, with which files may come."""

    def json(self, words: Words) -> Json:
        return {
            "id": self.name,
            "description": words.about(self.name),
            "icon": self.icon,
            "button": self.button,
            "persistent": False,
            "selected": False,
        }


@dataclass(frozen=True)
class Call:
    """A message that is a command."""

    window: Window
    message: str
    """Its id."""
    words: str
    """What was written behind the command."""
    usual: Manner
    """How a question without a command would be asked."""


class Command(Protocol):
    """One command. A new one is one file and its line in `chat/commands/__init__.py`."""

    @property
    def offer(self) -> Offer: ...

    async def run(self, call: Call) -> Manner | None:
        """Answer in the chat, which makes no conversation and of which nothing is kept; or give how `call.words` are
        to be asked.
        """
        ...


Offers = Sequence[Offer]
