"""Whole runs in which a language model plans, answers and writes; on a real Redis."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from agents import Budget
from agents.models import NO_MODEL
from agents.usage import estimated_tokens
from orchestration import AgentOrchestrator, Task, brake, open_single
from orchestration.brake import Halt
from orchestration.editing import PlanEdit
from orchestration.keys import Keys
from orchestration.messages import (
    Answer,
    AnyEvent,
    Failed,
    Finished,
    Planned,
    Proposed,
    Selected,
    StepResult,
    TaskResult,
    Token,
)
from tests.orchestration.speaking import (
    COMPLETED,
    PRUNED,
    QUESTION,
    SILENCES,
    TOKENS,
    FailingModel,
    Speaker,
    plan,
    reads,
    speaker,
)
from tests.orchestration.waiting import PATIENCE_SECONDS
from tests.orchestration.worlds import events_until, index_once, registry, settings, world


async def events_of(orchestrator: AgentOrchestrator, task: Task) -> list[AnyEvent]:
    return [recorded.event async for recorded in orchestrator.follow(task.id, person=task.person)]


def result_of(events: Sequence[AnyEvent]) -> TaskResult:
    assert isinstance(events[-1], Answer)
    return events[-1].result


def results(events: Sequence[AnyEvent]) -> dict[str, StepResult]:
    return {event.step: event.result for event in events if isinstance(event, Finished | Failed)}


def calls(result: TaskResult) -> int:
    return sum(usage.calls for usage in result.usage)


async def test_a_model_plans_answers_and_writes(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """The later step is asked with what the earlier one found; all that was spent is summed up."""
    model = speaker()
    async with world(tmp_path, redis_url, keys.prefix, models=model.models()) as orchestrator:
        task = Task(question=QUESTION)
        await orchestrator.submit(task)
        events = await events_of(orchestrator, task)

    (selected,) = [event.selection for event in events if isinstance(event, Selected)]
    assert selected.planned_by == model.name
    assert [part.needs for part in selected.parts] == [(), (0,), ()]
    assert selected.parts[0].agents[0].reason.endswith("The language model chose it.")
    (planned,) = [event.plan for event in events if isinstance(event, Planned)]
    assert [(step.agent, step.depends_on) for step in planned.steps] == [
        ("garden", ()),
        ("kitchen", ("s1",)),
        ("kitchen", ()),
    ]
    found = results(events)
    assert PRUNED.removesuffix(".") in found["s1"].text
    assert f"Asked as: {COMPLETED}" in found["s2"].reasoning
    assert {claim.support for step in found.values() for claim in step.claims} == {"supported"}

    end = result_of(events)
    assert (end.state, end.notes, end.missing) == ("answered", (), ())
    assert set(end.contributed) == {"garden", "kitchen"}
    assert "in March" in end.answer
    assert "fifty minutes" in end.answer
    assert sorted(model.asked_for) == sorted(["plan", "answer", "complete", "answer", "answer", "write"])
    (usage,) = end.usage
    assert (usage.model, usage.calls, usage.tokens_in, usage.tokens_out) == (model.name, 6, 6 * TOKENS, 6 * TOKENS)


async def test_what_a_model_writes_is_seen_while_it_comes(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """Its first word is on the page before it has said the second."""
    model = speaker(silent="You write the one answer")
    async with world(tmp_path, redis_url, keys.prefix, models=model.models()) as orchestrator:
        task = Task(question=QUESTION)
        await orchestrator.submit(task)
        seen = ""
        async for recorded in orchestrator.follow(task.id, person="local"):
            if isinstance(recorded.event, Token) and not recorded.event.step:
                seen = recorded.event.text
                await orchestrator.cancel(task.id, person="local")
            end = recorded.event
    assert seen == "Prune"
    assert isinstance(end, Answer)
    (usage,) = end.result.usage
    assert (usage.calls, usage.estimated) == (6, True), "what was spent until then is told, and that call estimated"
    assert usage.tokens_in > 5 * TOKENS


@pytest.mark.parametrize("single", [False, True])
async def test_a_model_that_fails_costs_no_answer(tmp_path: Path, redis_url: str, keys: Keys, single: bool) -> None:
    """The same as without any, to the last byte; and it is said once for each thing that was done without it."""
    task = Task(id="run", question=QUESTION, mode="single" if single else "council")
    model = FailingModel()
    async with world(tmp_path / "a", redis_url, f"{keys.prefix}a", models=model.models()) as orchestrator:
        without = await orchestrator.dispatch_task(task.model_copy(update={"model": NO_MODEL}))
    async with world(tmp_path / "b", redis_url, f"{keys.prefix}b", models=model.models()) as orchestrator:
        failing = await orchestrator.dispatch_task(task)

    assert failing.state == without.state == "answered"
    assert (failing.answer, failing.citations) == (without.answer, without.citations)
    assert (without.usage, without.notes) == ((), ())
    kinds = {"planned_without_model", "answered_without_model", "written_without_model"}
    assert sorted(note.kind for note in failing.notes) == sorted(kinds)
    assert {(note.model, note.why) for note in failing.notes} == {(model.name, "unreachable")}


async def test_the_single_agent_does_the_same_without_redis(tmp_path: Path) -> None:
    """One agent over all the knowledge, with the same model; a later part has what an earlier one found."""
    divided = plan(("When do I prune roses?", ["single_agent"], []), ("Which bread then?", ["single_agent"], [1]))
    model = Speaker({"plan": divided, "complete": COMPLETED, "answer": reads, "write": reads})
    await index_once(tmp_path)
    opening = open_single(settings(tmp_path, ""), registry=registry(tmp_path), models=model.models())
    async with opening as orchestrator:
        assert orchestrator.knowledge is not None
        await orchestrator.knowledge.wait_ready()
        result = await orchestrator.dispatch_task(Task(question=QUESTION, mode="single"))

    assert (result.state, result.notes) == ("answered", ())
    assert "in March" in result.answer
    assert [step.question for step in result.steps] == ["When do I prune roses?", "Which bread then?"]
    assert f"Asked as: {COMPLETED}" in result.steps[1].reasoning
    assert model.asked_for == ["plan", "answer", "complete", "answer", "write"]
    assert calls(result) == 5


@pytest.mark.parametrize("silent", ["You plan how", "You are Single agent", "You write the one answer"])
async def test_stop_closes_the_single_agents_stream(tmp_path: Path, silent: str) -> None:
    model = Speaker(
        {"plan": plan(("When?", ["single_agent"], []), ("Which bread?", ["single_agent"], [])), "answer": reads,
         "write": reads}, silent=silent,
    )  # fmt: skip
    await index_once(tmp_path)
    opening = open_single(settings(tmp_path, ""), registry=registry(tmp_path), models=model.models())
    async with opening as orchestrator:
        assert orchestrator.knowledge is not None
        await orchestrator.knowledge.wait_ready()
        task = Task(question="How are roses and rye bread best treated in March?", mode="single")
        await orchestrator.submit(task)
        await model.began.wait()
        assert await orchestrator.cancel(task.id, person="local")
        assert model.closed.is_set()
        end = result_of(await events_of(orchestrator, task))
    assert end.state == "cancelled"
    assert calls(end) == len(model.prompts), "what it cost is told, the call that was broken off included"


async def test_a_slow_model_holds_up_nobody_else(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """The gardener is done while the baker's model is silent."""
    model = speaker(silent="You are Baker")
    async with world(tmp_path, redis_url, keys.prefix, models=model.models()) as orchestrator:
        task = Task(question="@garden @kitchen When is it done?")
        await orchestrator.submit(task)
        events = await events_until(orchestrator.follow(task.id, person="local"), "finished")
        await model.began.wait()
        assert not model.closed.is_set()
        await orchestrator.cancel(task.id, person="local")
    assert isinstance(events[-1], Finished)
    assert events[-1].result.agent == "garden"


async def test_an_agent_whose_model_is_silent_answers_without_it(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """In the time that its step has."""
    model = speaker(silent="You are Baker")
    async with world(tmp_path, redis_url, keys.prefix, models=model.models(), step_seconds=1.0) as orchestrator:
        result = await orchestrator.dispatch_task(Task(question="@kitchen When is a rye bread done?"))
    assert result.state == "answered"
    assert "hollow" in result.answer
    assert [(note.kind, note.why) for note in result.notes][:1] == [("answered_without_model", "timeout")]
    assert model.closed.is_set()
    assert calls(result) == len(model.prompts), "who was broken off has cost something as well"


@pytest.mark.parametrize("silent", SILENCES.values(), ids=SILENCES)
async def test_stop_closes_the_stream(tmp_path: Path, redis_url: str, keys: Keys, silent: str) -> None:
    """Whatever the model is at."""
    model = speaker(silent)
    async with world(tmp_path, redis_url, keys.prefix, models=model.models(), lease_seconds=30.0) as orchestrator:
        task = Task(question=QUESTION)
        await orchestrator.submit(task)
        await model.began.wait()
        assert await orchestrator.cancel(task.id, person="local")
        async with asyncio.timeout(PATIENCE_SECONDS):
            await model.closed.wait()
        events = await events_of(orchestrator, task)
    assert result_of(events).state == "cancelled"


async def test_stop_tells_what_planning_had_cost(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """Estimated from what the model was sent: it has said nothing that anybody heard."""
    model = speaker(SILENCES["planning"])
    async with world(tmp_path, redis_url, keys.prefix, models=model.models()) as orchestrator:
        task = Task(question=QUESTION)
        await orchestrator.submit(task)
        await model.began.wait()
        await orchestrator.cancel(task.id, person="local")
        events = await events_of(orchestrator, task)
    (prompt,) = model.prompts
    (usage,) = result_of(events).usage
    assert (usage.model, usage.calls, usage.tokens_out, usage.estimated) == (model.name, 1, 0, True)
    assert usage.tokens_in == estimated_tokens(sum(len(said.text) for said in prompt.said))


@pytest.mark.parametrize("silent", SILENCES.values(), ids=SILENCES)
async def test_a_halt_closes_the_stream(tmp_path: Path, redis_url: str, keys: Keys, silent: str) -> None:
    """Nothing more is asked before all agents may work again; then the run is answered as if nothing had been."""
    model = speaker(silent)
    async with world(tmp_path, redis_url, keys.prefix, models=model.models()) as orchestrator:
        assert orchestrator.connections is not None
        task = Task(question=QUESTION)
        await orchestrator.submit(task)
        await model.began.wait()
        await brake.pull(orchestrator.connections.batcher, keys, Halt(since=1.0))
        async with asyncio.timeout(PATIENCE_SECONDS):
            await model.closed.wait()
        asked = len(model.prompts)
        model.speak_on()
        assert await brake.release(orchestrator.connections.batcher, keys)
        events = await events_of(orchestrator, task)

    assert len(model.prompts) > asked
    end = result_of(events)
    assert (end.state, end.notes) == ("answered", ())
    assert [event.kind for event in events].count("planned") == 1


@pytest.mark.parametrize("silent", [SILENCES[what] for what in ("planning", "answering", "writing")])
async def test_a_process_that_leaves_hands_over_what_its_model_was_at(
    tmp_path: Path, redis_url: str, keys: Keys, silent: str
) -> None:
    """Its stream is closed, and the next one asks again; the answer shows nothing of it."""
    first, second = speaker(silent), speaker()
    task = Task(question=QUESTION)
    async with world(tmp_path / "a", redis_url, keys.prefix, models=first.models()) as orchestrator:
        await orchestrator.submit(task)
        await first.began.wait()
    assert first.closed.is_set()
    async with world(tmp_path / "b", redis_url, keys.prefix, models=second.models()) as orchestrator:
        events = await events_of(orchestrator, task)

    end = result_of(events)
    assert (end.state, end.notes) == ("answered", ())
    assert sorted(results(events)) == ["s1", "s2", "s3"]
    assert [event.kind for event in events].count("planned") == 1
    assert set(end.contributed) == {"garden", "kitchen"}


async def test_a_models_plan_is_approved_first(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """It is offered, changed and run as any other; planning is asked once, whoever goes on with it."""
    model = speaker()
    task = Task(question=QUESTION, approval=True)
    async with world(tmp_path / "a", redis_url, keys.prefix, models=model.models()) as orchestrator:
        await orchestrator.submit(task)
        offered = await events_until(orchestrator.follow(task.id, person="local"), "proposed")
    assert model.asked_for == ["plan"]
    assert isinstance(offered[-1], Proposed)
    steps = [{"agent": s.agent, "question": s.question} for s in offered[-1].plan.steps if s.id != "s2"]

    async with world(tmp_path / "b", redis_url, keys.prefix, models=model.models()) as orchestrator:
        await orchestrator.approve(task.id, PlanEdit.model_validate({"steps": steps}), person="local")
        events = await events_of(orchestrator, task)

    end = result_of(events)
    assert sorted(results(events)) == ["s1", "s2"]
    assert (end.state, end.notes) == ("answered", ())
    assert model.asked_for.count("plan") == 1
    assert calls(end) == len(model.prompts) == 4
    chosen = [event.selection for event in events if isinstance(event, Selected)][-1]
    assert chosen.planned_by == model.name


async def test_a_small_budget_is_kept(
    tmp_path: Path, redis_url: str, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is over it is done without the model, and said."""
    monkeypatch.setattr("orchestration.runtime.task_budget", lambda _: Budget(calls=3, tokens=10_000, seconds=20.0))
    model = speaker()
    async with world(tmp_path, redis_url, keys.prefix, models=model.models()) as orchestrator:
        result = await orchestrator.dispatch_task(Task(question=QUESTION))
    assert result.state == "answered"
    assert len(model.prompts) <= 3
    assert {note.why for note in result.notes} == {"budget"}


@pytest.mark.parametrize("single", [False, True])
async def test_a_model_may_say_that_it_is_nobodys_field(
    tmp_path: Path, redis_url: str, keys: Keys, single: bool
) -> None:
    """Then nobody is asked; the answer says that nothing was found, as without a model, and what planning cost."""
    model = Speaker({"plan": plan()})
    task = Task(question=QUESTION, mode="single" if single else "council")
    async with world(tmp_path, redis_url, keys.prefix, models=model.models()) as orchestrator:
        await orchestrator.submit(task)
        events = await events_of(orchestrator, task)
    end = result_of(events)
    assert (end.state, end.steps, end.notes, calls(end)) == ("nothing_found", (), (), 2), "it has to say so twice"
    assert model.asked_for == ["plan", "plan"]
    (selected,) = [event.selection for event in events if isinstance(event, Selected)]
    assert not [score for part in selected.parts for score in part.agents if score.chosen]
    assert selected.parts[0].agents[0].reason.endswith("The language model did not choose it.")


async def test_agents_of_one_part_are_asked_the_same_completed_question(
    tmp_path: Path, redis_url: str, keys: Keys
) -> None:
    """It is completed once for both."""
    divided = plan(("When do I prune roses?", ["garden"], []), ("What is done then?", ["garden", "kitchen"], [1]))
    model = Speaker({"plan": divided, "complete": COMPLETED, "answer": reads, "write": reads})
    async with world(tmp_path, redis_url, keys.prefix, models=model.models()) as orchestrator:
        result = await orchestrator.dispatch_task(Task(question=QUESTION))
    assert sum(f"Asked as: {COMPLETED}" in step.reasoning for step in result.steps) == 2
    assert model.asked_for.count("complete") == 1
    assert calls(result) == len(model.prompts)
