"""An answerer that a test holds in the middle of its work, and lets speak piece by piece."""

import asyncio
from collections.abc import AsyncGenerator

from agents import Answerer
from agents.answers import Draft, Piece, Question


class HeldAnswerer:
    """Another answerer behind a gate: while it is shut, agents reason aloud what they are told, and nothing else."""

    def __init__(self, behind: Answerer) -> None:
        self._behind = behind
        self._said: list[str] = []
        self._open = True
        self._news = asyncio.Condition()

    async def hold(self) -> None:
        """Shut the gate for whoever comes from now on."""
        async with self._news:
            self._open, self._said = False, []
            self._news.notify_all()

    async def say(self, words: str) -> None:
        """A piece of reasoning for every agent that waits."""
        async with self._news:
            self._said.append(words)
            self._news.notify_all()

    async def release(self) -> None:
        async with self._news:
            self._open = True
            self._news.notify_all()

    async def answer(self, question: Question) -> AsyncGenerator[Piece | Draft, None]:
        told = 0
        if not self._open:
            yield Piece("reasoning", f"{question.agent.title} begins.")
        while not self._open:
            async with self._news:
                while not self._open and len(self._said) == told:
                    await self._news.wait()
                pieces = self._said[told:]
            for words in pieces:
                yield Piece("reasoning", f" {words}")
            told += len(pieces)
        async for piece in self._behind.answer(question):
            yield piece
