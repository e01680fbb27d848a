"""How a person calls agents by name, typed or spoken."""

import pytest

from orchestration.calls import mentions, without_mentions

AGENTS = ("security", "product", "operations")


@pytest.mark.parametrize(
    ("question", "called", "rest"),
    [
        ("@security who can read this?", ["security"], "who can read this?"),
        ("Who can read this? @security @product", ["security", "product"], "Who can read this?"),
        ("Hey Security, who can read this?", ["security"], "who can read this?"),
        ("Hey security who can read this?", ["security"], "who can read this?"),
        ("Ask security about backups", ["security"], "backups"),
        ("Ask the operations agent how to stop", ["operations"], "how to stop"),
        ("Summon a panel: security, product and operations on trust", ["security", "product", "operations"], "trust"),
        ("Compare security and operations on backups", ["security", "operations"],
         "Compare security and operations on backups"),
    ],
)  # fmt: skip
def test_agents_are_called_in_many_ways(question: str, called: list[str], rest: str) -> None:
    """The call is understood and taken out of what the agents read."""
    assert mentions(question, AGENTS) == (called, [])
    assert without_mentions(question, AGENTS) == rest


@pytest.mark.parametrize(
    "question",
    [
        "Ask product owners for money?",
        "Who wrote to me@security.example?",
        "Compare bread and butter on price",
        "How does security work?",
        "Hey there, what is a lease?",
    ],
)
def test_the_name_of_a_field_is_not_yet_a_call(question: str) -> None:
    """Only a call in the words of a call counts."""
    assert mentions(question, AGENTS) == ([], [])
    assert without_mentions(question, AGENTS) == question


def test_an_unknown_name_after_an_at_sign_is_told() -> None:
    """So that a slip of the finger is not a silent change of plan."""
    assert mentions("@secruity who can read this?", AGENTS) == ([], ["secruity"])


def test_a_call_without_a_question_stays_as_it_is() -> None:
    """An empty question would help nobody."""
    assert without_mentions("@security", AGENTS) == "@security"


def test_the_lines_of_a_list_survive() -> None:
    """They are needed to split it."""
    assert without_mentions("@security please:\n- one\n- two", AGENTS) == "please:\n- one\n- two"
