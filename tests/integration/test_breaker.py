"""An agent that fails again and again is left out for a while."""

from pathlib import Path

from redis.asyncio import Redis as AsyncRedis

from agents import AgentError, Question
from agents.answerers.scripted import ScriptedAnswerer
from orchestration import AgentOrchestrator, Task
from orchestration.breaker import FAILURES
from orchestration.keys import Keys
from orchestration.messages import AgentScore, Answer, AnyEvent, Selected
from tests.orchestration.waiting import eventually
from tests.orchestration.worlds import world

ROSES = "When do I prune roses, and how much water do roses want each week?"
"""A question for the gardener, without naming it."""


async def state(orchestrator: AgentOrchestrator) -> str:
    return (await orchestrator.health())["garden"].breaker.state


def gardener(events: list[AnyEvent]) -> AgentScore:
    """How the gardener stood in the selection."""
    selected = next(event for event in events if isinstance(event, Selected))
    return next(agent for agent in selected.selection.parts[0].agents if agent.agent == "garden")


async def test_an_agent_that_keeps_failing_is_left_out_and_tried_again(
    tmp_path: Path, redis_url: str, keys: Keys
) -> None:
    """Left out and said so; called by name it is asked all the same; after its rest one success forgives it."""
    well = False

    async def be_ill(question: Question) -> None:
        if question.agent.name == "garden" and not well:
            raise AgentError("It is ill.")

    async with world(tmp_path, redis_url, keys.prefix, answerer=ScriptedAnswerer(before=be_ill)) as orchestrator:
        assert orchestrator.connections is not None
        redis = orchestrator.connections.commands

        async def ask(question: str) -> list[AnyEvent]:
            return [r.event async for r in orchestrator.stream(Task(question=question))]

        assert gardener(await ask(ROSES)).chosen
        while int(await redis.hget(keys.breaker("garden"), "failures") or 0) < FAILURES:
            await ask("@garden Well again?")
        await eventually(lambda: _is(orchestrator, "open"), "the breaker is open for everybody")

        events = await ask(ROSES)
        assert not gardener(events).chosen
        assert "times in a row and is asked again in" in gardener(events).left_out
        assert isinstance(events[-1], Answer)
        assert "Gardener" in events[-1].result.answer

        assert gardener(await ask("@garden Roses?")).chosen
        assert await state(orchestrator) == "open"

        # An outcome is counted at leisure, which may be after the answer; it would shut the breaker again.
        await eventually(lambda: _is_empty(redis, keys.tasks("garden")), "every failure is counted")
        await redis.hset(keys.breaker("garden"), "until", 1)
        await eventually(lambda: _is(orchestrator, "half_open"), "its rest is over")
        well = True
        events = await ask(ROSES)
        assert gardener(events).chosen
        assert isinstance(events[-1], Answer)
        assert events[-1].result.state == "answered"
        await eventually(lambda: _is(orchestrator, "closed"), "it is forgiven")


async def _is_empty(redis: AsyncRedis, stream: str) -> bool:
    return int(await redis.xlen(stream)) == 0


async def _is(orchestrator: AgentOrchestrator, wanted: str) -> bool:
    return await state(orchestrator) == wanted
