"""What is asked in the experiment, and what a question tells the agent that gets it to do."""

import re
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from orchestration.messages import Task

AGENTS = ("north", "east", "south")
"""Those of benchmarks/coordination.py: they know nothing, so that only coordination is left."""
PERSONS = 5


class Trick(StrEnum):
    """What a step does instead of answering."""

    KILLS = "kills"
    """Its worker dies, each time."""
    FAILS_ONCE = "fails-once"
    FAILS = "fails"
    """It fails each time."""


@dataclass(frozen=True)
class Mix:
    """How many tasks have a step with a trick."""

    poison: int
    fails_once: int
    fails: int


def mix(tasks: int) -> Mix:
    """A few of each: every poisoned step costs several workers."""
    return Mix(poison=max(1, tasks // 250), fails_once=max(1, tasks // 50), fails=max(1, tasks // 100))


def make_tasks(count: int, random: Random) -> list[Task]:
    """Tasks for one, two or three agents; some have a second part that waits for the first."""
    wanted = mix(count)
    tricks: list[Trick | None] = [
        *[Trick.KILLS] * wanted.poison,
        *[Trick.FAILS_ONCE] * wanted.fails_once,
        *[Trick.FAILS] * wanted.fails,
    ]
    tricks += [None] * (count - len(tricks))
    random.shuffle(tricks)
    return [_task(number, trick, random) for number, trick in enumerate(tricks[:count])]


def _task(number: int, trick: Trick | None, random: Random) -> Task:
    agents = random.sample(AGENTS, random.randint(1, len(AGENTS)))
    calls = " ".join(f"@{agent}" for agent in agents)
    aside = f" ({random.choice(agents)}:{trick})" if trick else ""
    question = f"{calls} What is the wind in report {number}{aside}?"
    if random.random() < 0.2:
        question += f" Which of them is stronger in report {number}?"
    return Task(id=f"{number:05d}{random.randbytes(4).hex()}", question=question, person=f"person-{number % PERSONS}")


def trick_for(agent: str, text: str) -> Trick | None:
    """What a step's text tells this agent to do instead of answering."""
    told = re.search(rf"\({agent}:([a-z-]+)\)", text)
    return Trick(told[1]) if told else None
