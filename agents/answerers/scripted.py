"""An answerer for tests and benchmarks: says what it is told to say."""

from collections.abc import AsyncGenerator, Awaitable, Callable

from agents.answers import Claim, Draft, Piece, Question


class ScriptedAnswerer:
    """Answers with `text`; `before` is awaited first, so that a test decides when it goes on or fails."""

    def __init__(self, text: str = "As scripted.", before: Callable[[Question], Awaitable[None]] | None = None) -> None:
        self._text = text
        self._before = before

    async def answer(self, question: Question) -> AsyncGenerator[Piece | Draft, None]:
        if self._before is not None:
            yield Piece("reasoning", f"{question.agent.title} begins.")
            await self._before(question)
        yield Piece("answer", self._text)
        passage = question.hits[0].passage.id if question.hits else "script"
        claim = Claim(text=self._text, quote=self._text, passage=passage, relevance=1.0)
        yield Draft(claims=(claim,), text=self._text, confidence=1.0)
