"""What every selection promises, with a language model that plans or without one. A new one joins the list."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

import pytest

from agents import AgentRegistry, Budget, ModelFailed
from agents.models import Delta, LanguageModel, Models, Prompt, Reply, StartedAnew
from agents.models.scripted import ScriptedModel
from orchestration.breaker import Breaker
from orchestration.messages import Selection, Task, Turn
from orchestration.planner import Planner
from orchestration.planning import make_plan
from orchestration.presence import AgentHealth
from orchestration.selector import MOST_OFFERED, Selector
from orchestration.single import SINGLE
from orchestration.splitting import MOST_PARTS
from tests.selection.shelves import GARDEN, KITCHEN, PASSAGES, PaperShelf, village

ROSES, BREAD = "When do I prune roses?", "How long does rye bread bake?"
BOTH = f"{ROSES} And how long does rye bread bake, and what else is there to do in that month?"
CONTEXT = (Turn(question=ROSES, points=("Prune roses in March.",), agents=("garden",)),)


def plan(*parts: tuple[str, Sequence[str], Sequence[int]], understood: str = "") -> str:
    told = [{"question": question, "heading": "", "agents": agents, "builds_on": on} for question, agents, on in parts]
    return json.dumps({"understood": understood, "parts": told})


class SilentModel:
    """Is never heard of."""

    name = "scripted:silent"

    async def reply(self, prompt: Prompt) -> AsyncGenerator[Delta | StartedAnew | Reply, None]:
        await asyncio.Event().wait()
        yield Delta("answer", "")


def fails(prompt: Prompt) -> str:
    raise ModelFailed("scripted:model", "rate_limited")


PLANS = {
    "good": plan((ROSES, ["garden"], []), (BREAD, ["kitchen"], []), ("What is baked then?", ["kitchen"], [1, 2])),
    "everybody for everything": plan((ROSES, ["garden", "kitchen"], []), (BREAD, ["kitchen", "garden"], [1])),
    "unicode": plan(("Wann schneide ich Rosen 🌹?", ["garden"], []), ("バラはいつ", ["garden", "kitchen"], [1])),
    "nobody": plan(),
}
NO_PLANS = {
    "prose": "I would ask the gardener.",
    "bad JSON": '{"parts": [{"question": ',
    "JSON of something else": "[1, 2, 3]",
    "empty": "",
    "refusal": "I cannot help with that.",
    "too large": plan(*((f"What is rose number {n}?", ["garden"], []) for n in range(MOST_PARTS + 1))),
    "cyclic": plan((ROSES, ["garden"], [2]), (BREAD, ["kitchen"], [1])),
    "unknown agents": plan((ROSES, ["wizard"], [])),
    "the same twice": plan((ROSES, ["garden"], []), (ROSES.upper(), ["garden"], [])),
    "no question": plan((" ", ["garden"], [])),
    "100,000 tokens": "word " * 100_000,
}


async def all_well() -> Mapping[str, AgentHealth]:
    return {name: AgentHealth(name, workers=1, slots=1, free=1) for name in village()}


def selector(model: LanguageModel | None = None, budget: Budget | None = None) -> Selector:
    planner = None
    if model is not None:
        planner = Planner(Models({model.name: model}, default=model.name), budget or Budget(), marker=lambda: "f00d")
    return Selector(village(), PaperShelf(PASSAGES), all_well, planner=planner)


Make = Callable[[], Selector]


def scripted(reply: str) -> Make:
    return lambda: selector(ScriptedModel(reply))


WITH_A_PLAN: dict[str, Make] = {f"planned, {name}": scripted(reply) for name, reply in PLANS.items()}
WITHOUT_A_PLAN: dict[str, Make] = {
    **{f"planned, {name}": scripted(reply) for name, reply in NO_PLANS.items()},
    "planned, fails": lambda: selector(ScriptedModel(fails)),
    "planned, silent": lambda: selector(SilentModel(), Budget(seconds=0.05)),
    "planned, without budget": lambda: selector(ScriptedModel(PLANS["good"]), Budget(calls=0)),
}
ALL: dict[str, Make] = {"without a model": selector, **WITH_A_PLAN, **WITHOUT_A_PLAN}
every = pytest.mark.parametrize("name", ALL)


def unmeasured(selection: Selection) -> Selection:
    return selection.model_copy(update={"busy": (), "usage": (), "note": None})


@every
async def test_every_part_can_be_asked(name: str) -> None:
    """It stands on its own, with its vector, behind what it builds on; everybody's scores are there, once."""
    selection = await ALL[name]().select(Task(question=BOTH))
    assert 1 <= len(selection.parts) <= MOST_PARTS
    for number, part in enumerate(selection.parts):
        assert part.question.strip()
        assert part.heading.strip()
        assert part.vector
        assert all(0 <= other < number for other in part.needs)
        assert sorted(agent.agent for agent in part.agents) == ["garden", "kitchen"]
        chosen = [agent.chosen for agent in part.agents]
        assert chosen == sorted(chosen, reverse=True), "the chosen ones first"
        for agent in part.agents:
            assert 0 <= agent.score <= 1
            assert agent.reason
            assert all(0 <= value <= 1 for value in agent.scores.values())


@every
async def test_a_plan_can_be_made_of_it(name: str) -> None:
    """A step for each chosen agent, no question twice to the same one, nothing that waits for itself."""
    selection = await ALL[name]().select(Task(question=BOTH))
    made = make_plan(selection)
    assert bool(made.steps) == (name != "planned, nobody")
    asked = [(step.agent, step.question) for step in made.steps]
    assert len(set(asked)) == len(asked)
    before: set[str] = set()
    for step in made.steps:
        assert set(step.depends_on) <= before
        before.add(step.id)


@every
async def test_whoever_is_called_is_asked_and_nobody_else(name: str) -> None:
    """Whatever a model would like."""
    selection = await ALL[name]().select(Task(question=f"@kitchen {BOTH}"))
    assert [agent.agent for agent in selection.chosen()] == ["kitchen"]
    assert selection.chosen()[0].reason == "You asked for it by name."


@every
async def test_all_who_are_called_are_asked(name: str) -> None:
    selection = await ALL[name]().select(Task(question=f"@kitchen @garden {BOTH}"))
    assert {agent.agent for agent in selection.chosen()} == {"kitchen", "garden"}


@every
async def test_only_those_who_may_answer_are_asked(name: str) -> None:
    selection = await ALL[name]().select(Task(question=BOTH, agents=("garden",)))
    assert {agent.agent for part in selection.parts for agent in part.agents} == {"garden"}


@every
async def test_a_clear_question_asks_no_model(name: str) -> None:
    """One that is short and surely somebody's costs nothing more, and is chosen for as without a model."""
    for question in (ROSES, f"@kitchen {ROSES}"):
        selection = await ALL[name]().select(Task(question=question))
        alone = await selector().select(Task(question=question))
        assert (selection.usage, selection.note, selection.planned_by) == ((), None, "")
        assert unmeasured(selection) == unmeasured(alone)


@every
async def test_the_single_agent_gets_parts_as_well(name: str) -> None:
    """And is the only one; a model may say that it is not its field either."""
    selection = await ALL[name]().select_one(Task(question=BOTH), SINGLE)
    assert {agent.agent for part in selection.parts for agent in part.agents} == {SINGLE.name}
    assert bool(make_plan(selection).steps) == (name != "planned, nobody")


@every
async def test_a_follow_up_says_how_it_was_understood(name: str) -> None:
    selection = await ALL[name]().select(Task(question="And how do I do that in a wet year?", context=CONTEXT))
    assert selection.understood
    assert selection.parts


@pytest.mark.parametrize("name", WITH_A_PLAN)
async def test_who_planned_is_told(name: str) -> None:
    """The model, what it cost, and that it chose. That nobody is asked has to be said twice."""
    selection = await ALL[name]().select(Task(question=BOTH))
    assert selection.planned_by == "scripted:model"
    assert sum(usage.calls for usage in selection.usage) == (2 if name == "planned, nobody" else 1)
    assert selection.note is None
    assert all(agent.reason.endswith("The language model chose it.") for agent in selection.chosen())


@pytest.mark.parametrize("name", WITHOUT_A_PLAN)
async def test_what_is_no_plan_changes_nothing(name: str) -> None:
    """What was found without a model stands, to the last figure; the person hears why."""
    selection = await ALL[name]().select(Task(question=BOTH))
    alone = await selector().select(Task(question=BOTH))
    assert unmeasured(selection) == unmeasured(alone)
    assert selection.note is not None
    assert selection.note.kind == "planned_without_model"


async def test_a_model_has_no_more_time_than_the_task() -> None:
    """Most of it is for whoever answers."""
    task = Task(question=BOTH)
    selection = await selector(SilentModel(), Budget(seconds=3_600)).select(task, seconds=0.5)
    assert selection.note is not None
    assert selection.note.why == "timeout"


async def test_who_was_left_aside_is_told() -> None:
    """An agent that fails again and again is not offered to the model, and the answer says so."""

    async def baker_fails() -> Mapping[str, AgentHealth]:
        well = dict(await all_well())
        well["kitchen"] = AgentHealth("kitchen", workers=1, slots=1, free=1, breaker=Breaker(failures=5, seconds=30.0))
        return well

    model = ScriptedModel(plan((ROSES, ["garden"], []), (BREAD, ["garden"], [])))
    planner = Planner(Models({model.name: model}, default=model.name), Budget())
    choosing = Selector(village(), PaperShelf(PASSAGES), baker_fails, planner=planner)
    selection = await choosing.select(Task(question=BOTH))
    assert "kitchen" not in model.prompts[0].said[0].text
    assert [[agent.agent for agent in part.agents if agent.left_out] for part in selection.parts] == [[], ["kitchen"]]


async def test_a_model_is_offered_no_more_agents_than_it_can_be_told_of() -> None:
    """Those with most to show."""
    many = [GARDEN.model_copy(update={"name": f"agent{n}", "examples": ()}) for n in range(40)]
    registry = AgentRegistry([KITCHEN, *many])
    model = ScriptedModel(plan((BREAD, ["kitchen"], [])))

    async def well() -> Mapping[str, AgentHealth]:
        return {name: AgentHealth(name, workers=1, slots=1, free=1) for name in registry}

    planner = Planner(Models({model.name: model}, default=model.name), Budget())
    question = f"{BREAD} And how do I keep bread fresh?"
    selection = await Selector(registry, PaperShelf(PASSAGES), well, planner=planner).select(Task(question=question))
    assert model.prompts[0].said[0].text.count("\n- agent") + 1 == MOST_OFFERED
    assert [agent.agent for agent in selection.chosen()] == ["kitchen"]
    assert len(selection.parts[0].agents) == 41
