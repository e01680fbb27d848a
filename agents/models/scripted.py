"""A language model for tests, benchmarks and demonstrations: says what it is told to say."""

from collections.abc import AsyncGenerator, Callable, Iterable

from agents.models.model import Delta, Prompt, Reply, StartedAnew
from agents.usage import Usage

Script = Callable[[Prompt], Iterable[Delta | StartedAnew] | str | Reply]
"""What it says to a prompt: the whole text, pieces of it, or a finished reply. It may raise ModelFailed."""


class ScriptedModel:
    """Every prompt is kept in `prompts`, in order. Tokens are words."""

    def __init__(self, script: Script | str, name: str = "scripted:model") -> None:
        self.name = name
        self.prompts: list[Prompt] = []
        self._script = script

    async def reply(self, prompt: Prompt) -> AsyncGenerator[Delta | StartedAnew | Reply, None]:
        self.prompts.append(prompt)
        told = self._script if isinstance(self._script, str) else self._script(prompt)
        if isinstance(told, Reply):
            if told.text:
                yield Delta("answer", told.text)
            yield told
            return
        text, reasoning = "", ""
        for piece in [Delta("answer", told)] if isinstance(told, str) else told:
            yield piece
            if isinstance(piece, StartedAnew):
                text, reasoning = "", ""
            elif piece.channel == "answer":
                text += piece.text
            else:
                reasoning += piece.text
        asked = sum(len(said.text.split()) for said in prompt.said)
        usage = Usage(model=self.name, calls=1, tokens_in=asked, tokens_out=len(f"{reasoning} {text}".split()))
        yield Reply(self.name, text, (usage,), reasoning=reasoning)
