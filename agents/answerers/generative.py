"""Answers with a language model that reads the passages; what it says is checked against them.

Two phases. In the first one, where the agent has tools that reach outside, the model knows nothing but its
instructions and what the person asked, and names its calls in one reply. In the second one it reads documents, what
those calls gave and what other agents found, and has only tools without any effect outside. So nothing that a document
says can make a call that leaves the process.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from agents.answers import Answerer, Draft, Piece, Question
from agents.budget import Spending
from agents.drafting import drafted
from agents.errors import ModelFailed, ToolFailed, UnknownModel
from agents.models import Delta, LanguageModel, Models, Prompt, Reply, Said, StartedAnew, ToolCall
from agents.notes import Note
from agents.patience import until
from agents.plain import as_markdown, visible
from agents.prompting import (
    CHARACTERS_A_TOKEN,
    Fence,
    Marker,
    asked_before,
    calling_rules,
    conversation,
    random_marker,
    role,
    rules,
    sources,
)
from agents.sources import Embed, Sources, given
from agents.tools import Outside, Tool, tools_within
from knowledge import Hit

MOST_CHARACTERS = 16_000
"""Of an answer: who writes more does not answer."""
MOST_TOKENS = 2_000
MOST_ROUNDS = 3
"""Of calls within; the reply after them is asked for without tools, so there is no loop."""
MOST_CALLS = 6
"""In all rounds together."""
MOST_CALLS_OUTSIDE = 3
MOST_FOUND = 6
"""Passages that one call may add."""


class GenerativeAnswerer:
    """Where no model speaks for the agent, or the one that does fails, `without` answers instead."""

    def __init__(
        self,
        models: Models,
        without: Answerer,
        embed: Embed,
        outside: Outside | None = None,
        marker: Marker = random_marker,
    ) -> None:
        self._models = models
        self._without = without
        self._embed = embed
        self._outside = outside
        self._marker = marker

    async def answer(self, question: Question) -> AsyncGenerator[Piece | Draft, None]:
        spending = Spending(question.terms.budget)
        model: LanguageModel | None = None
        note: Note | None = None
        try:
            model = self._models.of(question.terms.model, question.agent.name)
        except UnknownModel:
            note = Note(kind="answered_without_model", model=question.terms.model, why="unknown")
        if model is not None:
            reaching = await self._outside.tools(question.agent.name) if self._outside is not None else ()
            if question.hits or reaching:
                try:
                    writing = _Writing(model, question, spending, self._embed, Fence(self._marker()))
                    async with aclosing(writing.parts(reaching)) as parts:
                        async for part in parts:
                            yield part
                    return
                except ModelFailed as failed:
                    spending.add(*failed.usage)
                    note = Note(kind="answered_without_model", model=failed.model, why=failed.why)
                    yield Piece("answer", "", fresh=True)
                    yield Piece("reasoning", "", fresh=True)
        async with aclosing(self._without.answer(question)) as parts:
            async for part in parts:
                yield replace(part, usage=spending.usage, note=note) if isinstance(part, Draft) else part


class _Writing:
    """One answer, as it is written. Raises ModelFailed where `without` must answer."""

    def __init__(
        self, model: LanguageModel, question: Question, spending: Spending, embed: Embed, fence: Fence
    ) -> None:
        self._model = model
        self._question = question
        self._spending = spending
        self._embed = embed
        self._fence = fence
        self._sources = Sources(question.hits)
        self._until = asyncio.get_running_loop().time() + spending.seconds_left
        self._characters = CHARACTERS_A_TOKEN * max(500, min(spending.tokens_left - MOST_TOKENS, 12_000))
        self._calls_left = MOST_CALLS

    async def parts(self, outside: Sequence[Tool]) -> AsyncGenerator[Piece | Draft, None]:
        if outside and self._spending.calls_left > 1:
            async with aclosing(self._reach_out(outside)) as pieces:
                async for piece in pieces:
                    yield piece
        if not self._sources.hits:
            # It could only invent.
            yield Draft(claims=(), text="", confidence=0.0, usage=self._spending.usage)
            return
        async with aclosing(self._read(tools_within(self._question))) as parts:
            async for part in parts:
                yield part

    async def _reach_out(self, tools: Sequence[Tool]) -> AsyncGenerator[Piece, None]:
        """The first phase: no document, no tool's result and no other answer is told here."""
        question = self._question
        told = (asked_before(question.terms.conversation), f"Question: {question.planned or question.text}")
        prompt = Prompt(
            said=(
                Said("system", f"{role(question.agent)}\n\n{calling_rules()}"),
                Said("person", "\n\n".join(filter(None, told))),
            ),
            tools=tuple(tool.offer for tool in tools),
            most_tokens=min(MOST_TOKENS, max(1, self._spending.tokens_left)),
            most_calls=self._spending.calls_left - 1,  # The one that is left is for the answer.
        )
        reply: Reply | None = None
        async with aclosing(self._ask(prompt)) as parts:
            async for part in parts:
                if isinstance(part, Reply):
                    reply = part
                elif part.channel == "reasoning":
                    yield part
        calls = reply.calls[:MOST_CALLS_OUTSIDE] if reply is not None else ()
        if calls:
            yield Piece("reasoning", _told_of(calls))
        for found in await asyncio.gather(*(self._called(call, tools) for call in calls)):
            if not isinstance(found, str):
                self._sources.add(found, MOST_FOUND)

    async def _read(self, tools: Sequence[Tool]) -> AsyncGenerator[Piece | Draft, None]:
        """The second phase."""
        said = self._material(tools)
        for number in range(MOST_ROUNDS + 1):
            offered = tools if number < MOST_ROUNDS and self._affords_another(said) else ()
            prompt = Prompt(
                said=tuple(said),
                tools=tuple(tool.offer for tool in offered),
                most_tokens=min(MOST_TOKENS, max(1, self._spending.tokens_left)),
                most_calls=self._spending.calls_left,
            )
            reply: Reply | None = None
            async with aclosing(self._ask(prompt)) as parts:
                async for part in parts:
                    if isinstance(part, Reply):
                        reply = part
                    else:
                        yield part
            assert reply is not None
            if not (reply.calls and offered):
                draft = await drafted(reply, self._question, tuple(self._sources.hits), self._embed)
                yield replace(draft, usage=self._spending.usage)
                return
            yield Piece("answer", "", fresh=True)  # What it said before it looked further is no answer.
            yield Piece("reasoning", _told_of(reply.calls[: self._calls_left]))
            said.append(Said("model", reply.text, calls=reply.calls))
            said += [Said("tool", await self._told(call, offered), answers=call.id) for call in reply.calls]

    async def _ask(self, prompt: Prompt) -> AsyncGenerator[Piece | Reply, None]:
        """Pieces as they come, then the Reply."""
        name, spending = self._model.name, self._spending
        spending.check(name)
        reply: Reply | None = None
        written = 0
        coming = self._model.reply(replace(prompt, broken_off=spending.add))
        async with aclosing(coming), aclosing(until(self._until, coming, name)) as parts:
            async for part in parts:
                if isinstance(part, Delta):
                    written += len(part.text)
                    if written > MOST_CHARACTERS:
                        raise ModelFailed(name, "unusable")
                    yield Piece(part.channel, visible(part.text))
                elif isinstance(part, StartedAnew):
                    written = 0
                    yield Piece("answer", "", fresh=True)
                    yield Piece("reasoning", "", fresh=True)
                else:
                    reply = part
        if reply is None:
            raise ModelFailed(name, "interrupted")
        for usage in reply.usage:
            spending.add(usage)
        yield reply

    def _material(self, tools: Sequence[Tool]) -> list[Said]:
        question, fence, characters = self._question, self._fence, self._characters
        earlier = "\n\n".join(question.context)
        told = [
            conversation(question.terms.conversation, fence, characters // 6),
            fence.around("what other specialists found", earlier[: characters // 6]) if earlier else "",
            sources(self._sources.hits, fence, characters * 2 // 3),
            f"Question: {question.text}",
        ]
        return [
            Said("system", f"{role(question.agent)}\n\n{rules(fence, bool(tools))}"),
            Said("person", "\n\n".join(filter(None, told))),
        ]

    def _affords_another(self, said: Sequence[Said]) -> bool:
        """Whether a reply after this one could still be paid."""
        asked = sum(len(one.text) for one in said) // CHARACTERS_A_TOKEN
        left = self._spending
        return self._calls_left > 0 and left.calls_left > 1 and left.tokens_left > 2 * (asked + MOST_TOKENS)

    async def _told(self, call: ToolCall, offered: Sequence[Tool]) -> str:
        """What a call gave, as the model reads it: numbered sources, or why there is nothing."""
        if self._calls_left == 0:
            return "No more calls. Answer now."
        self._calls_left -= 1
        first = len(self._sources.hits) + 1
        found = await self._called(call, offered)
        if isinstance(found, str):
            return self._fence.around("failed", found)
        new = self._sources.add(found, MOST_FOUND)
        return sources(new, self._fence, self._characters // 4, first) or "Nothing new was found."

    async def _called(self, call: ToolCall, offered: Sequence[Tool]) -> list[Hit] | str:
        """Makes a call of a tool that was offered for it: what it gave, as sources, or why it failed."""
        tool = next((tool for tool in offered if tool.offer.name == call.tool), None)
        if tool is None:
            return f"There is no such tool; there are {', '.join(tool.offer.name for tool in offered)}."
        try:
            async with asyncio.timeout_at(self._until):
                outcome = await tool.call(call.arguments)
        except ToolFailed as failed:
            return str(failed)
        except TimeoutError:
            raise ModelFailed(self._model.name, "timeout") from None
        hits, asked = list(outcome.hits), self._question
        if text := visible(outcome.text).strip():
            hits.append(await given(call.tool, text, asked.vector, asked.text, self._embed))
        return hits


def _told_of(calls: Sequence[ToolCall]) -> str:
    """What a person reads of it, in Markdown."""
    told = (", ".join(f"{name}: {value}" for name, value in call.arguments.items())[:300] for call in calls)
    lines = (f"{as_markdown(call.tool)} ({as_markdown(what)})" for call, what in zip(calls, told, strict=True))
    return "".join(f"\n\nLooked up with {line}.\n\n" for line in lines)
