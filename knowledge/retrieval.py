"""A question to passages: two rankings, one order, nothing twice."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.chunking import Chunk
from knowledge.lexical import terms
from knowledge.passages import DIMENSIONS, Hit, Vector, prefixed
from knowledge.snapshot import LoadedEntry, Snapshot

_CANDIDATES = 50
"""How deep each ranking goes before they are fused."""

_RRF_K = 60
"""The constant of reciprocal rank fusion (SIGIR 2009)."""

_SIGNIFICANT = re.compile(r"\w+")


@dataclass(frozen=True)
class _Candidate:
    shelf: int
    row: int


@dataclass(frozen=True)
class _Found:
    row: int
    loaded: LoadedEntry
    ordinal: int
    rank_score: float
    cosine: float

    @property
    def chunk(self) -> Chunk:
        return self.loaded.chunks[self.ordinal]


def search(snapshots: Sequence[Snapshot], question: str, vector: Vector, limit: int) -> list[Hit]:
    """The best `limit` passages over all the shelves, by reciprocal rank fusion of cosine and BM25.

    The shelves' passages are merged by score into one ranking of each kind before the fusion: taking turns
    among them costs a third of the recall. Each shelf must be one that the person may see.
    The hits come without the vectors of their sentences.
    """
    depth = max(_CANDIDATES, 4 * limit)
    words = list(dict.fromkeys(terms(question)))
    dense: list[tuple[float, _Candidate]] = []
    lexical: list[tuple[float, _Candidate]] = []
    for number, snapshot in enumerate(snapshots):
        if not snapshot.passages:
            continue
        for row, score in snapshot.dense.search(vector, depth):
            dense.append((score, _Candidate(number, row)))
        for row, score in snapshot.lexical.search(words, depth):
            lexical.append((score, _Candidate(number, row)))
    fused = _fused([_ranked(dense, depth), _ranked(lexical, depth)])
    cosines = _cosines(snapshots, vector, list(fused))
    order = sorted(fused, key=lambda candidate: (-fused[candidate], -cosines[candidate]))
    weights = _weights(snapshots, words)
    hits: list[Hit] = []
    said: set[str] = set()
    for candidate in order:
        snapshot = snapshots[candidate.shelf]
        at = snapshot.at(candidate.row)
        if at is not None and _adds(at[0].chunks[at[1]], said):
            found = _Found(candidate.row, *at, fused[candidate], cosines[candidate])
            hits.append(_hit(snapshot, found, weights))
        if len(hits) == limit:
            break
    return hits


def _ranked(scored: list[tuple[float, _Candidate]], depth: int) -> list[_Candidate]:
    best = sorted(scored, key=lambda pair: (-pair[0], pair[1].shelf, pair[1].row))
    return [candidate for _, candidate in best[:depth]]


def _fused(rankings: Sequence[Sequence[_Candidate]]) -> dict[_Candidate, float]:
    scores: dict[_Candidate, float] = {}
    for ranking in rankings:
        for place, candidate in enumerate(ranking, start=1):
            scores[candidate] = scores.get(candidate, 0.0) + 1 / (_RRF_K + place)
    return scores


def _cosines(snapshots: Sequence[Snapshot], vector: Vector, candidates: list[_Candidate]) -> dict[_Candidate, float]:
    cosines: dict[_Candidate, float] = {}
    for number, snapshot in enumerate(snapshots):
        mine = [candidate for candidate in candidates if candidate.shelf == number]
        if mine:
            vectors = snapshot.dense.vectors(np.array([candidate.row for candidate in mine], dtype=np.int64))
            for candidate, cosine in zip(mine, vectors @ vector, strict=True):
                cosines[candidate] = min(max(float(cosine), 0.0), 1.0)
    return cosines


def _weights(snapshots: Sequence[Snapshot], words: Sequence[str]) -> dict[str, float]:
    """How much each word of the question tells: its inverse document frequency over the shelves asked."""
    total = sum(snapshot.passages for snapshot in snapshots)
    weights: dict[str, float] = {}
    for word in words:
        frequency = sum(snapshot.lexical.frequency(word) for snapshot in snapshots)
        weights[word] = math.log(1 + (total + 0.5) / (frequency + 0.5))
    return weights


def _adds(chunk: Chunk, said: set[str]) -> bool:
    """False for a near duplicate: a passage that says no sentence which a better one does not say.

    Similarity would not do: two passages that contradict each other in one number are nearly the same
    vector, and the contradiction is what somebody must see.
    """
    own = {" ".join(_SIGNIFICANT.findall(sentence.text.lower())) for sentence in chunk.sentences}
    if own <= said:
        return False
    said |= own
    return True


def _hit(snapshot: Snapshot, passage: _Found, weights: dict[str, float]) -> Hit:
    text = prefixed(passage.loaded.entry.title, passage.chunk.section, passage.chunk.text)
    occurring = set(terms(text))
    total = sum(weights.values())
    return Hit(
        passage=passage.loaded.passage(snapshot.base, passage.ordinal, score=passage.cosine),
        sentences=passage.chunk.sentences,
        vectors=np.empty((0, DIMENSIONS), dtype=np.float32),
        rank_score=passage.rank_score,
        lexical=sum(weights[word] for word in weights if word in occurring) / total if total else 0.0,
    )
