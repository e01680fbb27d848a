"""One step, from question to answer: retrieve, then let an answerer speak."""

import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from agents.agent import Agent
from agents.answers import Answerer, Draft, Piece, Question, Terms
from agents.budget import Spending
from agents.completing import Completer
from agents.errors import AnswerFailed
from agents.plain import as_markdown
from agents.usage import together
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


Tell = Callable[[Found | Piece], Awaitable[None]]
"""Hears what happens in a step, in order."""


@dataclass(frozen=True)
class Done:
    """The end of a step."""

    draft: Draft
    hits: tuple[Hit, ...]
    busy: tuple[Span, ...]


class Runner:
    """Runs steps of any agent; knows nothing of streams or fences."""

    def __init__(
        self,
        library: Library,
        answerer: Answerer,
        passages: int,
        clock: Callable[[], float] = time.time,
        completer: Completer | None = None,
    ) -> None:
        """Without a `completer` a question that builds on others' answers is looked up together with them."""
        self._library = library
        self._answerer = answerer
        self._passages = passages
        self._clock = clock
        self._completer = completer

    async def run(
        self,
        agent: Agent,
        question: str,
        vector: Vector | None,
        *,
        bases: Sequence[str],
        person: str,
        tell: Tell,
        context: Sequence[str] = (),
        prefers: Collection[str] = (),
        terms: Terms | None = None,
    ) -> Done:
        """Tells what was found first, then pieces as they come.

        `vector` is the question's embedding when somebody made it already; a question that builds on the
        answers in `context` is completed with them or else looked up together with them. The documents `prefers` come
        forward.
        """
        begun = self._clock()
        terms = terms or Terms()
        spending = Spending(terms.budget)
        completed = None
        if context and self._completer is not None:
            completed = await self._completer.complete(question, context, terms, agent.name, spending)
        text = completed or " ".join((question, *context))
        if vector is None or context:
            vector = (await self._library.embed([text]))[0]
        found = await self._library.search(bases, text, vector, person=person, limit=self._passages, prefers=prefers)
        hits = tuple(found)
        retrieved = self._clock()
        await tell(Found(hits))
        if completed is not None:
            await tell(Piece("reasoning", f"Asked as: {as_markdown(completed)}\n\n"))
        resumed = self._clock()
        draft: Draft | None = None

        async def look_up(text: str) -> tuple[Hit, ...]:
            near = (await self._library.embed([text]))[0]
            again = self._library.search(bases, text, near, person=person, limit=self._passages, prefers=prefers)
            return tuple(await again)

        asked = Question(
            agent,
            completed or question,
            np.asarray(vector, dtype=np.float32),
            hits,
            tuple(context),
            terms.model_copy(update={"budget": spending.left_after(self._clock() - begun)}),
            planned=question if completed else "",
            search=look_up,
        )
        async with aclosing(self._answerer.answer(asked)) as parts:
            async for part in parts:
                if isinstance(part, Draft):
                    draft = part
                else:
                    await tell(part)
        if draft is None:
            raise AnswerFailed(f"{agent.title} stopped before it had an answer.")
        if usage := (*spending.usage, *draft.usage):
            draft = replace(draft, usage=together(usage))
        return Done(draft, (*hits, *draft.further), ((begun, retrieved), (resumed, self._clock())))
