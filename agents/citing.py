"""Whether the sources that a model names carry what it says.

A statement is supported where a passage that it names has its figures, does not deny it, and has a sentence that is
near to it in meaning or holds most of its words. What is measured about these limits is in docs/design.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from agents.agreement import denies, figures_and_words
from agents.statements import Statement
from agents.words import content_words
from knowledge import Hit, Matrix, Sentence, Vector

NEAR = 0.66
"""Cosine similarity of a statement and a sentence that says the same."""
MOST_WORDS = 0.6
"""Two neighbouring sentences with this share of a statement's words say the same."""

Embed = Callable[[Sequence[str]], Awaitable[Matrix]]


@dataclass(frozen=True)
class Checked:
    """A statement, with what was found about it."""

    statement: Statement
    support: Literal["supported", "uncited", "unsupported"]
    sources: tuple[int, ...] = ()
    """Numbers of the hits that carry it, from 1, the best first."""
    quote: str = ""
    """The sentence of the best one that is nearest to it."""


async def check(statements: Sequence[Statement], hits: Sequence[Hit], embed: Embed) -> list[Checked]:
    """Each statement against the hits that it names. One call to `embed` for all of them."""
    vectors = await embed([statement.text for statement in statements]) if statements else np.zeros((0, 1))
    return [_checked(statement, vector, hits) for statement, vector in zip(statements, vectors, strict=True)]


def _checked(statement: Statement, vector: Vector, hits: Sequence[Hit]) -> Checked:
    if not statement.numbers:
        return Checked(statement, "uncited")
    found: list[tuple[float, int, str]] = []
    for number in statement.numbers:
        if 1 <= number <= len(hits) and (carried := carries(hits[number - 1], statement.text, vector)) is not None:
            found.append((carried[0], number, carried[1]))
    if not found:
        return Checked(statement, "unsupported")
    found.sort(key=lambda one: -one[0])
    return Checked(statement, "supported", tuple(number for _, number, _ in found), found[0][2])


def carries(hit: Hit, text: str, vector: Vector) -> tuple[float, str] | None:
    """How near the passage's nearest sentence is to the statement, and that sentence; None where none carries it."""
    if not hit.sentences or not figures_and_words(text) <= figures_and_words(_whole(hit)):
        return None
    near = hit.vectors @ vector if len(hit.vectors) else np.zeros(len(hit.sentences))
    said = content_words(text)
    best: tuple[float, Sentence] | None = None
    for at, sentence in enumerate(hit.sentences):
        stretch = " ".join(s.text for s in hit.sentences[at : at + 2])
        share = _share(said, stretch)
        if share >= MOST_WORDS and not _agree(text, sentence.text, stretch):
            continue
        nearness = max(float(near[at]), _share(said, sentence.text))
        if (near[at] >= NEAR or share >= MOST_WORDS) and (best is None or nearness > best[0]):
            best = nearness, sentence
    return (best[0], best[1].text) if best is not None else None


def _share(said: frozenset[str], text: str) -> float:
    return len(said & content_words(text)) / len(said) if said else 0.0


def _agree(text: str, sentence: str, stretch: str) -> bool:
    """Of statements of almost the same words neither may deny the other; of other words that cannot be told."""
    return denies(text) in (denies(sentence), denies(stretch))


def _whole(hit: Hit) -> str:
    return f"{hit.passage.title} {hit.passage.section} {hit.passage.text}"
