"""What a language model is to agents, planners and writers: what was said goes in, pieces of text come out."""

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from pydantic import BaseModel

from agents.errors import Why
from agents.usage import Usage


@dataclass(frozen=True)
class ToolCall:
    """A model wants a tool to be called. Its arguments are what a model made up: data, to be checked."""

    id: str
    tool: str
    arguments: Mapping[str, object]


@dataclass(frozen=True)
class Said:
    """A message of the conversation with a model."""

    role: Literal["system", "person", "model", "tool"]
    text: str
    calls: tuple[ToolCall, ...] = ()
    """For role "model": the tools it wanted."""
    answers: str = ""
    """For role "tool": the id of the call that this answers."""


@dataclass(frozen=True)
class ToolOffer:
    """A tool that a model may want to be called."""

    name: str
    description: str
    schema: Mapping[str, object]
    """JSON schema of its arguments, an object."""


def _nobody(*usages: Usage) -> None:
    pass


@dataclass(frozen=True)
class Prompt:
    """What a model is asked once."""

    said: tuple[Said, ...]
    tools: tuple[ToolOffer, ...] = ()
    schema: type[BaseModel] | None = None
    """The reply's text shall be JSON of this, where a model can be held to it; whoever asked validates it."""
    most_tokens: int = 2_000
    """Of the reply."""
    most_calls: int = 100
    """Of models for it: tries that fail count, and so do those of models that stand in."""
    broken_off: Callable[..., None] = field(default=_nobody, repr=False, compare=False)
    """Is told what was spent when whoever asked closes the generator, or is cancelled, before there is a Reply."""


@dataclass(frozen=True)
class Delta:
    """A piece of the reply as it comes."""

    channel: Literal["reasoning", "answer"]
    text: str


@dataclass(frozen=True)
class StartedAnew:
    """It broke off in mid-reply, and is asked again or another model is: the pieces before no longer count."""

    model: str
    """Which one is asked now."""
    why: Why
    """What happened before."""


@dataclass(frozen=True)
class Reply:
    """The whole, last."""

    model: str
    """Which one replied in the end."""
    text: str
    usage: tuple[Usage, ...]
    """Of every model that was asked for it, those that failed included."""
    calls: tuple[ToolCall, ...] = ()
    reasoning: str = field(default="", repr=False)
    complete: bool = True
    """False where it was cut off at `most_tokens`."""


class LanguageModel(Protocol):
    """One model, or a chain in which one stands in for another. Closing the generator ends the request at once."""

    @property
    def name(self) -> str:
        """`provider:name` as configured."""
        ...

    def reply(self, prompt: Prompt) -> AsyncGenerator[Delta | StartedAnew | Reply, None]:
        """Pieces as they come, then one Reply, last. Raises ModelFailed, which carries what was spent."""
        ...
