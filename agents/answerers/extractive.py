"""Answers with sentences of the sources, word for word: no language model, nothing that is not in a document."""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from agents.answers import Claim, Draft, Piece, Question
from agents.plain import as_markdown
from agents.words import content_words, weighted_overlap, weights
from knowledge import Hit, Sentence, Vector

MOST_CLAIMS = 4
FLOOR = 0.30
"""Relevance below which a sentence answers nothing."""
NEAR_BEST = 0.80
"""A further sentence must be at least this share as relevant as the best: a weak one is worse than none."""
ENOUGH = 0.45
"""A further sentence must be at least this relevant: beside a weak answer there is nothing but noise."""
AS_GOOD = 0.97
"""Of sentences of one passage that answer about equally well, the one its author put first leads."""
SAME = 0.88
"""Two sentences nearer than this say the same."""
ROW = 0.85
"""A row of a table reads worse than a sentence that says the same."""
OPENING = 1.06
"""Who writes for readers says first what a section is about."""
MOST_CODE_LINES = 8
"""Longer code is for looking up in its document, not for an answer."""
CODE_WITHIN = 4
"""Commands that stand further behind a sentence belong to another one."""
_ASKS_HOW = re.compile(
    r"\b(?:how (?:do|does|can|could|should|would|to|is|are)"
    r"|what (?:do|can|should|must) (?:i|we|you|one) (?:do|run|type)"
    r"|wh(?:at|ich) commands?|what now|show me|commands? (?:for|to))\b",
    re.IGNORECASE,
)
_LEANS_BACK = re.compile(
    r"^(?:it|its|this|that|these|those|they|their|he|she|such|then|otherwise|however|therefore|instead|so|but|and|"
    r"also|both|for example|in that case)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, eq=False)
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
    able = sorted((c for c in candidates if _can_stand(c, candidates)), key=lambda c: -c.relevance)
    if not able:
        return []
    best = _lead(able)
    chosen = [best]
    for candidate in able:
        if len(chosen) == MOST_CLAIMS or candidate.relevance < max(able[0].relevance * NEAR_BEST, ENOUGH):
            break
        if max(float(candidate.vector @ other.vector) for other in chosen) < SAME:
            chosen.append(candidate)
    chosen = _with_what_they_lean_on(chosen, candidates)
    if _ASKS_HOW.search(question.text):
        chosen = _with_command(chosen, best, candidates)
    return _reading_order(chosen, best)


def relevances(question: Question) -> list[dict[str, float]]:
    """How near each sentence is to the question, 0 to 1: for each hit, by the sentence's text."""
    found: list[dict[str, float]] = [{} for _ in question.hits]
    for candidate in _candidates(question):
        found[candidate.hit][candidate.sentence.text] = candidate.relevance
    return found


def _lead(able: Sequence[_Candidate]) -> _Candidate:
    """The sentence that an answer begins with; `able` has the most relevant first."""
    best = able[0]
    as_good = [c for c in able if c.hit == best.hit and c.relevance >= best.relevance * AS_GOOD]
    return min(as_good, key=lambda c: c.sentence.position)


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
            elif sentence.position == 0:
                relevance *= OPENING
            found.append(_Candidate(number, sentence, np.asarray(vector), max(0.0, min(1.0, relevance))))
    return found


def _can_stand(candidate: _Candidate, candidates: Sequence[_Candidate]) -> bool:
    """Whether it may be quoted: near enough, and understood, alone or after the sentence before it."""
    if candidate.sentence.kind == "code" or candidate.relevance < FLOOR:
        return False
    return not _LEANS_BACK.match(candidate.sentence.text) or _before(candidate, candidates) is not None


def _before(candidate: _Candidate, candidates: Sequence[_Candidate]) -> _Candidate | None:
    """The prose that a sentence follows, itself understood without more."""
    place = (candidate.hit, candidate.sentence.position - 1)
    found = next((c for c in candidates if (c.hit, c.sentence.position) == place), None)
    if found is None or found.sentence.kind != "prose" or _LEANS_BACK.match(found.sentence.text):
        return None
    return found


def _with_what_they_lean_on(chosen: list[_Candidate], candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """A sentence that starts with "It" or "Then" is only understood after the one before it."""
    result = list(chosen)
    for candidate in chosen:
        earlier = _before(candidate, candidates) if _LEANS_BACK.match(candidate.sentence.text) else None
        if earlier is not None and all(earlier.sentence is not other.sentence for other in chosen):
            # As relevant as what it explains, so that nobody drops the one and keeps the other.
            result.append(replace(earlier, relevance=max(earlier.relevance, candidate.relevance)))
    return result


def _with_command(chosen: list[_Candidate], best: _Candidate, candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """The commands that follow the best sentence in its passage belong to it."""
    begun = best.sentence.position
    after = [c for c in candidates if c.hit == best.hit and begun < c.sentence.position <= begun + CODE_WITHIN]
    code = next((c for c in after if c.sentence.kind == "code"), None)
    if code is None or len(code.sentence.text.splitlines()) > MOST_CODE_LINES:
        return chosen
    return [*chosen, code]


def _reading_order(chosen: list[_Candidate], best: _Candidate) -> list[_Candidate]:
    """The best sentence leads; then passages by their best sentence, sentences as they stand in their passage."""
    nearest: dict[int, float] = {}
    for candidate in chosen:
        nearest[candidate.hit] = max(nearest.get(candidate.hit, 0.0), candidate.relevance)
    leads = best.sentence.position - (1 if _LEANS_BACK.match(best.sentence.text) else 0)

    def place(candidate: _Candidate) -> tuple[float, int, bool, int]:
        here = candidate.sentence.position
        led = candidate.hit == best.hit and here < leads
        return -nearest[candidate.hit], candidate.hit, led, here

    return sorted(chosen, key=place)


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
