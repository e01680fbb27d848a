"""One step, from question to answer: retrieve, then let an answerer speak."""

import time
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from agents.agent import Agent
from agents.answers import Answerer, Draft, Piece, Question, Terms
from agents.errors import AnswerFailed
from knowledge import Hit, Matrix, Vector

Span = tuple[float, float]
"""From and to, epoch seconds."""


class Library(Protocol):
    """What a step needs of the knowledge; `knowledge.Knowledge` is one."""

    async def search(
        self,
        bases: Sequence[str],
        question: str,
        vector: Vector,
        *,
        person: str = "local",
        limit: int = 6,
        sentences: bool = True,
        prefers: Collection[str] = (),
    ) -> list[Hit]: ...

    async def embed(self, texts: Sequence[str]) -> Matrix: ...


@dataclass(frozen=True)
class Found:
    """What was retrieved, before anything is said."""

    hits: tuple[Hit, ...]


@dataclass(frozen=True)
class Done:
    """The end of a step."""

    draft: Draft
    hits: tuple[Hit, ...]
    busy: tuple[Span, ...]


class Runner:
    """Runs steps of any agent; knows nothing of streams or fences."""

    def __init__(
        self, library: Library, answerer: Answerer, passages: int, clock: Callable[[], float] = time.time
    ) -> None:
        self._library = library
        self._answerer = answerer
        self._passages = passages
        self._clock = clock

    async def run(
        self,
        agent: Agent,
        question: str,
        vector: Vector | None,
        *,
        bases: Sequence[str],
        person: str,
        context: Sequence[str] = (),
        prefers: Collection[str] = (),
        terms: Terms | None = None,
    ) -> AsyncGenerator[Found | Piece | Done, None]:
        """Found first, then pieces as they come, then Done.

        `vector` is the question's embedding when somebody made it already; a question that builds on the
        answers in `context` is embedded again together with them. The documents `prefers` come forward.
        """
        begun = self._clock()
        text = question if not context else f"{question} {' '.join(context)}"
        if vector is None or context:
            vector = (await self._library.embed([text]))[0]
        found = await self._library.search(bases, text, vector, person=person, limit=self._passages, prefers=prefers)
        hits = tuple(found)
        retrieved = self._clock()
        yield Found(hits)
        resumed = self._clock()
        draft: Draft | None = None

        async def look_up(text: str) -> tuple[Hit, ...]:
            near = (await self._library.embed([text]))[0]
            return tuple(await self._library.search(bases, text, near, person=person, limit=self._passages))

        asked = Question(
            agent,
            question,
            np.asarray(vector, dtype=np.float32),
            hits,
            tuple(context),
            terms or Terms(),
            look_up,
        )
        async with aclosing(self._answerer.answer(asked)) as parts:
            async for part in parts:
                if isinstance(part, Draft):
                    draft = part
                else:
                    yield part
        if draft is None:
            raise AnswerFailed(f"{agent.title} stopped before it had an answer.")
        yield Done(draft, (*hits, *draft.further), ((begun, retrieved), (resumed, self._clock())))
