"""Answers with sentences of the sources, word for word: no language model, nothing that is not in a document."""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

import numpy as np

from agents.answers import Claim, Draft, Piece, Question
from agents.plain import as_markdown
from agents.words import content_words, weighted_overlap, weights
from knowledge import Hit, Sentence, Vector

MOST_CLAIMS = 4
FLOOR = 0.30
"""Relevance below which a sentence answers nothing."""
NEAR_BEST = 0.72
"""A further sentence must be at least this share as relevant as the best."""
SAME = 0.88
"""Two sentences nearer than this say the same."""
ROW = 0.9
"""A row of a table reads worse than a sentence that says the same."""
_LEANS_BACK = re.compile(
    r"^(?:it|its|this|that|these|those|they|their|he|she|such|then|otherwise|however|therefore|instead|so|but|and|"
    r"also|both|for example|in that case)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Candidate:
    hit: int
    sentence: Sentence
    vector: Vector
    relevance: float


class ExtractiveAnswerer:
    """Chooses the few sentences that answer best and differ, and puts them into reading order."""

    async def answer(self, question: Question) -> AsyncGenerator[Piece | Draft, None]:
        yield Piece("reasoning", _considered(question.hits))
        chosen = await asyncio.to_thread(_choose, question)
        if not chosen:
            yield Piece("reasoning", " None of their sentences answers the question closely enough.")
            yield Draft(claims=(), text="", confidence=0.0)
            return
        claims = tuple(_claim(question.hits, candidate) for candidate in chosen)
        best = max(claim.relevance for claim in claims)
        yield Piece("reasoning", f" {len(claims)} of their sentences answer it; the best has relevance {best:.2f}.")
        written = ""
        for claim in claims:
            text = _line(claim, first=not written)
            written += text
            yield Piece("answer", text)
        yield Draft(claims=claims, text=written.strip(), confidence=best)


def _considered(hits: Sequence[Hit]) -> str:
    sentences = sum(len(hit.sentences) for hit in hits)
    documents = len({hit.passage.document for hit in hits})
    return f"Read {sentences} sentences in {len(hits)} passages of {documents} documents."


def _choose(question: Question) -> list[_Candidate]:
    candidates = _candidates(question)
    prose = [c for c in candidates if c.sentence.kind != "code" and c.relevance >= FLOOR]
    if not prose:
        return []
    prose.sort(key=lambda c: -c.relevance)
    best = prose[0]
    chosen = [best]
    for candidate in prose[1:]:
        if len(chosen) == MOST_CLAIMS or candidate.relevance < best.relevance * NEAR_BEST:
            break
        if max(float(candidate.vector @ other.vector) for other in chosen) < SAME:
            chosen.append(candidate)
    chosen = _with_what_they_lean_on(chosen, question.hits, candidates)
    return _reading_order(_with_commands(chosen, candidates))


def _candidates(question: Question) -> list[_Candidate]:
    # "What happened: what is asked?": every sentence found is about what happened, few are about what is asked.
    asked = content_words(question.text.rpartition(": ")[2])
    told = [[content_words(sentence.text) for sentence in hit.sentences] for hit in question.hits]
    weight = weights([words for sentences in told for words in sentences])
    found: list[_Candidate] = []
    for number, hit in enumerate(question.hits):
        if not len(hit.vectors):
            continue
        near = hit.vectors @ question.vector
        for sentence, vector, similarity, words in zip(hit.sentences, hit.vectors, near, told[number], strict=True):
            shared = weighted_overlap(asked, words, weight)
            relevance = 0.58 * float(similarity) + 0.24 * hit.passage.score + 0.18 * shared
            if sentence.kind == "row":
                relevance *= ROW
            found.append(_Candidate(number, sentence, np.asarray(vector), max(0.0, min(1.0, relevance))))
    return found


def _with_what_they_lean_on(
    chosen: list[_Candidate], hits: Sequence[Hit], candidates: Sequence[_Candidate]
) -> list[_Candidate]:
    """A sentence that starts with "It" or "Then" is only understood after the one before it."""
    have = {(c.hit, c.sentence.position) for c in chosen}
    place = {(c.hit, c.sentence.position): c for c in candidates}
    result = list(chosen)
    for candidate in chosen:
        before = (candidate.hit, candidate.sentence.position - 1)
        if _LEANS_BACK.match(candidate.sentence.text) and before in place and before not in have:
            earlier = place[before]
            if earlier.sentence.kind == "prose":
                result.append(earlier)
                have.add(before)
    return result


def _with_commands(chosen: list[_Candidate], candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """A command that stands right behind a chosen sentence belongs to it."""
    place = {(c.hit, c.sentence.position): c for c in candidates}
    have = {(c.hit, c.sentence.position) for c in chosen}
    result = list(chosen)
    for candidate in chosen:
        after = (candidate.hit, candidate.sentence.position + 1)
        if after in place and after not in have and place[after].sentence.kind == "code":
            result.append(place[after])
            have.add(after)
    return result


def _reading_order(chosen: list[_Candidate]) -> list[_Candidate]:
    """Passages by their best sentence, sentences as they stand in their passage."""
    best: dict[int, float] = {}
    for candidate in chosen:
        best[candidate.hit] = max(best.get(candidate.hit, 0.0), candidate.relevance)
    return sorted(chosen, key=lambda c: (-best[c.hit], c.hit, c.sentence.position))


def _claim(hits: Sequence[Hit], candidate: _Candidate) -> Claim:
    sentence = candidate.sentence
    return Claim(
        text=sentence.text,
        quote=sentence.text,
        passage=hits[candidate.hit].passage.id,
        relevance=round(candidate.relevance, 4),
        kind=sentence.kind,
    )


def _line(claim: Claim, first: bool) -> str:
    if claim.kind == "code":
        return f"\n```\n{claim.text}\n```\n"
    return f"{as_markdown(claim.text)}\n" if first else f"\n- {as_markdown(claim.text)}"
