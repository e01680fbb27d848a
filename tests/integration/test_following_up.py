"""A conversation goes on: what was said before reaches the agents; on a real Redis."""

from pathlib import Path

import pytest

from agents import Question
from agents.answerers.scripted import ScriptedAnswerer
from orchestration import AgentOrchestrator, InvalidTask, Task, Turn
from orchestration.keys import Keys
from orchestration.messages import PlanStep, Selected, TaskResult
from orchestration.turns import last_turns
from tests.orchestration.worlds import world

ROSES = "When do I prune roses?"


async def said(
    orchestrator: AgentOrchestrator, question: str, person: str = "ada", mode: str = "council"
) -> TaskResult:
    """Ask as the chat does: with what this person's conversation told last."""
    context = await last_turns(orchestrator, person, "thread")
    asked = {"question": question, "person": person, "conversation": "thread", "context": context, "mode": mode}
    return await orchestrator.dispatch_task(Task.model_validate(asked))


async def understood(orchestrator: AgentOrchestrator, run: str, person: str = "ada") -> str:
    """As every page hears it."""
    events = [recorded.event async for recorded in orchestrator.follow(run, person=person)]
    return next(event.selection.understood for event in events if isinstance(event, Selected))


async def test_a_follow_up_reaches_the_agent_completed(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """The person's own words stay in the task; what the agent reads has its subject, and the page is told so."""
    read: list[Question] = []

    async def remember(question: Question) -> None:
        read.append(question)

    answerer = ScriptedAnswerer("In March.", before=remember)
    async with world(tmp_path, redis_url, keys.prefix, answerer=answerer) as orchestrator:
        await said(orchestrator, f"@garden {ROSES}")
        why = await said(orchestrator, "And why?")
        more = await said(orchestrator, "And in March?")

        assert [question.text for question in read[1:]] == [
            "Prune roses: why?",
            "Prune roses: and in March?",
        ]
        assert all(question.agent.name == "garden" for question in read)
        assert await understood(orchestrator, why.task) == "Prune roses: why?"
        assert (await orchestrator.task(more.task, "ada")).question == "And in March?"


async def test_a_conversation_is_one_persons(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """Another person's words in a conversation of the same name complete nothing."""
    async with world(tmp_path, redis_url, keys.prefix) as orchestrator:
        await said(orchestrator, f"@garden {ROSES}", person="ben")
        asked = await said(orchestrator, "And why?")
        assert asked.state == "nothing_found"
        assert await understood(orchestrator, asked.task) == ""


async def test_the_single_agent_follows_up_on_the_council(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """And the council on it: a conversation is one, whoever answered in it."""
    async with world(tmp_path, redis_url, keys.prefix) as orchestrator:
        await said(orchestrator, f"@garden {ROSES}")
        alone = await said(orchestrator, "And in March?", mode="single")
        assert await understood(orchestrator, alone.task) == "Prune roses: and in March?"
        again = await said(orchestrator, "And why?")
        assert await understood(orchestrator, again.task) == "Prune roses; in March: why?"


async def test_too_much_context_is_refused(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """It is stored with the task."""
    async with world(tmp_path, redis_url, keys.prefix) as orchestrator:
        for context in ((Turn(question="x" * 50_000),), (Turn(question="?"),) * 4):
            with pytest.raises(InvalidTask, match="What was said before"):
                await orchestrator.submit(Task(question=ROSES, context=context))


def test_a_step_of_an_older_program_prefers_nothing() -> None:
    """The fields that were added have defaults."""
    assert PlanStep.model_validate_json('{"id":"s1","agent":"a","question":"?"}').prefers == ()
    assert Task.model_validate_json('{"question":"?"}').context == ()
