"""How files are given to an agent in words."""

import pytest

from chat.instruction import Instruction, instruction

AGENTS = ("security", "operations")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("@security keep this", Instruction(agent="security")),
        ("@Security, please keep these files.", Instruction(agent="security")),
        ("@security keep this for me", Instruction(agent="security", private=True)),
        ("@security keep it privately, please", Instruction(agent="security", private=True)),
        ("@security keep this for everybody", Instruction(agent="security")),
        ("Keep this for @operations", Instruction(agent="operations")),
        ("please store these documents only for me in @operations.", Instruction(agent="operations", private=True)),
        ("save it with @operations for me", Instruction(agent="operations", private=True)),
    ],
)
def test_who_keeps_it_and_for_whom(said: str, meant: Instruction) -> None:
    """In either order; for everybody unless it says otherwise."""
    assert instruction(said, AGENTS) == meant


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("@security keep this. How long are logs kept?", "@security How long are logs kept?"),
        ("@security keep this and tell me how long logs are kept", "@security tell me how long logs are kept"),
        ("How long are logs kept?\n@security keep this", "@security How long are logs kept?"),
    ],
)
def test_what_is_asked_besides_goes_to_the_same_agent(said: str, asked: str) -> None:
    """After the files are in."""
    assert instruction(said, AGENTS) == Instruction(asked, "security")


@pytest.mark.parametrize(
    "asked",
    ["What does this say about backups?", "@security what does this say?", "How do I keep this safe?"],
)
def test_a_question_alone_gives_nothing_away(asked: str) -> None:
    """Somebody has to choose; the question stays as it is."""
    assert instruction(asked, AGENTS) == Instruction(asked)


def test_nothing_said_and_nobody_known() -> None:
    """Dots are no question; a name that nobody has is told."""
    assert instruction(" ... ", AGENTS) == Instruction()
    assert instruction("@nobody keep this. Why?", AGENTS) == Instruction("Why?", unknown="nobody")
