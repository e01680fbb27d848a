"""What an answerer is given and what it gives back."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict

from agents.agent import Agent
from agents.budget import Budget
from agents.notes import Note
from agents.usage import Usage
from knowledge import Hit, Vector


class Claim(BaseModel):
    """One statement with the passage that carries it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    text: str
    quote: str
    """The words of the source that the statement rests on."""
    passage: str
    """The id of the passage that the quote is in; empty where none carries it."""
    relevance: float
    """How near the statement is to the question, 0 to 1."""
    kind: Literal["prose", "item", "code", "row"] = "prose"
    support: Literal["quoted", "supported", "uncited", "unsupported"] = "quoted"
    """quoted: the source's own words. supported: a model's words, which the quote was found to carry. uncited: a
    model's words without a source. unsupported: it named a source that does not carry them. These two are marked.
    """
    also: tuple[str, ...] = ()
    """Ids of further passages that carry it."""


class Exchange(BaseModel):
    """An earlier question of the conversation, and what was answered."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    question: str
    answer: str


class Terms(BaseModel):
    """How a step is to be answered, where a language model answers it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    model: str = ""
    """The one that the person wished; empty for the agent's own."""
    conversation: tuple[Exchange, ...] = ()
    """Oldest first."""
    budget: Budget = Budget()


Search = Callable[[str], Awaitable[tuple[Hit, ...]]]
"""Looks a question up in the agent's own knowledge, as the person who asked may see it."""


@dataclass(frozen=True)
class Question:
    """A step as an answerer sees it."""

    agent: Agent
    text: str
    vector: Vector
    hits: tuple[Hit, ...]
    context: tuple[str, ...] = ()
    """What the steps it depends on found."""
    terms: Terms = field(default_factory=Terms)
    planned: str = ""
    """The question before it was completed with what others found; empty where it was not."""
    search: Search | None = None
    """None where there is nothing to look up again."""


@dataclass(frozen=True)
class Piece:
    """A piece of text as it comes."""

    channel: Literal["reasoning", "answer"]
    text: str
    fresh: bool = False
    """What the channel had before no longer counts."""


@dataclass(frozen=True)
class Draft:
    """The whole answer; without claims nothing was found."""

    claims: tuple[Claim, ...]
    text: str
    confidence: float
    """The relevance of its best claim, 0 to 1; never a made-up number."""
    further: tuple[Hit, ...] = ()
    """What was looked up beside what it was given."""
    usage: tuple[Usage, ...] = ()
    note: Note | None = None


class Answerer(Protocol):
    """Turns a question and its passages into an answer: pieces as they come, then one Draft, last."""

    def answer(self, question: Question) -> AsyncGenerator[Piece | Draft, None]: ...
