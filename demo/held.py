"""An answerer that the demonstration can stop in the middle of its work, long enough to be seen.

It says so on the page, with the process it is in, and then answers as the one behind it does.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable

from agents import Answerer
from agents.answers import Draft, Piece, Question

NOTICE = "The demonstration holds this step in worker process"


class HeldAnswerer:
    """Another answerer behind a gate. `tell` hears the agent's name when somebody has come to the shut gate."""

    def __init__(self, behind: Answerer, tell: Callable[[str], None]) -> None:
        self._behind = behind
        self._tell = tell
        self._open = asyncio.Event()
        self._open.set()

    def hold(self) -> None:
        """Shut the gate for whoever comes from now on."""
        self._open.clear()

    def let_go(self) -> None:
        self._open.set()

    async def answer(self, question: Question) -> AsyncGenerator[Piece | Draft, None]:
        if not self._open.is_set():
            yield Piece("reasoning", f"{NOTICE} {os.getpid()}.\n\n")
            self._tell(question.agent.name)
            await self._open.wait()
        async for piece in self._behind.answer(question):
            yield piece
