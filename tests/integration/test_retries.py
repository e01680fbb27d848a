"""An attempt that fails is repeated, after a pause and a few times at most."""

from pathlib import Path

import pytest

from agents import AgentError, Question
from agents.answerers.scripted import ScriptedAnswerer
from orchestration import Task, backoff
from orchestration.backoff import FIRST_SECONDS, MOST_RETRIES
from orchestration.keys import Keys
from orchestration.messages import Answer, Retrying
from tests.orchestration.worlds import kinds, world


def failing(times: int) -> ScriptedAnswerer:
    """An answerer whose first attempts fail."""
    left = times

    async def fail(question: Question) -> None:
        nonlocal left
        if left:
            left -= 1
            raise AgentError("The shears are blunt.")

    return ScriptedAnswerer("All pruned.", before=fail)


async def test_a_failed_attempt_is_repeated(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """The person sees why and how long it takes, and the answer of the second attempt."""
    async with world(tmp_path, redis_url, keys.prefix, answerer=failing(1)) as orchestrator:
        events = [r.event async for r in orchestrator.stream(Task(question="@garden Ready?"))]

    (retrying,) = [event for event in events if isinstance(event, Retrying)]
    assert retrying.reason == "The shears are blunt."
    assert FIRST_SECONDS / 2 <= retrying.seconds <= FIRST_SECONDS
    order = [kind for kind in kinds(events) if kind in ("started", "retrying", "restarted", "finished", "failed")]
    assert order == ["started", "retrying", "restarted", "finished"]
    assert isinstance(events[-1], Answer)
    assert events[-1].result.state == "answered"
    assert not [event for event in events[: events.index(retrying)] if event.kind == "token" and event.attempt > 1]


async def test_after_the_last_attempt_the_step_has_failed(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """With longer pauses each time; its own reason is what the person reads."""
    async with world(tmp_path, redis_url, keys.prefix, answerer=failing(100)) as orchestrator:
        events = [r.event async for r in orchestrator.stream(Task(question="@garden Ready?"))]

    pauses = [event.seconds for event in events if isinstance(event, Retrying)]
    assert len(pauses) == MOST_RETRIES
    assert all(FIRST_SECONDS * 2**n / 2 <= pause <= FIRST_SECONDS * 2**n for n, pause in enumerate(pauses))
    assert (kinds(events).count("restarted"), kinds(events).count("failed")) == (MOST_RETRIES, 1)
    assert isinstance(events[-1], Answer)
    assert (events[-1].result.state, events[-1].result.reason) == ("failed", "The shears are blunt.")


async def test_there_is_no_further_attempt_when_there_is_no_time(
    tmp_path: Path, redis_url: str, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step that would be repeated after the run's deadline fails at once, with its own reason."""
    for name in ("FIRST_SECONDS", "MOST_SECONDS"):
        monkeypatch.setattr(backoff, name, 10_000.0)
    async with world(tmp_path, redis_url, keys.prefix, answerer=failing(100), step_seconds=20_000) as orchestrator:
        events = [r.event async for r in orchestrator.stream(Task(question="@garden Ready?"))]

    assert "retrying" not in kinds(events)
    assert isinstance(events[-1], Answer)
    assert (events[-1].result.state, events[-1].result.reason) == ("failed", "The shears are blunt.")
