"""A language model for whole runs: knows what it is asked for, reads its sources, and can fall silent on the way."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Literal

from agents.errors import ModelFailed, Why
from agents.models import Delta, Models, Prompt, Reply, StartedAnew
from agents.usage import Usage

Purpose = Literal["plan", "complete", "answer", "write"]
TOKENS = 10
"""Of each reply, in and out."""


def purpose_of(prompt: Prompt) -> Purpose:
    """What it is asked for."""
    if prompt.schema is not None:
        return "plan"
    rules = prompt.said[0].text
    if rules.startswith("You rewrite a question"):
        return "complete"
    return "write" if rules.startswith("You write the one answer") else "answer"


def plan(*parts: tuple[str, Sequence[str], Sequence[int]]) -> str:
    """Question, agents, and the numbers of the parts that it builds on."""
    told = [{"question": question, "agents": list(agents), "builds_on": list(on)} for question, agents, on in parts]
    return json.dumps({"parts": told})


def cited(prompt: Prompt, *sentences: str) -> str:
    """The sentences that stand in the sources, each with the number of the first one that has it."""
    text = prompt.said[-1].text
    sources = re.findall(r"source \[(\d+)\]>>\n(.*?)\n<<", text, re.DOTALL) or re.findall(
        r"^\[(\d+)\] (.*)$", text, re.M
    )
    told = []
    for sentence in sentences:
        number = next((number for number, source in sources if sentence in source), None)
        if number is not None:
            told.append(f"{sentence} [{number}]")
    return " ".join(told) or "NOTHING FOUND"


class Speaker:
    """Says what `says` has for a purpose, word by word. Every prompt is kept."""

    name = "scripted:model"

    def __init__(
        self,
        says: Mapping[Purpose, str | Callable[[Prompt], str]],
        *,
        silent: str = "",
        meanwhile: Callable[[], None] = lambda: None,
    ) -> None:
        """Where its instructions have the words `silent` it begins, calls `meanwhile`, and says nothing more."""
        self.prompts: list[Prompt] = []
        self.began = asyncio.Event()
        """It has fallen silent."""
        self.closed = asyncio.Event()
        """It was let go of while it was silent."""
        self._says = says
        self._silent = silent
        self._meanwhile = meanwhile

    def speak_on(self) -> None:
        """From the next prompt on it is silent no more."""
        self._silent = ""

    @property
    def asked_for(self) -> list[Purpose]:
        return [purpose_of(prompt) for prompt in self.prompts]

    def models(self) -> Models:
        """It speaks for everybody."""
        return Models({self.name: self}, default=self.name)

    async def reply(self, prompt: Prompt) -> AsyncGenerator[Delta | StartedAnew | Reply, None]:
        self.prompts.append(prompt)
        told = self._says[purpose_of(prompt)]
        text = told if isinstance(told, str) else told(prompt)
        for number, word in enumerate(text.split(" ")):
            yield Delta("answer", f" {word}" if number else word)
            if self._silent and self._silent in prompt.said[0].text:
                await self._stay_silent(prompt)
        usage = Usage(model=self.name, calls=1, tokens_in=TOKENS, tokens_out=TOKENS)
        yield Reply(self.name, text, (usage,))

    async def _stay_silent(self, prompt: Prompt) -> None:
        self.began.set()
        self._meanwhile()
        try:
            await asyncio.Event().wait()
        finally:
            prompt.broken_off(Usage(model=self.name, calls=1, tokens_in=TOKENS, tokens_out=1, estimated=True))
            self.closed.set()


PRUNED = "Prune roses in March, when the forsythia blooms."
BAKED = "Bake rye bread for fifty minutes at 220 degrees."
DONE = "A rye bread is done when it sounds hollow."
QUESTION = "When do I prune roses, and which bread is baked in that month, and when is it done?"
COMPLETED = "How long is rye bread baked in March?"
SILENCES = {
    "planning": "You plan how several specialists",
    "answering": "You are Gardener",
    "completing": "You rewrite a question",
    "writing": "You write the one answer",
}
"""Words of its instructions for each thing that it is asked."""


def reads(prompt: Prompt) -> str:
    """What the documents of the gardener and the baker say."""
    return cited(prompt, PRUNED, BAKED, DONE)


def speaker(silent: str = "", meanwhile: Callable[[], None] = lambda: None) -> Speaker:
    """Knows how QUESTION is answered: by both, in three steps, of which the second needs the first."""
    divided = plan(
        ("When do I prune roses?", ["garden"], []),
        ("How long is rye bread baked in that month?", ["kitchen"], [1]),
        ("When is a rye bread done?", ["kitchen"], []),
    )
    says: Mapping[Purpose, str | Callable[[Prompt], str]] = {
        "plan": divided, "complete": COMPLETED, "answer": reads, "write": reads,
    }  # fmt: skip
    return Speaker(says, silent=silent, meanwhile=meanwhile)


class FailingModel:
    """Cannot be reached, or whatever it is."""

    name = "scripted:failing"

    def __init__(self, why: Why = "unreachable") -> None:
        self._why = why

    def models(self) -> Models:
        return Models({self.name: self}, default=self.name)

    async def reply(self, prompt: Prompt) -> AsyncGenerator[Delta | StartedAnew | Reply, None]:
        raise ModelFailed(self.name, self._why)
        yield  # It is a generator all the same.
