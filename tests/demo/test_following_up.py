"""Conversations over the demo documents, with the real model: follow-ups are understood, new topics left alone."""

from collections.abc import Mapping

import pytest

from agents import load_catalog
from orchestration import AgentOrchestrator, Task, TaskResult
from orchestration.presence import AgentHealth
from orchestration.selector import Selector
from orchestration.turns import last_turns
from tests.follow_ups import FOLLOW_UPS, HELD_OUT, HELD_OUT_TOPICS, NEW_TOPICS, FollowUp

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def said(council: AgentOrchestrator, question: str, conversation: str) -> TaskResult:
    """Ask as the chat does: with what the conversation told last."""
    context = await last_turns(council, "local", conversation)
    return await council.dispatch_task(Task(question=question, conversation=conversation, context=context))


async def talked(council: AgentOrchestrator, pair: FollowUp) -> TaskResult:
    """The answer to the follow-up, after the whole conversation before it."""
    conversation = " / ".join((*pair.before, pair.question))
    for question in pair.before:
        await said(council, question, conversation)
    return await said(council, pair.question, conversation)


def is_right(result: TaskResult, pair: FollowUp) -> bool:
    """Whether the first statement of the answer is the right agent's, from the right document."""
    if result.state != "answered":
        return False
    first = result.citations[0].passage
    return (first.base, first.source) == (pair.agent, pair.document)


async def test_a_follow_up_is_answered_from_the_right_document(council: AgentOrchestrator) -> None:
    """Nearly all of them; without the conversation only some, whose words happen to name their subject."""
    pairs = FOLLOW_UPS + HELD_OUT
    wrong = [pair.question for pair in pairs if not is_right(await talked(council, pair), pair)]
    alone = [p.question for p in pairs if is_right(await council.dispatch_task(Task(question=p.question)), p)]
    assert len(wrong) <= 4, wrong
    assert len(alone) <= len(pairs) // 2, alone


async def test_a_new_topic_is_chosen_for_as_if_nothing_had_been_said(council: AgentOrchestrator) -> None:
    """To the last figure, so that it is answered the same, too."""

    async def healthy() -> Mapping[str, AgentHealth]:
        return {name: AgentHealth(name, workers=1, slots=1, free=1) for name in load_catalog()}

    selector = Selector(load_catalog(), council.knowledge, healthy, clock=lambda: 0.0)
    for before, question in NEW_TOPICS + HELD_OUT_TOPICS:
        await said(council, before, f"{before} / {question}")
        context = await last_turns(council, "local", f"{before} / {question}")
        assert context, before
        alone = await selector.select(Task(question=question))
        assert await selector.select(Task(question=question, context=context)) == alone, question
