"""Whether the sources that a model names carry what it says.

A statement is supported where a passage that it names has its figures, does not deny it, and has a sentence that is
near to it in meaning or holds most of its words. What is measured about these limits is in docs/design.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from agents.agreement import denies, figures_and_words
from agents.sources import CALCULATION, Embed
from agents.statements import Statement
from agents.words import content_words
from knowledge import Hit, Sentence, Vector

NEAR = 0.66
"""Cosine similarity of a statement and a sentence that says the same."""
MOST_WORDS = 0.6
"""Two neighbouring sentences with this share of a statement's words say the same."""


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
    named = {number: hits[number - 1] for number in statement.numbers if 1 <= number <= len(hits)}
    calculated = {number: hit for number, hit in named.items() if _is_calculation(hit)}
    figures = frozenset[str]().union(*(figures_and_words(hit.passage.text) for hit in calculated.values()))
    found: list[tuple[float, int, str]] = []
    for number, hit in named.items():
        if number not in calculated and (carried := carries(hit, statement.text, vector, figures)) is not None:
            found.append((carried[0], number, carried[1]))
    if found:
        # A calculation says nothing alone: it carries figures of a statement that a document carries otherwise.
        found += [(-1.0, number, "") for number in calculated]
    if not found:
        return Checked(statement, "unsupported")
    found.sort(key=lambda one: -one[0])
    return Checked(statement, "supported", tuple(number for _, number, _ in found), found[0][2])


def carries(hit: Hit, text: str, vector: Vector, calculated: frozenset[str] = frozenset()) -> tuple[float, str] | None:
    """How near the passage's nearest sentence is to the statement, and that sentence; None where none carries it."""
    if not hit.sentences or not figures_and_words(text) <= figures_and_words(_whole(hit)) | calculated:
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


def _is_calculation(hit: Hit) -> bool:
    return not hit.passage.base and hit.passage.document == CALCULATION


def _share(said: frozenset[str], text: str) -> float:
    return len(said & content_words(text)) / len(said) if said else 0.0


def _agree(text: str, sentence: str, stretch: str) -> bool:
    """Of statements of almost the same words neither may deny the other; of other words that cannot be told."""
    return denies(text) in (denies(sentence), denies(stretch))


def _whole(hit: Hit) -> str:
    return f"{hit.passage.title} {hit.passage.section} {hit.passage.text}"
