"""A question that builds on another one's answer, completed with that answer before anything is looked up."""

import asyncio
import hashlib
import json
import logging
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from agents.answers import Terms
from agents.budget import Spending
from agents.errors import ModelFailed, UnknownModel
from agents.models import LanguageModel, Models, Prompt, Reply, Said
from agents.prompting import Fence, Marker, random_marker

log = logging.getLogger(__name__)

MOST_CHARACTERS = 300
MOST_SECONDS = 15.0
MOST_FOUND = 4_000
"""Characters of what was found that are read for it."""
MOST_KEPT = 32
"""Completions that agents who are asked the same may share."""


@dataclass
class _Completion:
    """Whoever has the lock makes it; who was broken off leaves it to the next."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    made: bool = False
    text: str | None = None


class Completer:
    """Asks a language model once, for all agents of this process that are asked the same. Where there is none, or it
    says nothing usable, nobody completes the question.
    """

    def __init__(self, models: Models, marker: Marker = random_marker) -> None:
        self._models = models
        self._marker = marker
        self._kept: OrderedDict[bytes, _Completion] = OrderedDict()

    async def complete(
        self, question: str, found: Sequence[str], terms: Terms, agent: str, spending: Spending
    ) -> str | None:
        """The question as it is to be asked; None where it stays as it is. What it cost is added to the `spending` of
        whoever had it made.
        """
        try:
            model = self._models.of(terms.model, agent)
            if model is None:
                return None
            spending.check(model.name)
        except (ModelFailed, UnknownModel) as error:
            log.info("a question was not completed: %s", error)
            return None
        if spending.calls_left < 2:
            return None  # The one that is left is for the answer.
        one = self._one(model.name, question, found)
        try:
            async with asyncio.timeout(min(MOST_SECONDS, spending.seconds_left)), one.lock:
                if not one.made:
                    one.text = await self._made(model, question, found, spending)
                    one.made = True
        except TimeoutError:
            log.info("a question was not completed: %s was too slow", model.name)
            one.made = True  # Nobody else is to wait as long.
        return one.text

    def _one(self, model: str, question: str, found: Sequence[str]) -> _Completion:
        """The same for whoever is asked the same by the same model."""
        key = hashlib.sha256(json.dumps([model, question, *found]).encode()).digest()
        one = self._kept.setdefault(key, _Completion())
        self._kept.move_to_end(key)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return one

    async def _made(self, model: LanguageModel, question: str, found: Sequence[str], spending: Spending) -> str | None:
        try:
            async with aclosing(model.reply(self._prompt(question, found, spending))) as parts:
                async for part in parts:
                    if isinstance(part, Reply):
                        spending.add(*part.usage)
                        return _usable(part.text)
        except ModelFailed as failed:
            spending.add(*failed.usage)
            log.info("a question was not completed: %s", failed)
        return None

    def _prompt(self, question: str, found: Sequence[str], spending: Spending) -> Prompt:
        fence = Fence(self._marker())
        rules = (
            "You rewrite a question so that somebody who knows nothing else can look its answer up. The question builds"
            " on what was found before: put the names, things and figures that it means in place of words that only"
            " point to them. Add nothing else, and do not answer it. Reply with the question alone, in one line, in its"
            f" own language. {fence.rule}"
        )
        material = fence.around("found before", "\n\n".join(found)[:MOST_FOUND])
        return Prompt(
            said=(Said("system", rules), Said("person", f"{material}\n\nQuestion: {question}")),
            most_tokens=200,
            most_calls=spending.calls_left - 1,
            broken_off=spending.add,
        )


def _usable(text: str) -> str | None:
    text = text.strip().strip('"').removeprefix("Question:").strip()
    one_line = "\n" not in text and len(text) <= MOST_CHARACTERS and "<<" not in text
    return text if one_line and any(c.isalnum() for c in text) else None
