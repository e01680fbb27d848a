"""What a tool is: something that a model may want to be called, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from agents.models import ToolOffer
from knowledge import Hit


@dataclass(frozen=True)
class Outcome:
    """What a tool gives. It is material to quote, as a document is."""

    text: str = ""
    hits: tuple[Hit, ...] = ()
    """Passages that it found."""


class Tool(Protocol):
    """Whose knowledge and which server it works on is settled before a model hears of it."""

    @property
    def offer(self) -> ToolOffer: ...

    async def call(self, arguments: Mapping[str, object]) -> Outcome:
        """`arguments` are what a model made up. Raises ToolFailed, whose text tells the model why."""
        ...


class Outside(Protocol):
    """Tools that reach beyond this process; `servers.Servers` is one."""

    async def tools(self, agent: str) -> Sequence[Tool]:
        """Those that the operator gave this agent, as far as they can be reached now."""
        ...
