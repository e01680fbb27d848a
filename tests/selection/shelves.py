"""A shelf for tests: the knowledge as the selector sees it, from a few passages and the hashing embedder."""

import re
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from agents import Agent, AgentRegistry
from knowledge import HashEmbedder, Hit, Matrix, Passage, Vector

_EMBEDDER = HashEmbedder()


class PaperShelf:
    """Each agent's passages on paper: found by the words they share with the question. Counts what it is asked."""

    def __init__(self, passages: Mapping[str, Sequence[str]]) -> None:
        self._passages = passages
        self.embedded: list[tuple[str, ...]] = []

    async def embed(self, texts: Sequence[str]) -> Matrix:
        self.embedded.append(tuple(texts))
        return _EMBEDDER.embed(texts)

    async def embed_kept(self, texts: Sequence[str]) -> Matrix:
        return _EMBEDDER.embed(texts)

    async def search(
        self,
        bases: Sequence[str],
        question: str,
        vector: Vector,
        *,
        person: str = "local",
        limit: int = 6,
        sentences: bool = True,
        prefers: Collection[str] = (),
    ) -> list[Hit]:
        hits = [_hit(base, number, text, question, vector) for base in bases for number, text in self._of(base)]
        return sorted(hits, key=lambda hit: -hit.rank_score)[:limit]

    async def rarity(self, bases: Sequence[str], words: Sequence[str], *, person: str = "local") -> dict[str, float]:
        text = " ".join(passage for base in bases for _, passage in self._of(base)).lower()
        return {word: 1.0 / text.count(word.lower()) if word.lower() in text else 0.0 for word in words}

    def _of(self, base: str) -> list[tuple[int, str]]:
        return list(enumerate(self._passages.get(base, ())))


def _hit(base: str, number: int, text: str, question: str, vector: Vector) -> Hit:
    cosine = max(0.0, float(_EMBEDDER.embed([text])[0] @ vector))
    asked, found = set(re.findall(r"\w{4,}", question.lower())), set(re.findall(r"\w{4,}", text.lower()))
    lexical = len(asked & found) / len(asked) if asked else 0.0
    passage = Passage(
        id=f"{base}#{number}",
        base=base,
        document=f"{base}{number}",
        source=f"{base}.md",
        title=base,
        text=text,
        score=cosine,
    )
    nothing = np.empty((0, vector.shape[0]), dtype=np.float32)
    return Hit(passage=passage, sentences=(), vectors=nothing, rank_score=cosine + lexical, lexical=lexical)


GARDEN = Agent(
    name="garden",
    title="Gardener",
    description="Knows roses, apple trees and lawns.",
    examples=("When do I prune roses?", "How much water does a lawn need?", "Which apple tree stays small?"),
)
KITCHEN = Agent(
    name="kitchen",
    title="Baker",
    description="Knows bread, dough and ovens.",
    examples=("How long does rye bread bake?", "How do I keep bread fresh?", "How hot is the oven?"),
)
PASSAGES = {
    "garden": ("Prune roses in March, when the forsythia blooms.", "A lawn needs twenty litres of water each week."),
    "kitchen": ("Bake rye bread for fifty minutes at 220 degrees.", "Keep bread fresh in a linen bag."),
}


def village() -> AgentRegistry:
    """A gardener and a baker."""
    return AgentRegistry([GARDEN, KITCHEN])
