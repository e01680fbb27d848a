"""How a person sees the plan, changes it, and lets it run: read this after the first walkthrough."""

from pathlib import Path

import pytest

from agents.answerers import ExtractiveAnswerer
from orchestration import AgentOrchestrator, Task
from orchestration.editing import EditedStep, PlanEdit, unedited
from orchestration.errors import InvalidPlan, NotAwaiting, UnknownRun
from orchestration.keys import Keys
from orchestration.messages import Answer, AnyEvent, Approved, Planned, Proposed, Selected
from tests.orchestration.worlds import events_until, kinds, world

ROSES, BREAD = "When do I prune roses?", "How long do I bake rye bread?"


async def offered(orchestrator: AgentOrchestrator, task: Task) -> Proposed:
    """The plan that the person is shown."""
    *_, event = await events_until(orchestrator.stream(task), "proposed")
    assert isinstance(event, Proposed)
    return event


async def all_events(orchestrator: AgentOrchestrator, task: Task) -> list[AnyEvent]:
    return [recorded.event async for recorded in orchestrator.follow(task.id, person=task.person)]


async def test_see_it_and_run_it_as_it_is(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """Nothing runs before the person says so; then everything goes on as if nobody had been asked."""
    async with world(tmp_path, redis_url, keys.prefix, answerer=ExtractiveAnswerer()) as orchestrator:
        task = Task(question=f"@garden {ROSES}", approval=True)
        plan = (await offered(orchestrator, task)).plan
        assert [(step.agent, step.question) for step in plan.steps] == [("garden", ROSES)]

        await orchestrator.approve(task.id, person="local")
        events = await all_events(orchestrator, task)

    assert kinds(events)[:7] == ["accepted", "selected", "proposed", "approved", "selected", "planned", "begun"]
    assert "resumed" not in kinds(events)
    end = events[-1]
    assert isinstance(end, Answer)
    assert end.result.state == "answered"
    assert "Prune roses in March" in end.result.answer


async def test_change_it(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """An agent out, another one in with a question of its own, in another order: all of it is answered and cited."""
    async with world(tmp_path, redis_url, keys.prefix, answerer=ExtractiveAnswerer()) as orchestrator:
        task = Task(question=f"@garden {ROSES}", approval=True)
        await offered(orchestrator, task)
        steps = (
            EditedStep(agent="kitchen", question=BREAD),
            EditedStep(agent="garden", question="How much water do roses want?", after=(1,)),
        )
        await orchestrator.approve(task.id, PlanEdit(steps=steps), person="local")
        events = await all_events(orchestrator, task)

    approved = next(event for event in events if isinstance(event, Approved))
    assert (approved.person, approved.edited) == ("local", True)
    plan = next(event for event in events if isinstance(event, Planned)).plan
    assert [(s.id, s.agent, s.part, s.depends_on) for s in plan.steps] == [
        ("s1", "kitchen", 0, ()),
        ("s2", "garden", 1, ("s1",)),
    ]
    selection = [event.selection for event in events if isinstance(event, Selected)][-1]
    assert [part.heading for part in selection.parts] == [BREAD, "How much water do roses want?"]
    end = events[-1]
    assert isinstance(end, Answer)
    bread, _, roses = end.result.answer.partition("**How much water do roses want?**")
    assert "fifty minutes" in bread
    assert "ten litres of water" in roses
    assert end.result.citations[0].agent == "kitchen"
    assert end.result.contributed == ("kitchen", "garden")
    started = [event.step for event in events if event.kind in ("started", "finished")]
    assert started == ["s1", "s1", "s2", "s2"]


async def test_a_plan_that_cannot_run_says_why_and_waits_on(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """Nothing of it is written; the next try may be better."""
    async with world(tmp_path, redis_url, keys.prefix) as orchestrator:
        task = Task(question=f"@garden {ROSES}", approval=True)
        await offered(orchestrator, task)
        with pytest.raises(InvalidPlan, match="The plan is empty"):
            await orchestrator.approve(task.id, PlanEdit(steps=()), person="local")
        assert kinds(await events_until(orchestrator.follow(task.id, person="local"), "proposed"))[-1] == "proposed"
        await orchestrator.approve(task.id, person="local")
        assert (await all_events(orchestrator, task))[-1].kind == "answer"


async def test_it_is_approved_once_and_by_whoever_asked(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """A second approval is refused with a sentence, and so is one of a run that is over; others know of no such run."""
    async with world(tmp_path, redis_url, keys.prefix) as orchestrator:
        task, stopped = (Task(question=f"@garden {ROSES}", person="ada", approval=True) for _ in range(2))
        plan = (await offered(orchestrator, task)).plan
        with pytest.raises(UnknownRun):
            await orchestrator.approve(task.id, person="bob")
        await orchestrator.approve(task.id, unedited(plan), person="ada")
        with pytest.raises(NotAwaiting, match="approved already"):
            await orchestrator.approve(task.id, person="ada")

        await offered(orchestrator, stopped)
        assert await orchestrator.cancel(stopped.id, person="ada")
        with pytest.raises(NotAwaiting, match="is over"):
            await orchestrator.approve(stopped.id, person="ada")
        events = await all_events(orchestrator, task)
    approved = [event for event in events if isinstance(event, Approved)]
    assert [event.edited for event in approved] == [False]


async def test_the_single_agent_does_not_ask(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """It makes no plan; it says so, and answers."""
    async with world(tmp_path, redis_url, keys.prefix, answerer=ExtractiveAnswerer()) as orchestrator:
        task = Task(question=BREAD, mode="single", approval=True)
        events = [recorded.event async for recorded in orchestrator.stream(task)]
        with pytest.raises(NotAwaiting, match="makes no plan"):
            await orchestrator.approve(task.id, person="local")
    assert kinds(events)[:4] == ["accepted", "preparing", "selected", "planned"]
    assert events[-1].kind == "answer"
