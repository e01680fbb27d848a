"""A question to passages: two rankings, one order, nothing twice."""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

import numpy as np

from knowledge import sentences
from knowledge.chunking import Chunk
from knowledge.facets import Period, Wish, fits, subject, wish_of
from knowledge.lexical import terms
from knowledge.mentions import named_in
from knowledge.passages import DIMENSIONS, Hit, Vector, prefixed
from knowledge.snapshot import LoadedEntry, Snapshot
from knowledge.stretch import joinable

_CANDIDATES = 50
"""How deep each ranking goes before they are fused."""
_SPREAD_CANDIDATES = 100
"""The same where the hits are to come from several documents."""

_RRF_K = 10
"""The constant of reciprocal rank fusion. Smaller than the usual 60: only the first dozen counts here."""
_BESIDE = 0.3
"""What a ranking over everything counts beside the one over the documents that the question asks for."""

_READ_ON = 2
"""In so many of the first passages it is looked which other documents they name."""
_NAMED = 8
"""So many passages of named documents are ranked for being named."""

_LOOKED_BESIDE = 20
"""Beside so many of the first passages it is looked for a table, where amounts are asked for."""
_PREFERRED = 0.5
"""What it counts to be in a document that the conversation is about: it decides among what is about as good."""

_TABLES_AMONG = 200
"""Among so many passages by words the tables are ranked on their own, where amounts are asked for."""
_NEIGHBOUR = 0.35
"""What a table inherits of the score of the passage beside it."""

_SIGNIFICANT = re.compile(r"\w+")


class _Candidate(NamedTuple):
    """A tuple, because a search looks up hundreds of them."""

    shelf: int
    row: int


@dataclass(frozen=True)
class _Found:
    candidate: _Candidate
    loaded: LoadedEntry
    ordinal: int
    rank_score: float
    cosine: float

    @property
    def chunk(self) -> Chunk:
        return self.loaded.chunks[self.ordinal]


@dataclass(frozen=True)
class _Stretch:
    """A hit in the making: what was found best in it, and its neighbours."""

    best: _Found
    ordinals: range

    def touches(self, other: "_Stretch") -> bool:
        """Whether the other one begins where this one ends, or the reverse."""
        ends = (self.ordinals.start, self.ordinals.stop)
        return self.best.loaded is other.best.loaded and (
            other.ordinals.stop == ends[0] or other.ordinals.start == ends[1]
        )


@dataclass(frozen=True)
class _Ask:
    """A question, or one of several in it that want different documents."""

    text: str
    wish: Wish


_Place = tuple[int, LoadedEntry]
"""A document and the number of its base."""


def search(
    snapshots: Sequence[Snapshot],
    question: str,
    vector: Vector,
    limit: int,
    together: bool,
    prefers: Collection[str] = (),
) -> list[Hit]:
    """The best `limit` passages over all the shelves, by reciprocal rank fusion of cosine and BM25.

    The shelves' passages are merged by score into one ranking of each kind before the fusion: taking turns
    among them costs a third of the recall. Each shelf must be one that the person may see. Documents that
    say they are of another company or period than the question asks for, or are files of another kind, come
    last; those that the question or a first passage names, and those of `prefers`, come forward. `together`:
    neighbours are one hit.
    The hits come without the vectors of their sentences.
    """
    weights = _weights(snapshots, list(dict.fromkeys(terms(question))))
    search = _Search(snapshots, vector, weights, frozenset(prefers))
    orders = [search.order(ask, limit) for ask in _asks(question, snapshots)]
    stretches: list[_Stretch] = []
    said: set[str] = set()
    seen: set[_Candidate] = set()
    for found in _in_turns(orders):
        if found.candidate in seen or not _adds(found.chunk, said):
            continue
        seen.add(found.candidate)
        if together:
            _join(stretches, _Stretch(found, range(found.ordinal, found.ordinal + 1)))
        else:
            stretches.append(_Stretch(found, range(found.ordinal, found.ordinal + 1)))
        if len(stretches) == limit:
            break
    return [_hit(snapshots[stretch.best.candidate.shelf], stretch, weights) for stretch in stretches]


def _join(stretches: list[_Stretch], new: _Stretch) -> None:
    """Make it one with its neighbours, at the place of the best of them; with as many as stay readable together."""
    beside = [stretch for stretch in stretches if stretch.touches(new)]
    for neighbours in (beside, *([one] for one in beside)):
        first = min(one.ordinals.start for one in (*neighbours, new))
        ordinals = range(first, max(one.ordinals.stop for one in (*neighbours, new)))
        if neighbours and joinable(new.best.loaded.chunks[ordinals.start : ordinals.stop]):
            stretches[stretches.index(neighbours[0])] = _Stretch(neighbours[0].best, ordinals)
            for other in neighbours[1:]:
                stretches.remove(other)
            return
    stretches.append(new)


def _asks(question: str, snapshots: Sequence[Snapshot]) -> list[_Ask]:
    """The question; where its sentences want different documents, each with those that go with it."""
    companies = frozenset[str]().union(*(snapshot.companies for snapshot in snapshots))
    formats = frozenset[str]().union(*(snapshot.formats for snapshot in snapshots))
    asks: list[_Ask] = []
    for sentence in sentences.split(question):
        wish = wish_of(sentence, companies, formats)
        last = asks[-1] if asks else None
        if last is not None and (not wish.restricts or not last.wish.restricts or wish == last.wish):
            text = f"{last.text} {sentence}"
            asks[-1] = _Ask(text, wish_of(text, companies, formats))
        else:
            asks.append(_Ask(sentence, wish))
    return asks or [_Ask(question, wish_of(question, companies, formats))]


def _in_turns(orders: Sequence[Iterable[_Found]]) -> Iterator[_Found]:
    for places in zip_longest(*orders):
        yield from (found for found in places if found is not None)


class _Search:
    """One search over snapshots."""

    def __init__(
        self, snapshots: Sequence[Snapshot], vector: Vector, weights: Mapping[str, float], prefers: frozenset[str]
    ) -> None:
        self._snapshots = snapshots
        self._vector = vector
        self._weights = weights
        self._prefers = prefers

    def order(self, ask: _Ask, limit: int) -> Iterable[_Found]:
        """Passages for one ask, best first; only those that are looked at are made."""
        wanted = self._wanted(ask.wish) if ask.wish.restricts or ask.wish.several else None
        series = _series(wanted) if wanted is not None and ask.wish.several else frozenset()
        depth = max(_SPREAD_CANDIDATES if series else _CANDIDATES, 4 * limit)
        asked = terms(subject(ask.text, ask.wish)) or terms(ask.text)
        words = {word: self._weights[word] for word in asked if word in self._weights}
        scores: dict[_Candidate, float] = {}
        chosen = wanted if ask.wish.restricts else None
        lexical = self._by_words(words, _TABLES_AMONG if ask.wish.amounts else depth, chosen)
        _fuse(scores, [self._by_meaning(depth, chosen), lexical[:depth]])
        if chosen is not None:
            _fuse(scores, [self._by_meaning(depth, None), self._by_words(words, depth, None)], _BESIDE)
        _fuse(scores, [self._named(ask.text, words, wanted)])
        _fuse(scores, [self._linked(_best_first(scores)[:_READ_ON], words, wanted)])
        if ask.wish.amounts:
            self._prefer_tables(scores, lexical)
        if self._prefers:
            _fuse(scores, [[c for c in _best_first(scores) if self._is_preferred(c)]], _PREFERRED)
        found = self._found(scores)
        return _spread(list(found), series, limit) if len(series) > 1 else found

    def _wanted(self, wish: Wish) -> list[_Place]:
        """The documents that the wish does not speak against."""
        places = [
            (number, loaded)
            for number, snapshot in enumerate(self._snapshots)
            for loaded in snapshot.entries
            if fits(loaded.facets, wish)
        ]
        places = _of_format(places, wish.formats)
        return _newest(places, wish.companies) if wish.newest else places

    def _by_meaning(self, depth: int, places: Sequence[_Place] | None) -> list[_Candidate]:
        """Over these documents, or over all."""
        scored: list[tuple[float, _Candidate]] = []
        for number, mine in self._shared_out(places):
            snapshot = self._snapshots[number]
            allowed = None if mine is None else snapshot.rows_of(mine)
            for row, score in snapshot.dense.search(self._vector, depth, allowed):
                scored.append((score, _Candidate(number, row)))
        return _ranked(scored, depth)

    def _by_words(self, words: Mapping[str, float], depth: int, places: Sequence[_Place] | None) -> list[_Candidate]:
        """The same by BM25."""
        scored: list[tuple[float, _Candidate]] = []
        for number, mine in self._shared_out(places):
            snapshot = self._snapshots[number]
            documents = None if mine is None else [loaded.entry.id for loaded in mine]
            for row, score in snapshot.lexical.search(words, depth, documents):
                scored.append((score, _Candidate(number, row)))
        return _ranked(scored, depth)

    def _shared_out(self, places: Sequence[_Place] | None) -> Iterator[tuple[int, list[LoadedEntry] | None]]:
        """The bases to look into, each with its documents among these; None for all of them."""
        for number, snapshot in enumerate(self._snapshots):
            mine = None if places is None else [loaded for base, loaded in places if base == number]
            if snapshot.passages and mine != []:
                yield number, mine

    def _named(self, text: str, words: Mapping[str, float], wanted: Sequence[_Place] | None) -> list[_Candidate]:
        """The best passage of each document that a text names."""
        names = named_in(text, [snapshot.names for snapshot in self._snapshots])
        places = [
            (number, loaded)
            for name in names
            for number, snapshot in enumerate(self._snapshots)
            for loaded in snapshot.names.get(name)
        ]
        allowed = None if wanted is None else {(number, loaded.entry.id) for number, loaded in wanted}
        best: dict[_Candidate, float] = {}
        for number, loaded in places:
            if allowed is None or (number, loaded.entry.id) in allowed:
                rows = np.array(loaded.entry.rows, dtype=np.int64)
                cosines = self._snapshots[number].dense.vectors(rows) @ self._vector
                best[_Candidate(number, int(rows[cosines.argmax()]))] = float(cosines.max())
        near = sorted(best, key=lambda candidate: -best[candidate])[: 2 * _NAMED]
        shares = {candidate: self._share_of(candidate, words) for candidate in near}
        both: dict[_Candidate, float] = {}
        _fuse(both, [near, sorted(near, key=lambda candidate: -shares[candidate])])
        return sorted(near, key=lambda candidate: -both[candidate])[:_NAMED]

    def _share_of(self, candidate: _Candidate, words: Mapping[str, float]) -> float:
        at = self._snapshots[candidate.shelf].at(candidate.row)
        return _share(at[0].text(at[1]), words) if at is not None else 0.0

    def _linked(
        self, first: Sequence[_Candidate], words: Mapping[str, float], wanted: Sequence[_Place] | None
    ) -> list[_Candidate]:
        """Passages of the documents that the first passages name: the second step of "the author of the book that"."""
        read = [self._snapshots[c.shelf].at(c.row) for c in first]
        text = " . ".join(loaded.chunks[ordinal].text for loaded, ordinal in filter(None, read))
        own = {loaded.entry.id for loaded, _ in filter(None, read)}
        named = self._named(text, words, wanted)
        return [c for c in named if (at := self._snapshots[c.shelf].at(c.row)) and at[0].entry.id not in own]

    def _prefer_tables(self, scores: dict[_Candidate, float], lexical: Sequence[_Candidate]) -> None:
        """Amounts stand in tables: those beside the first passages come in, and those with the right words forward."""
        for candidate in _best_first(scores)[:_LOOKED_BESIDE]:
            for row in (candidate.row - 1, candidate.row + 1):
                beside = _Candidate(candidate.shelf, row)
                if self._same_document(candidate, beside) and self._has_table(beside):
                    scores[beside] = scores.get(beside, 0.0) + _NEIGHBOUR * scores[candidate]
        _fuse(scores, [[candidate for candidate in lexical if self._has_table(candidate)]])

    def _same_document(self, one: _Candidate, other: _Candidate) -> bool:
        here, there = (self._snapshots[c.shelf].at(c.row) for c in (one, other))
        return here is not None and there is not None and here[0] is there[0]

    def _is_preferred(self, candidate: _Candidate) -> bool:
        at = self._snapshots[candidate.shelf].at(candidate.row)
        return at is not None and at[0].entry.id in self._prefers

    def _has_table(self, candidate: _Candidate) -> bool:
        at = self._snapshots[candidate.shelf].at(candidate.row)
        return at is not None and at[1] in at[0].tables

    def _found(self, scores: Mapping[_Candidate, float]) -> Iterator[_Found]:
        cosines = _cosines(self._snapshots, self._vector, list(scores))
        for candidate in sorted(scores, key=lambda candidate: (-scores[candidate], -cosines[candidate])):
            if (at := self._snapshots[candidate.shelf].at(candidate.row)) is not None:
                yield _Found(candidate, *at, scores[candidate], cosines[candidate])


def _of_format(places: Sequence[_Place], formats: frozenset[str]) -> list[_Place]:
    """Those that are such files, or of which it is not known; all of them where none is."""
    if not any(loaded.entry.format in formats for _, loaded in places):
        return list(places)
    return [place for place in places if not place[1].entry.format or place[1].entry.format in formats]


def _newest(places: Sequence[_Place], companies: frozenset[str]) -> list[_Place]:
    """Of each company asked for the latest document, and those without a date."""
    latest: dict[frozenset[str], Period] = {}
    for _, loaded in places:
        if loaded.facets.newest is not None:
            whose = companies & loaded.facets.companies
            latest[whose] = max(latest.get(whose, loaded.facets.newest), loaded.facets.newest)
    return [
        (number, loaded)
        for number, loaded in places
        if loaded.facets.newest in (None, latest.get(companies & loaded.facets.companies))
    ]


def _series(places: Sequence[_Place]) -> frozenset[tuple[int, str]]:
    """The documents that belong to a period each, by base and id; empty where they are of one period."""
    dated = [(number, loaded) for number, loaded in places if loaded.facets.newest is not None]
    if len({loaded.facets.newest for _, loaded in dated}) < 2:
        return frozenset()
    return frozenset((number, loaded.entry.id) for number, loaded in dated)


def _spread(found: Sequence[_Found], series: Collection[tuple[int, str]], limit: int) -> list[_Found]:
    """Each document of the series has its share of the first places; the rest follows in its order."""
    share = max(1, math.ceil(limit / len(series)))
    taken: Counter[tuple[int, str]] = Counter()
    first: list[_Found] = []
    rest: list[_Found] = []
    for one in found:
        document = (one.candidate.shelf, one.loaded.entry.id)
        taken[document] += 1
        (first if document in series and taken[document] <= share else rest).append(one)
    return [*first, *rest]


def _ranked(scored: list[tuple[float, _Candidate]], depth: int) -> list[_Candidate]:
    best = sorted(scored, key=lambda pair: (-pair[0], pair[1].shelf, pair[1].row))
    return [candidate for _, candidate in best[:depth]]


def _best_first(scores: Mapping[_Candidate, float]) -> list[_Candidate]:
    return sorted(scores, key=lambda candidate: (-scores[candidate], candidate.shelf, candidate.row))


def _fuse(scores: dict[_Candidate, float], rankings: Iterable[Sequence[_Candidate]], weight: float = 1.0) -> None:
    """Add reciprocal ranks to the scores."""
    for ranking in rankings:
        for place, candidate in enumerate(ranking, start=1):
            scores[candidate] = scores.get(candidate, 0.0) + weight / (_RRF_K + place)


def _cosines(snapshots: Sequence[Snapshot], vector: Vector, candidates: list[_Candidate]) -> dict[_Candidate, float]:
    cosines: dict[_Candidate, float] = {}
    for number, snapshot in enumerate(snapshots):
        mine = [candidate for candidate in candidates if candidate.shelf == number]
        if mine:
            vectors = snapshot.dense.vectors(np.array([candidate.row for candidate in mine], dtype=np.int64))
            cosines.update(zip(mine, np.clip(vectors @ vector, 0.0, 1.0).tolist(), strict=True))
    return cosines


def rarity(snapshots: Sequence[Snapshot], words: Iterable[str]) -> dict[str, float]:
    """How much each word tells where these shelves are searched; 0 for one that no passage has."""
    stems = {word: terms(word) for word in words}
    weights = _weights(snapshots, list(dict.fromkeys(stem for own in stems.values() for stem in own)))
    known = {stem for stem in weights if any(snapshot.lexical.frequency(stem) for snapshot in snapshots)}
    return {word: max((weights[stem] for stem in own if stem in known), default=0.0) for word, own in stems.items()}


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


def _share(text: str, weights: Mapping[str, float]) -> float:
    """The share of the words' weights that occurs in the text."""
    occurring = set(terms(text))
    total = sum(weights.values())
    return sum(weights[word] for word in weights if word in occurring) / total if total else 0.0


def _hit(snapshot: Snapshot, stretch: _Stretch, weights: Mapping[str, float]) -> Hit:
    best = stretch.best
    passage = best.loaded.passage(snapshot.base, stretch.ordinals, score=best.cosine)
    return Hit(
        passage=passage,
        sentences=best.loaded.stretch(stretch.ordinals).sentences,
        vectors=np.empty((0, DIMENSIONS), dtype=np.float32),
        rank_score=best.rank_score,
        lexical=_share(prefixed(passage.title, passage.section, passage.text), weights),
    )
