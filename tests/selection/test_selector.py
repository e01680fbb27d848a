"""From a task to a selection, with knowledge that is on paper."""

from collections.abc import Mapping

import pytest

from orchestration.messages import Source, Task, Turn
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


ROSES = Turn(
    question="When do I prune roses?",
    agents=("garden",),
    sources=(Source(base="garden", document="garden0", title="Roses"),),
)


async def test_a_follow_up_is_searched_with_its_subject(shelf: PaperShelf) -> None:
    """It says how it was understood, and which documents come forward; whoever answered before counts a little more."""
    selection = await selector(shelf).select(Task(question="And in March?", context=(ROSES,)))
    assert selection.understood == "Prune roses: and in March?"
    assert [part.question for part in selection.parts] == [selection.understood]
    assert [agent.agent for agent in selection.chosen()] == ["garden"]
    assert selection.chosen()[0].scores["conversation"] == 1.0
    assert selection.prefers == ("garden0",)


async def test_each_part_of_a_follow_up_has_the_subject(shelf: PaperShelf) -> None:
    """What is said before a colon holds for all that follows it."""
    task = Task(question="How long does that take, and what can I do when it rains?", context=(ROSES,))
    parts = (await selector(shelf).select(task)).parts
    assert [part.question for part in parts] == [
        "Prune roses: how long does that take?",
        "Prune roses: what can I do when it rains?",
    ]


async def test_a_new_topic_is_chosen_for_as_if_nothing_had_been_said(shelf: PaperShelf) -> None:
    """To the last figure."""
    asked = "How long do I bake rye bread?"
    alone = await selector(shelf).select(Task(question=asked))
    after = await selector(shelf).select(Task(question=asked, context=(ROSES,)))
    assert after.model_copy(update={"busy": ()}) == alone.model_copy(update={"busy": ()})


async def test_another_agent_is_asked_the_last_question(shelf: PaperShelf) -> None:
    """ "What about kitchen?" calls it by name."""
    selection = await selector(shelf).select(Task(question="What about kitchen?", context=(ROSES,)))
    assert [agent.agent for agent in selection.chosen()] == ["kitchen"]
    assert [part.question for part in selection.parts] == ["When do I prune roses?"]


async def test_the_single_agent_understands_the_same(shelf: PaperShelf) -> None:
    """Whoever answers, a follow-up is completed alike."""
    task = Task(question="And in March?", mode="single", context=(ROSES,))
    assert (await selector(shelf).select_one(task, SINGLE)).understood == "Prune roses: and in March?"


async def test_a_part_that_is_asked_again_stays_one(shelf: PaperShelf) -> None:
    """It may read like two questions, because it carries the one that it stands on."""
    asked = "@garden When do I prune roses, and how do I do it?"
    assert len((await selector(shelf).select(Task(question=asked))).parts) == 2
    selection = await selector(shelf).select(Task(question=asked, undivided=True))
    assert [part.question for part in selection.parts] == ["When do I prune roses, and how do I do it?"]
