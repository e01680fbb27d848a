"""Gathers the evidence for a selection: one embedding of the question's parts, one search in every knowledge base."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from agents import Agent, AgentRegistry
from agents.runner import Library
from knowledge import Hit, Matrix, Passage, Vector
from orchestration.breaker import CLOSED, Breaker
from orchestration.calls import mentions, without_mentions
from orchestration.following import FollowUp, follow
from orchestration.messages import Selection, Task
from orchestration.planner import Division, Planned, Planner, Tell, nobody
from orchestration.profiles import Likeness, OwnWords, Profiles
from orchestration.selection import (
    ONE,
    THRESHOLD,
    Evidence,
    Ranking,
    breadth,
    choose,
    choose_exactly,
    is_sure,
    left_aside,
    left_out,
    part_selection,
    rank,
)
from orchestration.splitting import Part, split_question
from orchestration.subjects import words_carried
from orchestration.terms import PLANNING
from orchestration.vectors import pack

SEARCHED = 3
"""Passages looked at in each knowledge base."""
BEST_PASSAGES = 2
"""How many of them count: one alone may be chance."""
WORDS = 0.35
"""How much the question's words in a passage count beside its meaning."""
MOST_OFFERED = 24
"""Agents that a language model may choose from."""
NEAREST = 4
"""Passages kept for a person whose question nobody can answer."""


class Health(Protocol):
    """What the selection looks at of how an agent is doing; `presence.AgentHealth` is one."""

    @property
    def fitness(self) -> float: ...

    @property
    def breaker(self) -> Breaker: ...


HealthReader = Callable[[], Awaitable[Mapping[str, Health]]]


class Shelf(Library, Protocol):
    """Knowledge that also keeps embeddings of texts which do not change."""

    async def embed_kept(self, texts: Sequence[str]) -> Matrix: ...

    async def rarity(
        self, bases: Sequence[str], words: Sequence[str], *, person: str = "local"
    ) -> dict[str, float]: ...


@dataclass(frozen=True)
class _Asked:
    """A text that agents are ranked for."""

    text: str
    vector: Vector
    heading: str
    """What it asks, without the context that makes it understandable."""
    heading_vector: Vector
    hits: Mapping[str, Sequence[Hit]]


class Selector:
    """Chooses agents for a task. `health` tells how each agent is doing."""

    def __init__(
        self,
        registry: AgentRegistry,
        library: Shelf,
        health: HealthReader,
        clock: Callable[[], float] = time.time,
        planner: Planner | None = None,
    ) -> None:
        """Without a `planner` a question is divided by its words alone."""
        self._registry = registry
        self._library = library
        self._health = health
        self._clock = clock
        self._planner = planner
        self._own_words = OwnWords(registry, library.embed_kept)

    async def select(
        self, task: Task, count: int | None = None, seconds: float = math.inf, tell: Tell = nobody
    ) -> Selection:
        """Zero, one or several agents for each part of the question; exactly `count` in all where it is given.

        `seconds` are left for the whole task. A model that is asked for a plan is told of before.
        """
        registry = self._registry.only(task.agents) if task.agents else self._registry
        followed = await self._followed(task, registry)
        called, _ = mentions(task.question, registry)
        if followed is not None:
            called += [name for name in mentions(followed.question, registry)[0] if name not in called]
        named = tuple(called)
        called = called or list(task.agents)
        question = without_mentions(followed.question if followed is not None else task.question, registry)
        parts = (Part(question, question),) if task.undivided else split_question(question)
        health = await self._health()
        begun = self._clock()
        whole = (Part(question, question),) if count is not None and len(parts) > 1 else ()
        asked = await self._ask((*parts, *whole), {name: [name] for name in registry}, task.person)
        profiles = await self._own_words.profiles()
        carried = followed.agents if followed is not None else ()
        rankings = await asyncio.to_thread(_rankings, asked, registry, profiles, health, carried)
        if count is None:
            chosen = tuple(choose(ranking, called, breadth(parts)) for ranking in rankings)
        else:
            chosen = choose_exactly(count, rankings[: len(parts)], rankings[-1])
        resting = [left_out(r, names, breadth(parts)) for r, names in zip(rankings, chosen, strict=False)]
        found = self._selection(parts, asked, rankings, chosen, called, begun, () if called else resting, followed)
        if count is not None or self._planner is None or is_clear(task, parts, called, followed, rankings[0]):
            return found
        able = [name for name in registry if _able(name, health)]
        available = registry.only(named or _foremost(able or list(registry), rankings))
        begun = self._clock()
        planned = await self._planner.plan(task, question, found, available, named, PLANNING * seconds, tell)
        division = planned.division
        if division is None:
            return _without_a_plan(found, planned, (begun, self._clock()))
        asked = await self._ask(division.parts, {name: [name] for name in registry}, task.person)
        rankings = await asyncio.to_thread(_rankings, asked, registry, profiles, health, carried)
        resting = [
            left_aside(r, names, breadth(division.parts)) for r, names in zip(rankings, division.agents, strict=True)
        ]
        selection = self._selection(
            division.parts, asked, rankings, division.agents, named, begun, () if named else resting, planned=True
        )
        return _with_a_plan(found, planned, division, selection)

    async def select_one(self, task: Task, agent: Agent, seconds: float = math.inf) -> Selection:
        """The same for one agent over all the knowledge: it gets each part that somebody's evidence speaks for."""
        registry = AgentRegistry([agent])
        followed = await self._followed(task, self._registry)
        question = without_mentions(followed.question if followed is not None else task.question, self._registry)
        parts = (Part(question, question),) if task.undivided else split_question(question)
        begun = self._clock()
        bases = {agent.name: list(self._registry)}
        asked = await self._ask(parts, bases, task.person)
        profiles = await self._own_words.profiles()
        rankings = await asyncio.to_thread(_rankings_of_one, asked, registry, profiles)
        chosen = tuple(choose(ranking) for ranking in rankings)
        found = self._selection(parts, asked, rankings, chosen, (), begun, followed=followed)
        if self._planner is None or is_clear(task, parts, (), followed, rankings[0]):
            return found
        begun = self._clock()
        planned = await self._planner.plan(task, question, found, registry, (), PLANNING * seconds)
        division = planned.division
        if division is None:
            return _without_a_plan(found, planned, (begun, self._clock()))
        asked = await self._ask(division.parts, bases, task.person)
        rankings = await asyncio.to_thread(_rankings_of_one, asked, registry, profiles)
        selection = self._selection(division.parts, asked, rankings, division.agents, (), begun, planned=True)
        return _with_a_plan(found, planned, division, selection)

    async def _followed(self, task: Task, agents: AgentRegistry) -> FollowUp | None:
        """The question as it is to be understood after what was asked before; None where it stands on its own."""
        if not task.context:
            return None
        words = words_carried(task.context)
        rarity = await self._library.rarity(list(self._registry), words, person=task.person) if words else {}
        return follow(without_mentions(task.question, agents), task.context, agents, rarity)

    async def _ask(self, parts: Sequence[Part], bases: Mapping[str, Sequence[str]], person: str) -> list[_Asked]:
        """Embed everything at once and search for each agent's passages, all searches at the same time."""
        texts = list(dict.fromkeys(text for part in parts for text in (part.question, part.heading)))
        vectors = dict(zip(texts, await self._library.embed(texts), strict=True))
        searches = [
            self._library.search(
                where, part.question, vectors[part.question], person=person, limit=SEARCHED, sentences=False
            )
            for part in parts
            for where in bases.values()
        ]
        found = iter(await asyncio.gather(*searches))
        return [
            _Asked(
                text=part.question,
                vector=vectors[part.question],
                heading=part.heading,
                heading_vector=vectors[part.heading],
                hits={name: next(found) for name in bases},
            )
            for part in parts
        ]

    def _selection(
        self,
        parts: Sequence[Part],
        asked: Sequence[_Asked],
        rankings: Sequence[Ranking],
        chosen: Sequence[frozenset[str]],
        called: Sequence[str],
        begun: float,
        resting: Sequence[frozenset[str]] = (),
        followed: FollowUp | None = None,
        *,
        planned: bool = False,
    ) -> Selection:
        resting = resting or [frozenset()] * len(parts)
        return Selection(
            parts=tuple(
                part_selection(part, ranking, names, called, pack(one.vector), rest, planned=planned)
                for part, one, ranking, names, rest in zip(parts, asked, rankings, chosen, resting, strict=False)
            ),
            threshold=THRESHOLD,
            nearest=_nearest([hit for one in asked for hits in one.hits.values() for hit in hits]),
            busy=((begun, self._clock()),),
            understood=followed.question if followed is not None else "",
            prefers=followed.documents if followed is not None else (),
        )


def is_clear(
    task: Task, parts: Sequence[Part], called: Collection[str], followed: FollowUp | None, ranking: Ranking
) -> bool:
    """Whether there is nothing that a language model could plan better: one short question that is surely one agent's,
    or that somebody was called by name for.
    """
    if task.undivided:
        return True
    return len(parts) == 1 and followed is None and (bool(called) or (breadth(parts) == ONE and is_sure(ranking)))


def _foremost(names: Sequence[str], rankings: Sequence[Ranking]) -> list[str]:
    """Of many agents those who have most to show for any part: more than a model can be told of are not offered."""
    if len(names) <= MOST_OFFERED:
        return list(names)
    best = {name: max(s.score for ranking in rankings for s in ranking if s.agent.name == name) for name in names}
    return sorted(names, key=lambda name: -best[name])[:MOST_OFFERED]


def _without_a_plan(found: Selection, planned: Planned, span: tuple[float, float]) -> Selection:
    """A language model was asked and was no use: it stays as it was found."""
    return found.model_copy(update={"usage": planned.usage, "note": planned.note, "busy": (*found.busy, span)})


def _with_a_plan(found: Selection, planned: Planned, division: Division, selection: Selection) -> Selection:
    """Divided by a language model, ranked by the same evidence as without."""
    return selection.model_copy(
        update={
            "planned_by": division.model,
            "usage": planned.usage,
            "understood": division.understood or found.understood,
            "prefers": found.prefers,
            "busy": (*found.busy, *selection.busy),
        }
    )


def _able(name: str, health: Mapping[str, Health]) -> bool:
    """Whether somebody runs the agent and it is not left alone for a while."""
    return name in health and health[name].fitness > 0 and health[name].breaker.state != "open"


def _rankings(
    asked: Sequence[_Asked],
    registry: AgentRegistry,
    profiles: Profiles,
    health: Mapping[str, Health],
    carried: Collection[str],
) -> list[Ranking]:
    rankings = []
    for one in asked:
        alike = profiles.likeness(one.vector)
        # The context says what a part is about; whose field it is, the part itself says best.
        fits = profiles.fits(one.heading, one.heading_vector)
        evidence = {
            name: Evidence(
                knowledge=_knowledge(hits),
                examples=alike[name].examples,
                description=alike[name].description,
                fit=fits[name],
                health=health[name].fitness if name in health else 0.0,
                breaker=health[name].breaker if name in health else CLOSED,
                conversation=name in carried,
            )
            for name, hits in one.hits.items()
        }
        rankings.append(rank(registry, evidence))
    return rankings


def _rankings_of_one(asked: Sequence[_Asked], registry: AgentRegistry, profiles: Profiles) -> list[Ranking]:
    """Whoever's words are nearest speaks for the one agent, so that the same threshold holds."""
    rankings = []
    for one in asked:
        alike: list[Likeness] = list(profiles.likeness(one.vector).values())
        evidence = {
            name: Evidence(
                knowledge=_knowledge(hits),
                examples=max((a.examples for a in alike if a.examples is not None), default=None),
                description=max(a.description for a in alike),
            )
            for name, hits in one.hits.items()
        }
        rankings.append(rank(registry, evidence))
    return rankings


def _knowledge(hits: Sequence[Hit]) -> float | None:
    """The best passages, 0 to 1; None without documents."""
    if not hits:
        return None
    best = sorted((_match(hit) for hit in hits), reverse=True)[:BEST_PASSAGES]
    return sum(best) / len(best)


def _match(hit: Hit) -> float:
    """By meaning and by words. Either alone is often chance, so half of it is their geometric mean."""
    meaning, words = hit.passage.score, hit.lexical
    return 0.5 * ((1 - WORDS) * meaning + WORDS * words) + 0.5 * math.sqrt(meaning * words)


def _nearest(hits: Sequence[Hit]) -> tuple[Passage, ...]:
    best: dict[str, Passage] = {}
    for hit in sorted(hits, key=lambda h: -h.passage.score):
        best.setdefault(hit.passage.document, hit.passage)
    return tuple(best.values())[:NEAREST]
