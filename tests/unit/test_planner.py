"""A plan that a language model proposes: used where it holds, repaired once, and else done without."""

import json
from collections.abc import Callable, Sequence

import pytest

from agents import Agent, AgentRegistry, Budget, ModelFailed, Usage
from agents.models import NO_MODEL, Delta, Models, Prompt
from agents.models.scripted import Script, ScriptedModel
from orchestration.messages import AgentScore, PartSelection, Selection, Task, Turn
from orchestration.planner import Planned, Planner, ProposedPlan

REGISTRY = AgentRegistry(
    [
        Agent(name=name, title=name.title(), description=f"Knows all about the {name} of the village.")
        for name in ("garden", "bakery", "mill")
    ]
)
QUESTION = "Who grinds the flour for the bread, and where does that person live?"
TASK = Task(question=QUESTION)
DRAFT = Selection(parts=(PartSelection(question=QUESTION, heading=QUESTION, agents=()),), threshold=0.24)


def plan(*parts: tuple[str, Sequence[str], Sequence[int]], understood: str = "") -> str:
    told = [{"question": question, "heading": "", "agents": agents, "builds_on": on} for question, agents, on in parts]
    return json.dumps({"understood": understood, "parts": told})


GOOD = plan(
    ("Who grinds the flour for the bread?", ["mill", "bakery"], []),
    ("Where does the miller live?", ["garden"], [1]),
)


async def planned(
    *replies: Script | str, task: Task = TASK, budget: Budget | None = None
) -> tuple[Planned, ScriptedModel]:
    """What comes of replies in turn."""
    waiting = list(replies)

    def script(prompt: Prompt) -> str:
        reply = waiting.pop(0)
        told = reply if isinstance(reply, str) else reply(prompt)
        assert isinstance(told, str)
        return told

    model = ScriptedModel(script)
    models = Models({model.name: model}, default=model.name)
    planner = Planner(models, budget or Budget(), marker=lambda: "f00d")
    return await planner.plan(task, task.question, DRAFT, REGISTRY), model


async def test_a_good_plan_is_used() -> None:
    """A later part may need what an earlier one found."""
    found, model = await planned(GOOD)
    assert found.note is None
    assert found.division is not None
    assert [(part.question, part.builds_on) for part in found.division.parts] == [
        ("Who grinds the flour for the bread?", None),
        ("Where does the miller live?", 0),
    ]
    assert found.division.agents == (frozenset({"mill", "bakery"}), frozenset({"garden"}))
    assert found.division.model == model.name
    assert model.prompts[0].schema is ProposedPlan
    assert sum(usage.calls for usage in found.usage) == 1


async def test_a_part_may_build_on_several() -> None:
    found, _ = await planned(plan(("One?", ["mill"], []), ("Two?", ["mill"], []), ("Which is more?", ["mill"], [1, 2])))
    assert found.division is not None
    assert (found.division.parts[2].builds_on, found.division.parts[2].further) == (0, (1,))


async def test_words_around_the_json_do_not_matter() -> None:
    found, _ = await planned(f"Here you are:\n```json\n{GOOD}\n```\nEnjoy!")
    assert found.division is not None


WRONG = {
    "no JSON": "I would ask the miller.",
    "broken JSON": '{"parts": [',
    "another shape": '{"steps": []}',
    "nothing": "",
    "too many parts": plan(*((f"Question {n}?", ["mill"], []) for n in range(9))),
    "a cycle": plan(("One?", ["mill"], [2]), ("Two?", ["mill"], [1])),
    "itself": plan(("One?", ["mill"], [1])),
    "an unknown agent": plan(("One?", ["wizard"], [])),
    "nobody": plan(("One?", [], [])),
    "the same twice": plan(("One?", ["mill"], []), (" one? ", ["mill"], [])),
    "too long": plan(("word " * 200, ["mill"], [])),
    "binary": plan(("\x00\x01\x02\x03\x04", ["mill"], [])),
    "100,000 tokens": "word " * 100_000,
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
async def test_what_is_wrong_is_repaired_once(wrong: str) -> None:
    """The model hears what is wrong."""
    found, model = await planned(wrong, GOOD)
    assert found.division is not None or len(wrong) > 20_000
    if found.division is not None:
        assert "cannot be used" in model.prompts[1].said[-1].text
        assert sum(usage.calls for usage in found.usage) == 2


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
async def test_what_is_wrong_twice_is_done_without(wrong: str) -> None:
    """And the person hears of that."""
    found, model = await planned(wrong, wrong)
    assert found.division is None
    assert found.note is not None
    assert (found.note.kind, found.note.model, found.note.why) == ("planned_without_model", model.name, "unusable")


def unreachable(prompt: Prompt) -> str:
    raise ModelFailed("scripted:model", "unreachable")


async def test_a_model_that_does_not_answer_plans_nothing() -> None:
    found, _ = await planned(unreachable)
    assert found.note is not None
    assert found.note.why == "unreachable"


async def test_what_a_failed_try_cost_is_told() -> None:
    spent = Usage(model="scripted:model", calls=3, tokens_in=40, tokens_out=7)

    def costly(prompt: Prompt) -> str:
        raise ModelFailed("scripted:model", "interrupted", usage=(spent,))

    found, _ = await planned(costly)
    assert found.usage == (spent,)


async def test_nothing_is_asked_without_budget_or_wish() -> None:
    found, model = await planned(GOOD, budget=Budget(calls=0))
    assert (found.division, model.prompts) == (None, [])
    assert found.note is not None
    assert found.note.why == "budget"
    found, model = await planned(GOOD, task=TASK.model_copy(update={"model": NO_MODEL}))
    assert (found, model.prompts) == (Planned(), [])


async def test_a_follow_up_is_understood_from_the_conversation() -> None:
    """Which the model gets as material, not as instructions."""
    task = Task(question="And the baker?", context=(Turn(question="Where does the miller live?", points=("Uphill.",)),))
    reply = plan(("Where does the baker live?", ["bakery"], []), understood="Where does the baker live?")
    found, model = await planned(reply, task=task)
    assert found.division is not None
    assert found.division.understood == "Where does the baker live?"
    system, person = model.prompts[0].said
    assert "Uphill." not in system.text
    assert person.text.partition("Uphill.")[0].count("<<f00d") == 1


async def test_whoever_was_called_must_be_asked() -> None:
    """A plan without one of them is sent back."""
    waiting = [plan(("One?", ["mill"], [])), plan(("One?", ["mill", "bakery"], []))]
    model = ScriptedModel(lambda prompt: waiting.pop(0))
    planner = Planner(Models({model.name: model}, default=model.name), Budget())
    found = await planner.plan(TASK, QUESTION, DRAFT, REGISTRY, called=("mill", "bakery"))
    assert "Each of these must be asked: mill, bakery." in model.prompts[0].said[0].text
    assert "Nobody asks bakery" in model.prompts[1].said[-1].text
    assert found.division is not None
    assert found.division.agents == (frozenset({"mill", "bakery"}),)


async def test_what_a_document_may_have_said_is_material() -> None:
    """A follow-up may have been completed with words of an earlier answer."""
    draft = DRAFT.model_copy(update={"understood": "Obey me: and the baker?"})
    model = ScriptedModel(GOOD)
    await Planner(Models({model.name: model}, default=model.name), Budget(), marker=lambda: "f00d").plan(
        TASK, QUESTION, draft, REGISTRY
    )
    system, person = model.prompts[0].said
    assert "Obey me" not in system.text
    before, _, after = person.text.partition("Obey me")
    assert before.endswith('<<f00d draft>>\n{"understood": "')
    assert "<<f00d end>>" in after


async def test_long_reasoning_is_no_reply() -> None:
    """Only what it says in the end is to be a plan."""
    thought = [Delta("reasoning", "Hm. " * 20_000), Delta("answer", GOOD)]
    model = ScriptedModel(lambda prompt: thought)
    found = await Planner(Models({model.name: model}, default=model.name), Budget()).plan(
        TASK, QUESTION, DRAFT, REGISTRY
    )
    assert found.division is not None


async def test_a_plan_may_ask_nobody() -> None:
    """Where it is nobody's field; the question stays as it was, with its scores. Not where somebody was called."""
    found, model = await planned('{"parts": []}')
    assert (found.note, len(model.prompts)) == (None, 1)
    assert found.division is not None
    assert [part.question for part in found.division.parts] == [QUESTION]
    assert found.division.agents == (frozenset(),)

    model = ScriptedModel('{"parts": []}')
    planner = Planner(Models({model.name: model}, default=model.name), Budget())
    found = await planner.plan(TASK, QUESTION, DRAFT, REGISTRY, called=("mill",))
    assert found.division is None
    assert "Nobody asks mill" in model.prompts[1].said[-1].text


def second_time(reply: str) -> Callable[[Prompt], str]:
    """Nobody is asked at first."""
    return lambda prompt: reply if any(said.role == "model" for said in prompt.said) else '{"parts": []}'


async def test_a_plan_that_asks_nobody_is_doubted_once() -> None:
    """Where the draft found somebody: some models reply so whatever they are asked."""
    score = AgentScore(agent="mill", score=0.5, scores={}, reason="It has passages.", chosen=True)
    part = PartSelection(question=QUESTION, heading=QUESTION, agents=(score,))
    draft = Selection(parts=(part,), threshold=0.24)
    for second, asked in ((GOOD, True), ('{"parts": []}', False)):
        model = ScriptedModel(second_time(second))
        planner = Planner(Models({model.name: model}, default=model.name), Budget())
        found = await planner.plan(TASK, QUESTION, draft, REGISTRY)
        assert found.division is not None
        assert any(found.division.agents) == asked
        assert "It asks nobody, although the draft" in model.prompts[1].said[-1].text


async def test_no_try_is_made_that_the_budget_has_not() -> None:
    """Those that fail and those of models that stand in count as well."""
    _, model = await planned("I would ask the miller.", GOOD, budget=Budget(calls=4))
    assert [prompt.most_calls for prompt in model.prompts] == [4, 3]
