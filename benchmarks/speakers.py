"""Agents that speak like language models: word by word, at a pace, each word with its number and when it was due.

Whoever hears them can tell without asking anybody which words are missing or came twice, and how late each one is.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator

from agents import Agent, AgentRegistry
from agents.answers import Claim, Draft, Piece, Question

NAMES = ("north", "east", "south", "west")
QUESTION = "@north @east @south @west What is the weather like?"
WORDS_PER_SECOND = 50
_WRAP_MS = 1_000_000


def four_agents() -> AgentRegistry:
    """Agents that know nothing and talk all the same."""
    return AgentRegistry(
        Agent(name=name, title=name.title(), description=f"Watches the weather in the {name}.") for name in NAMES
    )


def word(number: int, at: float) -> str:
    """`17-123456 `: its number, and when it was due in milliseconds of this machine's monotonic clock."""
    return f"{number}-{int(1000 * at) % _WRAP_MS} "


def delays(text: str, heard: int, now: float) -> Iterator[float]:
    """How late, in seconds, each word of a piece of text is, of which `heard` words came before.

    Raises ValueError when a word is missing, came before, or is none of ours.
    """
    for number, each in enumerate(text.split(), start=heard):
        said, _, at = each.partition("-")
        if said != str(number):
            raise ValueError(f"word {number} was expected, {each!r} came")
        yield (1000 * now - int(at)) % _WRAP_MS / 1000


class Speaker:
    """Answers with so many seconds of words. It falls behind no more than its process does: then words come at once."""

    def __init__(self, seconds: float) -> None:
        self._words = round(seconds * WORDS_PER_SECOND)

    async def answer(self, question: Question) -> AsyncGenerator[Piece | Draft, None]:
        begun = time.monotonic()
        said = []
        for number in range(self._words):
            due = begun + (number + 1) / WORDS_PER_SECOND
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            said.append(word(number, due))
            yield Piece("answer", said[-1])
        sentence = f"It rains in the {question.agent.name}."
        claim = Claim(text=sentence, quote=sentence, passage="script", relevance=1.0)
        yield Draft(claims=(claim,), text="".join(said), confidence=1.0)
