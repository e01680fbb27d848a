"""The files of a delivery, each as far as it has come, and where they fit together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from orchestration.placing import Place

ItemState = Literal[
    "waiting", "reading", "read", "embedding", "indexing", "added", "replaced", "unchanged", "rejected", "left"
]
SETTLED: frozenset[ItemState] = frozenset({"added", "replaced", "unchanged", "rejected", "left"})
"""Nothing more becomes of a file in one of these."""
KEPT: frozenset[ItemState] = frozenset({"added", "replaced"})


@dataclass(frozen=True)
class Item:
    """One file of a delivery, as far as it has come."""

    name: str
    state: ItemState = "waiting"
    done: int = 0
    total: int = 0
    """Pages while it is read, passages while it is embedded."""
    format: str = ""
    pages: int | None = None
    passages: int = 0
    language: str = ""
    seconds: float = 0.0
    """At work on it, without the wait for a person."""
    refusal: Exception | None = None
    """Why it was not taken in."""
    remarks: tuple[str, ...] = ()
    """What of it was not read."""
    agent: str = ""
    """Who has it, or is getting it."""
    document: str = ""
    """Its id there."""
    known_as: str = ""
    """Its name there, where it was there before."""
    replaces: datetime | None = None
    """When the version came in whose place it takes."""
    places: tuple[Place, ...] = ()


def best_places(items: Sequence[Item]) -> tuple[Place, ...]:
    """The agents for several files together, the best first: by the mean of their scores."""
    scores: dict[str, list[float]] = {}
    for item in items:
        for place in item.places:
            scores.setdefault(place.agent, []).append(place.score)
    means = [Place(agent, sum(found) / len(found)) for agent, found in scores.items()]
    return tuple(sorted(means, key=lambda place: -place.score))
