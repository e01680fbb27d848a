"""How Roundtable is used from Python: read this first."""

from pathlib import Path

from agents.answerers import ExtractiveAnswerer
from orchestration import Task
from orchestration.keys import Keys
from orchestration.messages import Answer, Planned, Selected
from tests.orchestration.worlds import world

TWO_FIELDS = "@garden @kitchen When do I prune roses, and how long do I bake rye bread?"


async def test_ask_and_wait(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """A task goes in, one result comes out; its answer quotes the documents and cites them."""
    async with world(tmp_path, redis_url, keys.prefix, answerer=ExtractiveAnswerer()) as orchestrator:
        result = await orchestrator.dispatch_task(Task(question="@garden When do I prune roses?"))

    assert result.state == "answered"
    assert "Prune roses in March, when the forsythia blooms." in result.answer
    assert result.citations[0].passage.source == "garden.md"
    assert result.contributed == ("garden",)


async def test_watch_it_happen(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """Everything that a person sees is an event of the run: who was selected, the plan, each step, the answer."""
    async with world(tmp_path, redis_url, keys.prefix, answerer=ExtractiveAnswerer()) as orchestrator:
        events = [recorded.event async for recorded in orchestrator.stream(Task(question=TWO_FIELDS))]

    seen = [event.kind for event in events]
    assert seen[:3] == ["accepted", "selected", "planned"]
    assert seen[-1] == "answer"
    assert seen.count("started") == seen.count("finished") == 4
    selected = next(event for event in events if isinstance(event, Selected))
    assert {agent.agent for agent in selected.selection.chosen()} == {"garden", "kitchen"}
    plan = next(event for event in events if isinstance(event, Planned)).plan
    assert {step.question for step in plan.steps} == {"When do I prune roses?", "How long do I bake rye bread?"}


async def test_read_it_again(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """A second reader sees the same run from the start, and one that was there before goes on where it was."""
    async with world(tmp_path, redis_url, keys.prefix) as orchestrator:
        task = Task(question="@garden When do I prune roses?")
        first = [recorded async for recorded in orchestrator.stream(task)]
        again = [recorded async for recorded in orchestrator.follow(task.id, person="local")]
        rest = [recorded async for recorded in orchestrator.follow(task.id, person="local", after=first[2].id)]

    superseded = {"token"}
    assert [r for r in again if r.event.kind not in superseded] == [r for r in first if r.event.kind not in superseded]
    assert [r.id for r in rest] == [r.id for r in again if r.id in {f.id for f in first[3:]}]


async def test_ask_the_single_agent(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """The rollback answers from all the knowledge, without Redis, and its events are the same."""
    async with world(tmp_path, redis_url, keys.prefix, answerer=ExtractiveAnswerer()) as orchestrator:
        task = Task(question="How long do I bake rye bread?", mode="single")
        events = [recorded.event async for recorded in orchestrator.stream(task)]

    assert [event.kind for event in events][:4] == ["accepted", "selected", "planned", "started"]
    end = events[-1]
    assert isinstance(end, Answer)
    assert "fifty minutes" in end.result.answer
    assert end.result.mode == "single"
