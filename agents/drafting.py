"""A model's whole reply as a draft: its statements checked, with the sources that carry them or a mark."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace

from agents.answerers.extractive import relevances
from agents.answers import Claim, Draft, Question
from agents.citing import Checked, check
from agents.errors import ModelFailed
from agents.marks import mark
from agents.models import Reply
from agents.plain import inert, visible, without_links
from agents.prompting import NOTHING
from agents.sources import Embed
from agents.statements import Statement, Statements, statements_of
from knowledge import Hit

_NOTHING = re.compile(rf"^\W*{NOTHING}\b", re.IGNORECASE)
_SAYS_NOTHING = re.compile(
    r"\b(?:sources?|passages?|documents?|context|material)\b.{0,60}"
    r"\b(?:do not|don't|does not|doesn't|cannot|no)\b.{0,40}"
    r"\b(?:answer|contain|mention|say|provide|include|cover|information)\b",
    re.IGNORECASE | re.DOTALL,
)


async def drafted(reply: Reply, question: Question, hits: tuple[Hit, ...], embed: Embed) -> Draft:
    """`hits` are all sources, in the order of their numbers.

    Raises ModelFailed where nothing of it is known to be from a source.
    """
    if says_nothing(reply.text):
        return Draft(claims=(), text="", confidence=0.0)
    told = statements_of(without_links(visible(reply.text)))
    checked = await check(told.all, hits, embed)
    if not any(one.support == "supported" for one in checked):
        raise ModelFailed(reply.model, "unusable")
    claims = await asyncio.to_thread(_claims, checked, replace(question, hits=hits))
    return Draft(
        claims=claims,
        text=_text(told, checked),
        confidence=max(claim.relevance for claim in claims),
        further=hits[len(question.hits) :],
    )


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

    def behind(statement: Statement) -> str:
        one = next(found)
        return "".join(f"[{number}]" for number in one.sources) if one.support == "supported" else mark(one.support)

    return inert(told.written(behind))
