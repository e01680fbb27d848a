"""Chooses the agents for each part of a question, without a language model.

Scores come from several criteria; their weights stand in WEIGHTS and every score is kept for the person to see.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents import Agent, AgentRegistry
from orchestration.messages import AgentScore, PartSelection
from orchestration.splitting import Part

WEIGHTS: Mapping[str, float] = {
    "knowledge": 0.50,
    "examples": 0.30,
    "description": 0.10,
    "health": 0.05,
    "precedence": 0.05,
}
"""What each criterion counts; a criterion that does not apply to an agent leaves its weight to the others."""
THRESHOLD = 0.34
"""Below this an agent has nothing to say on a question."""
MARGIN = 0.045
"""A second agent is asked when it is this near to the best."""
MOST_PER_PART = 2

_MENTION = re.compile(r"(?<![\w@])@([A-Za-z][\w-]*)")


@dataclass(frozen=True)
class Evidence:
    """What speaks for one agent on one part; each 0 to 1, None where it does not apply."""

    knowledge: float | None
    examples: float | None
    description: float | None
    health: float = 1.0


def mentions(question: str, registry: AgentRegistry) -> tuple[list[str], list[str]]:
    """Agents that the question calls by name ("@security", "ask security ..."), and names that nobody has."""
    called, unknown = [], []
    for name in _MENTION.findall(question):
        (called if name.lower() in registry else unknown).append(name.lower())
    spoken = re.match(r"\s*(?:hey|ask|summon)\s+(?:the\s+)?([A-Za-z][\w-]*)\b", question, re.IGNORECASE)
    if spoken and spoken[1].lower() in registry:
        called.append(spoken[1].lower())
    return list(dict.fromkeys(called)), unknown


def without_mentions(question: str) -> str:
    """The question as an agent should read it."""
    return " ".join(_MENTION.sub("", question).split()) or question


def score(agent: Agent, evidence: Evidence, called: bool) -> tuple[float, dict[str, float]]:
    """An agent's weighted score and the score of each criterion."""
    scores = {
        "knowledge": evidence.knowledge,
        "examples": evidence.examples,
        "description": evidence.description,
        "health": evidence.health,
        "precedence": agent.precedence / 100,
    }
    known = {name: max(0.0, min(1.0, value)) for name, value in scores.items() if value is not None}
    weight = sum(WEIGHTS[name] for name in known)
    total = sum(WEIGHTS[name] * value for name, value in known.items()) / weight
    if called:
        return 1.0, {"mention": 1.0, **known}
    return total, {"mention": 0.0, **known}


def select_part(
    part: Part,
    registry: AgentRegistry,
    evidence: Mapping[str, Evidence],
    called: Sequence[str] = (),
    *,
    vector: str = "",
    most: int = MOST_PER_PART,
) -> PartSelection:
    """Rank the agents for one part and choose among them; those that were called by name are always chosen."""
    ranked = []
    for name, agent in registry.items():
        total, scores = score(agent, evidence[name], name in called)
        ranked.append((total, agent, scores))
    ranked.sort(key=lambda item: (-item[0], -item[1].precedence, item[1].name))
    best = max((total for total, a, _ in ranked if evidence[a.name].health), default=0.0)
    chosen: set[str] = set(called)
    if not chosen:
        able = [
            a.name
            for total, a, _ in ranked
            if evidence[a.name].health and total >= THRESHOLD and total >= best - MARGIN
        ]
        chosen = set(able[:most])
    return PartSelection(
        question=part.question,
        heading=part.heading,
        builds_on=part.builds_on,
        vector=vector,
        agents=tuple(
            AgentScore(
                agent=agent.name,
                score=round(total, 4),
                scores={name: round(value, 4) for name, value in scores.items()},
                reason=_reason(scores, total, agent.name in chosen),
                chosen=agent.name in chosen,
            )
            for total, agent, scores in ranked
        ),
    )


def _reason(scores: Mapping[str, float], total: float, chosen: bool) -> str:
    if scores["mention"]:
        return "You asked for it by name."
    said = []
    if "knowledge" in scores:
        said.append(f"its documents {_in_words(scores['knowledge'])} ({scores['knowledge']:.2f})")
    if "examples" in scores:
        said.append(f"questions it is meant for {_in_words(scores['examples'])} ({scores['examples']:.2f})")
    if "description" in scores:
        said.append(f"its field {_in_words(scores['description'])} ({scores['description']:.2f})")
    text = "; ".join(said)
    text = text[:1].upper() + text[1:] + "."
    if not scores["health"]:
        text += " No worker runs it right now."
    elif scores["health"] < 0.5:
        text += " Its workers are busy."
    if not chosen and total < THRESHOLD:
        text += f" Below the threshold of {THRESHOLD:.2f}."
    elif not chosen:
        text += " Others are nearer."
    return text


def _in_words(value: float) -> str:
    if value >= 0.65:
        return "match closely"
    if value >= 0.5:
        return "match well"
    if value >= THRESHOLD:
        return "match partly"
    return "hardly match"
