"""Answers with a language model that reads the passages; what it says is checked against them."""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from agents.answerers.extractive import relevances
from agents.answers import Answerer, Claim, Draft, Piece, Question
from agents.budget import Spending
from agents.citing import Checked, Embed, check
from agents.errors import ModelFailed, UnknownModel
from agents.marks import mark
from agents.models import Delta, LanguageModel, Models, Prompt, Reply, Said, StartedAnew
from agents.notes import Note
from agents.plain import inert, without_links
from agents.prompting import (
    CHARACTERS_A_TOKEN,
    NOTHING,
    Fence,
    Marker,
    conversation,
    random_marker,
    role,
    rules,
    sources,
)
from agents.statements import Statement, Statements, statements_of
from knowledge import Hit

MOST_CHARACTERS = 16_000
"""Of an answer: who writes more does not answer."""
MOST_TOKENS = 2_000
_NOTHING = re.compile(rf"^\W*{NOTHING}\b", re.IGNORECASE)
_SAYS_NOTHING = re.compile(
    r"\b(?:sources?|passages?|documents?|context|material)\b.{0,60}"
    r"\b(?:do not|don't|does not|doesn't|cannot|no)\b.{0,40}"
    r"\b(?:answer|contain|mention|say|provide|include|cover|information)\b",
    re.IGNORECASE | re.DOTALL,
)


class GenerativeAnswerer:
    """Where no model speaks for the agent, or the one that does fails, `without` answers instead."""

    def __init__(self, models: Models, without: Answerer, embed: Embed, marker: Marker = random_marker) -> None:
        self._models = models
        self._without = without
        self._embed = embed
        self._marker = marker

    async def answer(self, question: Question) -> AsyncGenerator[Piece | Draft, None]:
        spending = Spending(question.terms.budget)
        model: LanguageModel | None = None
        note: Note | None = None
        try:
            model = self._models.of(question.terms.model, question.agent.name)
        except UnknownModel:
            note = Note(kind="answered_without_model", model=question.terms.model, why="unknown")
        if model is not None and question.hits:
            try:
                async with aclosing(self._with(model, question, spending)) as parts:
                    async for part in parts:
                        yield part
                return
            except ModelFailed as failed:
                note = Note(kind="answered_without_model", model=failed.model, why=failed.why)
                yield Piece("answer", "", fresh=True)
                yield Piece("reasoning", "", fresh=True)
        async with aclosing(self._without.answer(question)) as parts:
            async for part in parts:
                yield replace(part, usage=spending.usage, note=note) if isinstance(part, Draft) else part

    async def _with(
        self, model: LanguageModel, question: Question, spending: Spending
    ) -> AsyncGenerator[Piece | Draft, None]:
        spending.check(model.name)
        prompt = self._prompt(question, spending)
        reply: Reply | None = None
        written = 0
        try:
            async with asyncio.timeout(spending.seconds_left), aclosing(model.reply(prompt)) as parts:
                async for part in parts:
                    if isinstance(part, Delta):
                        written += len(part.text)
                        yield Piece(part.channel, part.text)
                        if written > MOST_CHARACTERS:
                            raise ModelFailed(model.name, "unusable")
                    elif isinstance(part, StartedAnew):
                        written = 0
                        yield Piece("answer", "", fresh=True)
                        yield Piece("reasoning", "", fresh=True)
                    else:
                        reply = part
        except TimeoutError:
            raise ModelFailed(model.name, "timeout") from None
        if reply is None:
            raise ModelFailed(model.name, "interrupted")
        for usage in reply.usage:
            spending.add(usage)
        yield await self._draft(reply, question, spending)

    def _prompt(self, question: Question, spending: Spending) -> Prompt:
        fence = Fence(self._marker())
        tokens = max(500, min(spending.tokens_left - MOST_TOKENS, 12_000))
        characters = tokens * CHARACTERS_A_TOKEN
        earlier = "\n\n".join(question.context)
        told = [
            conversation(question.terms.conversation, fence, characters // 6),
            fence.around("what other specialists found", earlier[: characters // 6]) if earlier else "",
            sources(question.hits, fence, characters * 2 // 3),
            f"Question: {question.text}",
        ]
        return Prompt(
            said=(
                Said("system", f"{role(question.agent)}\n\n{rules(fence)}"),
                Said("person", "\n\n".join(filter(None, told))),
            ),
            most_tokens=min(MOST_TOKENS, max(1, spending.tokens_left)),
        )

    async def _draft(self, reply: Reply, question: Question, spending: Spending) -> Draft:
        if says_nothing(reply.text):
            return Draft(claims=(), text="", confidence=0.0, usage=spending.usage)
        told = statements_of(without_links(reply.text))
        checked = await check(told.all, question.hits, self._embed)
        if not any(one.support == "supported" for one in checked):
            raise ModelFailed(reply.model, "unusable")  # Nothing of it is known to be from a source.
        claims = await asyncio.to_thread(_claims, checked, question)
        best = max(claim.relevance for claim in claims)
        return Draft(claims=claims, text=_text(told, checked), confidence=best, usage=spending.usage)


def says_nothing(text: str) -> bool:
    """Whether a reply says that there is no answer in the sources."""
    return bool(_NOTHING.match(text)) or (len(text) < 400 and "[" not in text and bool(_SAYS_NOTHING.search(text)))


def _claims(checked: Sequence[Checked], question: Question) -> tuple[Claim, ...]:
    """As relevant as what they quote is, by the measure of those who only quote."""
    relevance = relevances(question)
    return tuple(_claim(one, question.hits, relevance) for one in checked)


def _claim(one: Checked, hits: Sequence[Hit], relevance: Sequence[dict[str, float]]) -> Claim:
    carried = [hits[number - 1].passage.id for number in one.sources]
    return Claim(
        text=one.statement.text,
        quote=one.quote,
        passage=carried[0] if carried else "",
        relevance=round(relevance[one.sources[0] - 1].get(one.quote, 0.0), 4) if carried else 0.0,
        kind=one.statement.kind,
        support=one.support,
        also=tuple(carried[1:]),
    )


def _text(told: Statements, checked: Sequence[Checked]) -> str:
    """The reply with the numbers that were found to carry it, and marks where none does."""
    found = iter(checked)

    def write(statement: Statement) -> str:
        one = next(found)
        behind = "".join(f"[{number}]" for number in one.sources)
        if one.support in ("uncited", "unsupported"):
            behind = mark(one.support)
        if statement.kind == "code":
            return f"```\n{statement.text}\n```"
        if statement.kind == "row":
            return f"{statement.text.rstrip().removesuffix('|').rstrip()} {behind} |"
        return f"{statement.text} {behind}"

    return inert(told.written(write))
