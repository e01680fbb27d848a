"""Gathers the evidence for a selection: one embedding of the question's parts, one search in every knowledge base."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

import numpy as np

from agents import Agent, AgentRegistry
from agents.runner import Library
from knowledge import Hit, Matrix, Passage, Vector
from orchestration.messages import Selection, Task
from orchestration.selection import THRESHOLD, Evidence, mentions, select_part, without_mentions
from orchestration.splitting import split_question
from orchestration.vectors import pack

SEARCHED = 3
"""Passages looked at in each knowledge base."""
NEAREST = 4
"""Passages kept for a person whose question nobody can answer."""


class Profiles(Library, Protocol):
    """Knowledge that also keeps embeddings of texts which do not change."""

    async def embed_kept(self, texts: Sequence[str]) -> Matrix: ...


class Selector:
    """Chooses agents for a task. `health` tells how able to work each agent is, 0 (nobody runs it) to 1."""

    def __init__(
        self,
        registry: AgentRegistry,
        library: Profiles,
        health: Callable[[], Awaitable[Mapping[str, float]]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._registry = registry
        self._library = library
        self._health = health
        self._clock = clock
        self._profiles: dict[str, tuple[Matrix, Vector]] | None = None

    async def select(self, task: Task) -> Selection:
        """Zero, one or several agents for each part of the question."""
        registry = self._registry.only(task.agents) if task.agents else self._registry
        called, _ = mentions(task.question, registry)
        called = called or list(task.agents)
        parts = split_question(without_mentions(task.question))
        health = await self._health()
        begun = self._clock()
        profiles = await self._embedded_profiles()
        vectors = await self._library.embed([part.question for part in parts])
        chosen = []
        nearest: list[Hit] = []
        for part, vector in zip(parts, vectors, strict=True):
            evidence = {}
            for name in registry:
                hits = await self._library.search([name], part.question, vector, person=task.person, limit=SEARCHED)
                nearest += hits
                evidence[name] = _evidence(hits, *profiles[name], vector, health.get(name, 0.0))
            chosen.append(select_part(part, registry, evidence, called, vector=pack(vector)))
        return Selection(
            parts=tuple(chosen),
            threshold=THRESHOLD,
            nearest=_nearest(nearest),
            busy=((begun, self._clock()),),
        )

    async def select_one(self, task: Task, agent: Agent) -> Selection:
        """The same for one agent over all the knowledge: it gets each part that its passages may answer."""
        alone = AgentRegistry([agent])
        begun = self._clock()
        parts = split_question(without_mentions(task.question))
        vectors = await self._library.embed([part.question for part in parts])
        chosen = []
        nearest: list[Hit] = []
        for part, vector in zip(parts, vectors, strict=True):
            hits = await self._library.search(
                list(self._registry), part.question, vector, person=task.person, limit=SEARCHED
            )
            nearest += hits
            evidence = Evidence(knowledge=_knowledge(hits), examples=None, description=None)
            chosen.append(select_part(part, alone, {agent.name: evidence}, vector=pack(vector)))
        return Selection(
            parts=tuple(chosen),
            threshold=THRESHOLD,
            nearest=_nearest(nearest),
            busy=((begun, self._clock()),),
        )

    async def _embedded_profiles(self) -> Mapping[str, tuple[Matrix, Vector]]:
        """For each agent the vectors of its examples and of its description."""
        if self._profiles is None:
            texts = [text for agent in self._registry.values() for text in (agent.description, *agent.examples)]
            vectors = await self._library.embed_kept(texts)
            profiles, at = {}, 0
            for name, agent in self._registry.items():
                profiles[name] = (vectors[at + 1 : at + 1 + len(agent.examples)], vectors[at])
                at += 1 + len(agent.examples)
            self._profiles = profiles
        return self._profiles


def _evidence(hits: Sequence[Hit], examples: Matrix, description: Vector, vector: Vector, health: float) -> Evidence:
    return Evidence(
        knowledge=_knowledge(hits),
        examples=float(np.max(examples @ vector)) if len(examples) else None,
        description=float(description @ vector),
        health=health,
    )


def _knowledge(hits: Sequence[Hit]) -> float | None:
    """The best passages count: how near they are, and how many of the question's words they hold."""
    if not hits:
        return 0.0
    near = sorted((0.8 * hit.passage.score + 0.2 * hit.lexical for hit in hits), reverse=True)
    return 0.7 * near[0] + 0.3 * sum(near[:2]) / len(near[:2])


def _nearest(hits: Sequence[Hit]) -> tuple[Passage, ...]:
    best: dict[str, Passage] = {}
    for hit in sorted(hits, key=lambda h: -h.passage.score):
        best.setdefault(hit.passage.document, hit.passage)
    return tuple(best.values())[:NEAREST]
