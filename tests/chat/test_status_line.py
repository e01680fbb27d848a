"""The line at the top of a run: what is going on now, and in the end how it ended."""

import asyncio
from collections.abc import Mapping

import pytest

from chat.status_line import status_line
from chat.story import Story, tell
from chat.usual import FRESH_SECONDS, Usual
from chat.words import ENGLISH
from orchestration.errors import EngineUnavailable
from orchestration.messages import AnyEvent, PlanStep, RunState
from orchestration.presence import AgentHealth
from tests.chat.events import (
    RUN,
    TITLES,
    accepted,
    aggregating,
    answer,
    answer_token,
    approved,
    begun,
    finished,
    planned,
    proposed,
    recorded,
    retrying,
    selected,
    started,
    token,
    waiting,
)
from tests.chat.scripted import ScriptedOrchestrator

BOTH = (
    PlanStep(id="s1", agent="operations", question="How?"),
    PlanStep(id="s2", agent="security", question="Who?"),
    PlanStep(id="s3", agent="security", question="When?"),
)
PLANNED = (selected("operations", "security"), planned(*BOTH))
AT_WORK = (*PLANNED, started(BOTH[0]), started(BOTH[1]))


def line(*events: AnyEvent, usual: dict[str, float] | None = None, **task: object) -> str:
    story = Story(RUN)
    for event in recorded(accepted(**task), *events):  # type: ignore[arg-type]
        story = tell(story, event)
    return status_line(story, TITLES, usual or {}, ENGLISH)


def test_it_says_what_is_going_on_now() -> None:
    """From the question to the answer."""
    assert line() == "Choosing agents"
    assert line(mode="single") == "Looking through all documents"
    assert line(waiting(3, 8.0)) == "Waiting: 3 questions are ahead of yours, about 8 s"
    assert line(waiting(3, 8.0), begun()) == "Choosing agents"
    assert line(*PLANNED) == "Waiting for Operations and Security to begin"
    assert line(selected("operations", "security"), planned()) == "Waiting for Operations to begin"
    assert line(*AT_WORK) == "Operations and Security are at work"
    assert line(*AT_WORK, finished(BOTH[0])) == "Security is at work"
    assert line(*AT_WORK, token(BOTH[0], "Stop ")) == "Operations and Security are at work"
    assert line(*AT_WORK, token(BOTH[0], "Stop "), token(BOTH[1], "No")) == "Operations and Security are writing"
    together: tuple[AnyEvent, ...] = (*PLANNED, *(finished(step) for step in BOTH), aggregating(3, 3))
    assert line(*together, answer_token("Stop ")) == "Writing the answer"
    assert line(*PLANNED, started(BOTH[0]), finished(BOTH[1]), finished(BOTH[2]), retrying(BOTH[0])) == (
        "Waiting for Operations to begin again"
    )
    assert line(*PLANNED, *(finished(step) for step in BOTH), aggregating(3, 3)) == "Putting it together"


def test_of_many_steps_it_is_said_how_many_are_done() -> None:
    """Behind who is at work, or is to begin; a few can be seen at a glance."""
    many = tuple(PlanStep(id=f"s{n}", agent="security", question=f"{n}?") for n in range(20))
    begun_with = (selected("security"), planned(*many))
    ended = [finished(step) for step in many[:7]]
    assert line(*begun_with, *ended) == "Waiting for Security to begin; 7 of 20 steps done"
    assert line(*begun_with, *ended, started(many[9]), usual={"security": 2.0}) == (
        "Security is at work (usually 2.0 s); 7 of 20 steps done"
    )


def test_it_waits_for_the_person_and_for_a_place_after_that() -> None:
    """A plan that is to be approved."""
    asked = (selected("operations", "security"), proposed())
    assert line(*asked) == "Waiting for your approval"
    assert line(*asked, approved(), planned(), waiting(1)) == "Waiting: 1 question is ahead of yours"
    assert line(*asked, answer("cancelled")) == "Ended before the plan was approved"


def test_how_long_it_usually_takes_is_what_was_measured() -> None:
    """The slowest of those at work; nothing where nothing is known of one of them."""
    assert line(*AT_WORK, usual={"operations": 0.3, "security": 2.04}) == (
        "Operations and Security are at work (usually 2.0 s)"
    )
    assert line(*AT_WORK, usual={"operations": 0.3}) == "Operations and Security are at work"
    both = (*PLANNED, started(BOTH[1]), started(BOTH[2]))
    assert line(*both, usual={"security": 0.3}) == "Security is at work (usually 300 ms a step)"


def test_many_agents_are_counted() -> None:
    """A line stays a line."""
    steps = [PlanStep(id=f"s{n}", agent=f"agent{n}", question="How?") for n in range(9)]
    said = line(selected("operations"), planned(*steps), *(started(step) for step in steps))
    assert said == "Agent0, Agent1 and 7 other agents are at work; 0 of 9 steps done"


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("answered", "Answered in 3.0 s by 2 agents"),
        ("nothing_found", "Nothing found in 3.0 s"),
        ("cancelled", "Stopped after 3.0 s"),
        ("expired", "Out of time after 3.0 s"),
        ("failed", "Without an answer after 3.0 s"),
    ],
)
def test_in_the_end_it_says_how(state: RunState, said: str) -> None:
    """And how long it took."""
    assert line(*AT_WORK, answer(state)) == said


def test_a_wait_and_a_missing_agent_are_named_in_the_end() -> None:
    """They are why it took so long, or is not all."""
    assert line(waiting(2), begun(), *AT_WORK, answer()) == (
        "Answered in 3.0 s by 2 agents, 1.0 s of it waiting for a place"
    )
    ending = answer()
    changed = ending.result.model_copy(update={"contributed": ("operations",), "missing": ("security",)})
    assert line(*AT_WORK, ending.model_copy(update={"result": changed})) == "Answered in 3.0 s by 1 of 2 agents"
    assert line(answer(), mode="single") == "Answered in 3.0 s by the single agent"


async def test_windows_that_are_opened_together_are_told_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is usual is asked for once, and whoever comes meanwhile waits for it as well."""
    orchestrator, told = ScriptedOrchestrator(), asyncio.Event()
    healthy = {"security": AgentHealth("security", answered=3, median_seconds=0.4)}
    asked: list[None] = []

    async def health() -> Mapping[str, AgentHealth]:
        asked.append(None)
        await told.wait()
        return healthy

    monkeypatch.setattr(orchestrator, "health", health)
    usual = Usual(orchestrator)
    windows = [asyncio.create_task(usual.medians()) for _ in range(3)]
    await asyncio.sleep(0)  # They begin.
    told.set()
    assert await asyncio.gather(*windows) == [{"security": 0.4}] * 3
    assert len(asked) == 1


async def test_what_is_usual_is_asked_for_every_few_seconds_only() -> None:
    """However many windows want to know; while it cannot be told, nothing is said."""
    now, orchestrator = [0.0], ScriptedOrchestrator()
    orchestrator.agents = {
        "security": AgentHealth("security", answered=3, median_seconds=0.4), "product": AgentHealth("product")
    }  # fmt: skip
    usual = Usual(orchestrator, clock=lambda: now[0])
    assert await usual.medians() == {"security": 0.4}
    orchestrator.agents = EngineUnavailable("Redis does not answer.")
    assert await usual.medians() == {"security": 0.4}
    now[0] = FRESH_SECONDS
    assert await usual.medians() == {}
