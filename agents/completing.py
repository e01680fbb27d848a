"""A question that builds on another one's answer, completed with that answer before anything is looked up."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import aclosing

from agents.answers import Terms
from agents.budget import Spending
from agents.errors import ModelFailed, UnknownModel
from agents.models import Models, Prompt, Reply, Said
from agents.prompting import Fence, Marker, random_marker

log = logging.getLogger(__name__)

MOST_CHARACTERS = 300
MOST_SECONDS = 15.0
MOST_FOUND = 4_000
"""Characters of what was found that are read for it."""


class Completer:
    """Asks a language model once; where there is none, or it says nothing usable, nobody completes the question."""

    def __init__(self, models: Models, marker: Marker = random_marker) -> None:
        self._models = models
        self._marker = marker

    async def complete(
        self, question: str, found: Sequence[str], terms: Terms, agent: str, spending: Spending
    ) -> str | None:
        """The question as it is to be asked; None where it stays as it is. What it cost is added to `spending`."""
        try:
            model = self._models.of(terms.model, agent)
            if model is None:
                return None
            spending.check(model.name)
            if spending.calls_left < 2:
                return None  # The one that is left is for the answer.
            async with asyncio.timeout(min(MOST_SECONDS, spending.seconds_left)):
                async with aclosing(model.reply(self._prompt(question, found))) as parts:
                    async for part in parts:
                        if isinstance(part, Reply):
                            spending.add(*part.usage)
                            return _usable(part.text)
        except (ModelFailed, UnknownModel, TimeoutError) as error:
            if isinstance(error, ModelFailed):
                spending.add(*error.usage)
            log.info("a question was not completed: %s", error)
        return None

    def _prompt(self, question: str, found: Sequence[str]) -> Prompt:
        fence = Fence(self._marker())
        rules = (
            "You rewrite a question so that somebody who knows nothing else can look its answer up. The question builds"
            " on what was found before: put the names, things and figures that it means in place of words that only"
            " point to them. Add nothing else, and do not answer it. Reply with the question alone, in one line, in its"
            f" own language. {fence.rule}"
        )
        material = fence.around("found before", "\n\n".join(found)[:MOST_FOUND])
        return Prompt(
            said=(Said("system", rules), Said("person", f"{material}\n\nQuestion: {question}")), most_tokens=200
        )


def _usable(text: str) -> str | None:
    text = text.strip().strip('"').removeprefix("Question:").strip()
    one_line = "\n" not in text and len(text) <= MOST_CHARACTERS and "<<" not in text
    return text if one_line and any(c.isalnum() for c in text) else None
