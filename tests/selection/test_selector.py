"""From a task to a selection, with knowledge that is on paper."""

from collections.abc import Mapping

import pytest

from orchestration.messages import Task
from orchestration.presence import AgentHealth
from orchestration.selector import Selector
from orchestration.single import SINGLE
from tests.selection.shelves import PASSAGES, PaperShelf, village


async def everybody_healthy() -> Mapping[str, AgentHealth]:
    return {name: AgentHealth(name, workers=1, slots=1, free=1) for name in ("garden", "kitchen")}


def selector(shelf: PaperShelf) -> Selector:
    return Selector(village(), shelf, everybody_healthy)


@pytest.fixture
def shelf() -> PaperShelf:
    return PaperShelf(PASSAGES)


async def test_a_question_goes_to_the_agent_that_knows(shelf: PaperShelf) -> None:
    """One part, one agent, and everybody's scores."""
    selection = await selector(shelf).select(Task(question="When do I prune roses?"))
    assert [agent.agent for agent in selection.chosen()] == ["garden"]
    assert {agent.agent for agent in selection.parts[0].agents} == {"garden", "kitchen"}


async def test_each_part_of_a_composite_question_finds_its_own_agent(shelf: PaperShelf) -> None:
    """Splitting comes first, and everything is embedded in one call."""
    asked = "When do I prune roses, and how long do I bake rye bread?"
    selection = await selector(shelf).select(Task(question=asked))
    assert [[a.agent for a in part.agents if a.chosen] for part in selection.parts] == [["garden"], ["kitchen"]]
    assert len(shelf.embedded) == 1


async def test_nobody_is_chosen_for_what_nobody_knows(shelf: PaperShelf) -> None:
    """And the nearest passages are kept, to be shown."""
    selection = await selector(shelf).select(Task(question="Which violin plays quantum zebras?"))
    assert selection.chosen() == ()
    assert selection.nearest


async def test_an_agent_called_by_name_is_asked(shelf: PaperShelf) -> None:
    """Its name is no part of the question that it reads."""
    selection = await selector(shelf).select(Task(question="@kitchen When do I prune roses?"))
    assert [agent.agent for agent in selection.chosen()] == ["kitchen"]
    assert selection.parts[0].question == "When do I prune roses?"


async def test_only_the_agents_a_task_names_may_answer(shelf: PaperShelf) -> None:
    """As with `roundtable ask --agents`."""
    selection = await selector(shelf).select(Task(question="When do I prune roses?", agents=("kitchen",)))
    assert {agent.agent for part in selection.parts for agent in part.agents} == {"kitchen"}


async def test_a_caller_who_knows_the_number_gets_it(shelf: PaperShelf) -> None:
    """Both agents, although the question alone would have got one."""
    selection = await selector(shelf).select(Task(question="When do I prune roses?"), count=2)
    assert {agent.agent for agent in selection.chosen()} == {"garden", "kitchen"}


async def test_without_documents_examples_choose() -> None:
    """An agent may have nothing but its own words; then no score for documents is shown."""
    selection = await selector(PaperShelf({})).select(Task(question="How long does rye bread bake?"))
    assert [agent.agent for agent in selection.chosen()] == ["kitchen"]
    assert "knowledge" not in selection.parts[0].agents[0].scores


async def test_the_single_agent_gets_what_somebody_knows(shelf: PaperShelf) -> None:
    """The same threshold over all the knowledge together."""
    known = await selector(shelf).select_one(Task(question="When do I prune roses?"), SINGLE)
    unknown = await selector(shelf).select_one(Task(question="Which violin plays quantum zebras?"), SINGLE)
    assert [agent.agent for agent in known.chosen()] == [SINGLE.name]
    assert unknown.chosen() == ()


async def test_the_same_question_is_always_chosen_for_alike(shelf: PaperShelf) -> None:
    """Nothing is left to chance."""
    task = Task(question="When do I prune roses, and how long do I bake rye bread?")
    first = await selector(shelf).select(task)
    second = await selector(shelf).select(task)
    assert first.parts == second.parts
