"""Chooses the agents for each part of a question, without a language model. Pure: evidence in, choice out.

What an agent has to show for itself is its evidence: how near its documents, its examples and its description are
to the question. It alone decides whether anybody is asked at all. Among those who have evidence, the one whose own
words the question fits better than the others' goes first. Every criterion is kept, 0 to 1, for the person to see.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from agents import Agent, AgentRegistry
from agents.words import content_words
from orchestration.breaker import CLOSED, Breaker
from orchestration.messages import AgentScore, PartSelection
from orchestration.splitting import Part

WEIGHTS: Mapping[str, float] = {"knowledge": 0.65, "examples": 0.30, "description": 0.05}
"""What each kind of evidence counts; one that an agent does not have leaves its weight to the others."""
WITHOUT_DOCUMENTS = 0.6
"""Questions resemble each other more than they resemble passages: evidence without documents counts this much."""
FIT = 0.6
"""How much an agent's score suffers where the question fits another one's words better."""
THRESHOLD = 0.24
"""Below this an agent has nothing to say on a question."""
SIMPLE_WORDS = 4
"""A question of one part with so few words of content is simple."""
STRENGTH = 0.2
"""How much evidence counts beside the fit where the number of agents is given."""
CARRIED = 0.12
"""How much more an agent counts that has answered what the question follows up on."""
SURE, FAR = 0.3, 0.5
"""An agent with this score, and no other with so large a share of it, is surely the right one: measured in
docs/design.
"""
BUSY = 0.5
"""Health below this is said to the person."""


@dataclass(frozen=True)
class Evidence:
    """What speaks for one agent on one text; each 0 to 1, None where it does not apply."""

    knowledge: float | None
    examples: float | None
    description: float | None
    fit: float = 1.0
    """How much more the text is like this agent's own words than like the others'."""
    health: float = 1.0
    """How able to work it is; 0 when nobody runs it."""
    breaker: Breaker = CLOSED
    """An agent that failed again and again is left out for a while."""
    conversation: bool = False
    """It has answered what the question follows up on."""

    def strength(self) -> float:
        """The weighted mean of what there is, 0 to 1; more for whoever the conversation is with."""
        values = {"knowledge": self.knowledge, "examples": self.examples, "description": self.description}
        known = {name: value for name, value in values.items() if value is not None}
        if not known:
            return 0.0
        mean = sum(WEIGHTS[name] * value for name, value in known.items()) / sum(WEIGHTS[name] for name in known)
        mean *= 1.0 if self.knowledge is not None else WITHOUT_DOCUMENTS
        return min(1.0, mean * (1 + CARRIED)) if self.conversation else mean


@dataclass(frozen=True)
class Standing:
    """One agent among the others for one text."""

    agent: Agent
    evidence: Evidence
    strength: float
    score: float
    """Its strength, less what another agent fits better; the best score equals the best strength."""

    def order(self) -> float:
        """The score with what decides near ties: who is free, and whom the catalog prefers."""
        return self.score * (1 + 0.02 * self.evidence.health + 0.01 * self.agent.precedence / 100)


Ranking = tuple[Standing, ...]
"""All agents for one text, best first."""


def rank(registry: AgentRegistry, evidence: Mapping[str, Evidence]) -> Ranking:
    """The agents in the order in which they should be asked."""
    strengths = {name: evidence[name].strength() for name in registry}
    best_fit = max(evidence[name].fit for name in registry)
    raw = {name: strengths[name] * (1 - FIT * (best_fit - evidence[name].fit)) for name in registry}
    highest = max(raw.values())
    scale = max(strengths.values()) / highest if highest > 0 else 0.0
    standings = [
        Standing(agent, evidence[name], strengths[name], min(1.0, raw[name] * scale))
        for name, agent in registry.items()
    ]
    return tuple(sorted(standings, key=lambda s: (-s.order(), -s.agent.precedence, s.agent.name)))


@dataclass(frozen=True)
class Breadth:
    """How many agents a part may get."""

    most: int
    near: float
    """A further agent is asked when its score is at least this share of the best one's."""


ONE = Breadth(most=1, near=1.0)
TWO = Breadth(most=2, near=0.85)
TWO_A_PART = Breadth(most=2, near=0.75)


def breadth(parts: Sequence[Part]) -> Breadth:
    """One agent for a simple question; whoever asks several things at once wants them seen from several sides."""
    if len(parts) > 1:
        return TWO_A_PART
    return ONE if len(content_words(parts[0].question)) <= SIMPLE_WORDS else TWO


def choose(ranking: Ranking, called: Sequence[str] = (), wanted: Breadth = TWO) -> frozenset[str]:
    """Those who were called by name; or else the best one that has evidence, and who is near it."""
    if called:
        return frozenset(called)
    # That nobody at all was seen alive says that the signs of life are late, not that nothing is known.
    unseen = not any(s.evidence.health > 0 for s in ranking)
    able = [s for s in ranking if (unseen or s.evidence.health > 0) and s.strength >= THRESHOLD]
    able = [s for s in able if s.evidence.breaker.state != "open"]
    return frozenset(s.agent.name for s in able[: wanted.most] if s.score >= wanted.near * able[0].score)


def left_out(ranking: Ranking, chosen: frozenset[str], wanted: Breadth = TWO) -> frozenset[str]:
    """Those who would have been chosen, had they not failed again and again lately."""
    forgiven = tuple(replace(s, evidence=replace(s.evidence, breaker=CLOSED)) for s in ranking)
    return choose(forgiven, (), wanted) - chosen


def left_aside(ranking: Ranking, chosen: frozenset[str], wanted: Breadth) -> frozenset[str]:
    """The same where somebody else has chosen: whoever is let alone for a while may not have been to choose from."""
    broken = {s.agent.name for s in ranking if s.evidence.breaker.state == "open"}
    return left_out(ranking, chosen, wanted) & broken


def is_sure(ranking: Ranking) -> bool:
    """Whether the best agent can work, has much to show for itself, and everybody else has much less."""
    best, *others = sorted(ranking, key=lambda s: -s.score)
    able = best.evidence.health > 0 and best.evidence.breaker.state != "open"
    return able and best.score >= SURE and all(other.score <= FAR * best.score for other in others)


def choose_exactly(count: int, parts: Sequence[Ranking], whole: Ranking) -> tuple[frozenset[str], ...]:
    """Exactly `count` agents over all the parts (fewer only where there are fewer), whatever their evidence.

    For a caller who knows the number: then nothing is to be decided but whose field it is, which the fit tells
    best. An agent counts by its best part, measured against that part's best agent, and by the whole question; it
    is chosen for the part that needs it most.
    """
    lags = [_lags(ranking) for ranking in parts]
    need = {s.agent.name: max(lag[s.agent.name] for lag in lags) + _claim(s) for s in whole}
    able = [s.agent.name for s in whole if s.evidence.health > 0] or [s.agent.name for s in whole]
    names = sorted(able, key=lambda name: -need[name])[:count]
    best_part = {name: max(range(len(parts)), key=lambda number: lags[number][name]) for name in names}
    return tuple(frozenset(name for name in names if best_part[name] == number) for number in range(len(parts)))


def _claim(standing: Standing) -> float:
    return standing.evidence.fit + STRENGTH * standing.strength


def _lags(ranking: Ranking) -> dict[str, float]:
    """How far each agent is behind the best one, 0 or less."""
    best = max(_claim(standing) for standing in ranking)
    return {standing.agent.name: _claim(standing) - best for standing in ranking}


def part_selection(
    part: Part,
    ranking: Ranking,
    chosen: frozenset[str],
    called: Sequence[str] = (),
    vector: str = "",
    resting: frozenset[str] = frozenset(),
    *,
    planned: bool = False,
) -> PartSelection:
    """The choice for one part with the scores and reasons of all, the chosen ones first; `planned` by a model."""
    ordered = sorted(ranking, key=lambda s: s.agent.name not in chosen)
    # A model may ask somebody who was called only what is their field.
    asked_for = chosen & frozenset(called)
    return PartSelection(
        question=part.question,
        heading=part.heading,
        builds_on=part.builds_on,
        further=part.further,
        vector=vector,
        agents=tuple(
            _scored(s, s.agent.name in chosen, s.agent.name in asked_for, s.agent.name in resting, planned)
            for s in ordered
        ),
    )


def _scored(standing: Standing, chosen: bool, called: bool, resting: bool, planned: bool) -> AgentScore:
    evidence = standing.evidence
    criteria = {
        "mention": 1.0 if called else 0.0,
        "knowledge": evidence.knowledge,
        "examples": evidence.examples,
        "description": evidence.description,
        "fit": evidence.fit,
        "health": evidence.health,
        "precedence": standing.agent.precedence / 100,
        "conversation": 1.0 if evidence.conversation else None,
    }
    return AgentScore(
        agent=standing.agent.name,
        score=1.0 if called else round(standing.score, 4),
        scores={name: round(value, 4) for name, value in criteria.items() if value is not None},
        reason=_reason(standing, chosen, called, planned),
        chosen=chosen,
        left_out=_rest(evidence.breaker) if resting else "",
    )


def _rest(breaker: Breaker) -> str:
    return f"it failed {breaker.failures} times in a row and is asked again in {max(1, round(breaker.seconds))} s"


def _reason(standing: Standing, chosen: bool, called: bool, planned: bool) -> str:
    if called:
        return "You asked for it by name."
    return f"{_matches(standing.evidence)} {_verdict(standing, chosen, planned)}".strip()


def _matches(evidence: Evidence) -> str:
    documents, examples = evidence.knowledge, evidence.examples
    if documents is not None and examples is not None:
        first = f"Its documents are {_article(documents)} match ({documents:.2f})"
        second = f"{_article(examples)} one".replace("hardly a ", "hardly ")
        return f"{first} and its example questions {second} ({examples:.2f})."
    if documents is not None:
        return f"Its documents are {_article(documents)} match ({documents:.2f})."
    if examples is not None:
        return f"Its example questions are {_article(examples)} match ({examples:.2f})."
    if evidence.description is not None:
        return f"Its description is {_article(evidence.description)} match ({evidence.description:.2f})."
    return "There is nothing to choose it by."


def _verdict(standing: Standing, chosen: bool, planned: bool) -> str:
    if not standing.evidence.health:
        return "No worker runs it right now."
    if chosen:
        busy = "Its workers are busy." if standing.evidence.health < BUSY else ""
        return f"The language model chose it. {busy}".strip() if planned else busy
    if standing.evidence.breaker.state == "open":
        return f"Left out for now: {_rest(standing.evidence.breaker)}."
    if standing.strength < THRESHOLD:
        return f"That is below the threshold of {THRESHOLD:.2f}."
    return "The language model did not choose it." if planned else "Another agent fits the question better."


def _article(value: float) -> str:
    if value >= 0.6:
        return "a close"
    if value >= 0.42:
        return "a good"
    return "a partial" if value >= THRESHOLD else "hardly a"
