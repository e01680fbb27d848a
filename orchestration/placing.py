"""Whose document is it? Says how near a new document is to each agent's knowledge and to the agent's own words.

The document is read and cut already. A few of its passages, taken evenly from the beginning to the end, are compared
with what each agent has, in the same way in which a question is. Only what the person may see is looked at.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from agents import AgentRegistry
from knowledge import Hit, Vector
from orchestration.profiles import OwnWords, Profiles
from orchestration.selection import Evidence, rank
from orchestration.selector import Shelf

SAMPLE = 8
"""Passages of a document that are compared."""
SEARCHED = 3
"""Passages looked at in each knowledge base for each of them."""
NEAR = 0.2
"""A best score below this is hardly a proposal: nobody knows much like it. Beside the demonstration documents a cake
recipe and a quarterly report reach .1, a paragraph on firewalls .27."""


@dataclass(frozen=True)
class Place:
    """One agent as the place for a document."""

    agent: str
    score: float
    """0 to 1: how much it is like what the agent knows and says of itself, less what fits another agent better."""


class Placer:
    """Proposes agents for documents."""

    def __init__(self, registry: AgentRegistry, library: Shelf) -> None:
        self._registry = registry
        self._library = library
        self._own_words = OwnWords(registry, library.embed_kept)

    async def place(self, passages: Sequence[str], *, person: str) -> tuple[Place, ...]:
        """Every agent, the best place first. `passages` as they are embedded. Raises ModelUnavailable, StorageError."""
        sample = _evenly(passages, SAMPLE)
        vectors = await self._library.embed(sample)
        profiles = await self._own_words.profiles()
        evidence = []
        for text, vector in zip(sample, vectors, strict=True):
            found = await asyncio.gather(*(self._search(name, text, vector, person) for name in self._registry))
            hits = dict(zip(self._registry, found, strict=True))
            evidence.append(await asyncio.to_thread(_evidence, text, vector, hits, profiles))
        ranking = rank(self._registry, {name: _mean([one[name] for one in evidence]) for name in self._registry})
        return tuple(Place(standing.agent.name, standing.score) for standing in ranking)

    async def _search(self, base: str, text: str, vector: Vector, person: str) -> list[Hit]:
        return await self._library.search([base], text, vector, person=person, limit=SEARCHED, sentences=False)


def _evenly(passages: Sequence[str], most: int) -> list[str]:
    """At most so many of them, the first one included, at equal distances."""
    if len(passages) <= most:
        return list(passages)
    return [passages[round(place)] for place in np.linspace(0, len(passages) - 1, most)]


def _evidence(text: str, vector: Vector, hits: Mapping[str, Sequence[Hit]], profiles: Profiles) -> dict[str, Evidence]:
    alike, fits = profiles.likeness(vector), profiles.fits(text, vector)
    return {
        name: Evidence(
            # By meaning alone: a passage has too many words for a share of them to say anything.
            knowledge=sum(hit.passage.score for hit in found) / len(found) if found else None,
            examples=alike[name].examples,
            description=alike[name].description,
            fit=fits[name],
        )
        for name, found in hits.items()
    }


def _mean(several: Sequence[Evidence]) -> Evidence:
    """Of one agent over the passages of a sample."""

    def over(values: Sequence[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return sum(known) / len(known) if known else None

    return Evidence(
        knowledge=over([one.knowledge for one in several]),
        examples=over([one.examples for one in several]),
        description=over([one.description for one in several]),
        fit=over([one.fit for one in several]) or 0.0,
    )
