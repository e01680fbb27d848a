"""Asks the product's own selector, for agents that a set brings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents import AgentRegistry
from evaluation.result import Tell
from orchestration.messages import Selection, Task
from orchestration.presence import AgentHealth
from orchestration.selector import Selector, Shelf

_TOLD = 50


@dataclass(frozen=True)
class Choice:
    """What the selection said to one question."""

    chosen: tuple[str, ...]
    best: str
    """The agent with the highest score, chosen or not."""
    score: float
    """Its score: the selection's best evidence."""


async def choices(
    questions: Sequence[str], registry: AgentRegistry, shelf: Shelf, tell: Tell, what: str, *, count: int | None = None
) -> list[Choice]:
    """A choice for each question, in order; `count` asks for exactly so many agents."""

    async def all_healthy() -> Mapping[str, AgentHealth]:
        return {name: AgentHealth(name, workers=1, slots=1, free=1) for name in registry}

    selector = Selector(registry, shelf, all_healthy)
    made = []
    for number, question in enumerate(questions):
        if number % _TOLD == 0:
            tell(f"{what}: {number} of {len(questions)}")
        # The id and the time are given, so that nothing differs between two measurements.
        task = Task(id=str(number), question=question, asked_at=0.0)
        made.append(_choice(await selector.select(task, count)))
    return made


def _choice(selection: Selection) -> Choice:
    scored = [agent for part in selection.parts for agent in part.agents]
    best = max(scored, key=lambda agent: agent.score)
    return Choice(tuple(agent.agent for agent in selection.chosen()), best.agent, best.score)
