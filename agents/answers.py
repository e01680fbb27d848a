"""What an answerer is given and what it gives back."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict

from agents.agent import Agent
from knowledge import Hit, Vector


class Claim(BaseModel):
    """One statement with the passage that carries it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    text: str
    quote: str
    """The words of the source that the statement rests on."""
    passage: str
    """The id of the passage that the quote is in."""
    relevance: float
    """How near the statement is to the question, 0 to 1."""
    kind: Literal["prose", "item", "code", "row"] = "prose"


@dataclass(frozen=True)
class Question:
    """A step as an answerer sees it."""

    agent: Agent
    text: str
    vector: Vector
    hits: tuple[Hit, ...]
    context: tuple[str, ...] = ()
    """What the steps it depends on found."""


@dataclass(frozen=True)
class Piece:
    """A piece of text as it comes."""

    channel: Literal["reasoning", "answer"]
    text: str


@dataclass(frozen=True)
class Draft:
    """The whole answer; without claims nothing was found."""

    claims: tuple[Claim, ...]
    text: str
    confidence: float
    """The relevance of its best claim, 0 to 1; never a made-up number."""


class Answerer(Protocol):
    """Turns a question and its passages into an answer: pieces as they come, then one Draft, last."""

    def answer(self, question: Question) -> AsyncGenerator[Piece | Draft, None]: ...
