"""How agents are chosen: evidence opens the door, fit decides who goes first."""

from collections.abc import Mapping

import pytest

from agents import Agent, AgentRegistry
from orchestration.selection import (
    ONE,
    THRESHOLD,
    TWO,
    TWO_A_PART,
    Evidence,
    Ranking,
    breadth,
    choose,
    choose_exactly,
    part_selection,
    rank,
)
from orchestration.splitting import Part

REGISTRY = AgentRegistry(
    Agent(name=name, title=name.title(), description=f"Answers questions about {name}.", precedence=precedence)
    for name, precedence in (("bread", 50), ("roses", 60), ("trains", 40))
)


def evidence(**strengths: float) -> dict[str, Evidence]:
    """The same strength by every criterion."""
    return {name: Evidence(knowledge=value, examples=value, description=value) for name, value in strengths.items()}


def ranked(found: Mapping[str, Evidence]) -> Ranking:
    return rank(REGISTRY, found)


def test_the_agent_with_the_best_evidence_is_asked_alone() -> None:
    """A simple question goes to one agent."""
    assert choose(ranked(evidence(bread=0.7, roses=0.3, trains=0.1))) == {"bread"}


def test_a_second_agent_is_asked_only_when_it_is_near_the_best() -> None:
    """Two who know it nearly equally well are both asked; a third never is."""
    assert choose(ranked(evidence(bread=0.7, roses=0.65, trains=0.69))) == {"bread", "trains"}


def test_nobody_is_asked_without_evidence() -> None:
    """Below the threshold there is nothing to say; neither precedence nor health opens the door."""
    weak = THRESHOLD - 0.01
    assert choose(ranked(evidence(bread=weak, roses=weak, trains=weak))) == frozenset()


def test_who_is_called_by_name_is_asked_whatever_the_evidence() -> None:
    """The person knows better than the numbers."""
    assert choose(ranked(evidence(bread=0.9, roses=0.0, trains=0.0)), ["roses"]) == {"roses"}


def test_an_agent_that_nobody_runs_is_not_asked() -> None:
    """A question goes to the best one that can answer now."""
    found = evidence(bread=0.9, roses=0.6, trains=0.1)
    found["bread"] = Evidence(knowledge=0.9, examples=0.9, description=0.9, health=0.0)
    chosen = choose(ranked(found))
    assert chosen == {"roses"}


def test_fit_decides_between_agents_whose_documents_both_speak_of_it() -> None:
    """Nearly the same evidence: the one whose own words the question fits goes first, and alone."""
    found = {
        "bread": Evidence(knowledge=0.6, examples=0.6, description=0.6, fit=0.1),
        "roses": Evidence(knowledge=0.58, examples=0.58, description=0.58, fit=0.9),
        "trains": Evidence(knowledge=0.1, examples=0.1, description=0.1, fit=0.0),
    }
    assert choose(ranked(found)) == {"roses"}


def test_the_best_score_is_the_best_evidence() -> None:
    """Fit lowers the others and raises nobody above what there is to show."""
    found = {
        "bread": Evidence(knowledge=0.6, examples=0.6, description=0.6, fit=0.1),
        "roses": Evidence(knowledge=0.5, examples=0.5, description=0.5, fit=0.9),
        "trains": Evidence(knowledge=0.1, examples=0.1, description=0.1, fit=0.0),
    }
    assert ranked(found)[0].score == pytest.approx(0.6)


def test_precedence_decides_a_tie() -> None:
    """With the same evidence the order of the catalog holds."""
    assert [s.agent.name for s in ranked(evidence(bread=0.5, roses=0.5, trains=0.5))] == ["roses", "bread", "trains"]


def test_evidence_without_documents_weighs_less() -> None:
    """Questions resemble each other more easily than they resemble a passage."""
    with_documents = Evidence(knowledge=0.5, examples=0.5, description=0.5)
    without = Evidence(knowledge=None, examples=0.5, description=0.5)
    assert without.strength() < with_documents.strength()


def test_exactly_as_many_as_the_caller_wants() -> None:
    """Two parts, two agents: each part gets the one it needs, even below the threshold."""
    first = ranked(evidence(bread=0.2, roses=0.1, trains=0.0))
    second = ranked(evidence(bread=0.1, roses=0.0, trains=0.2))
    whole = ranked(evidence(bread=0.2, roses=0.1, trains=0.2))
    assert [set(names) for names in choose_exactly(2, [first, second], whole)] == [{"bread"}, {"trains"}]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_as_many_as_wanted_for_a_simple_question(count: int) -> None:
    """One part may need several agents."""
    whole = ranked(evidence(bread=0.5, roses=0.4, trains=0.3))
    assert [len(names) for names in choose_exactly(count, [whole], whole)] == [count]


def test_every_criterion_is_kept_between_0_and_1() -> None:
    """The person can see all of it, also of those who were not chosen."""
    found = evidence(bread=0.7, roses=0.3, trains=0.1)
    selection = part_selection(Part("Bread?", "Bread?"), ranked(found), frozenset({"bread"}))
    assert [agent.agent for agent in selection.agents] == ["bread", "roses", "trains"]
    for agent in selection.agents:
        assert set(agent.scores) == {
            "mention", "knowledge", "examples", "description", "fit", "health", "precedence"
        }  # fmt: skip
        assert all(0 <= value <= 1 for value in (agent.score, *agent.scores.values()))


def test_the_reason_is_plain_english() -> None:
    """One or two sentences that a person can read, with the figures in them."""
    found = evidence(bread=0.7, roses=0.3, trains=0.1)
    selection = part_selection(Part("Bread?", "Bread?"), ranked(found), frozenset({"bread"}))
    assert [agent.reason for agent in selection.agents] == [
        "Its documents are a close match (0.70) and its example questions a close one (0.70).",
        "Its documents are a partial match (0.30) and its example questions a partial one (0.30)."
        " Another agent fits the question better.",
        "Its documents are hardly a match (0.10) and its example questions hardly one (0.10)."
        f" That is below the threshold of {THRESHOLD:.2f}.",
    ]


def test_the_chosen_come_first_in_the_list() -> None:
    """Also one that was called by name and has little to show."""
    found = evidence(bread=0.9, roses=0.1, trains=0.1)
    selection = part_selection(Part("Bread?", "Bread?"), ranked(found), frozenset({"trains"}), ["trains"])
    assert selection.agents[0].agent == "trains"
    assert selection.agents[0].reason == "You asked for it by name."


def test_a_simple_question_gets_one_agent_and_a_composite_one_more() -> None:
    """Several agents for "What is a lease?" would only say the same twice."""
    long = Part("", "Which index should a library with many scanned reports and little memory use?")
    assert breadth([Part("", "What is a lease?")]) == ONE
    assert breadth([long]) == TWO
    assert breadth([Part("", "How do I start?"), Part("", "How do I stop?")]) == TWO_A_PART


def test_one_means_one_also_in_a_near_tie() -> None:
    """Whoever is best by a hair is asked alone."""
    assert choose(ranked(evidence(bread=0.7, roses=0.699, trains=0.1)), wanted=ONE) == {"bread"}
