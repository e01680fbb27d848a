"""A reply is taken apart in a time that grows with its length, whatever it is."""

import pytest

from agents.statements import statements_of


def test_each_statement_has_the_numbers_of_its_sources() -> None:
    """Before or behind its stop; a heading and a rule state nothing."""
    reply = "## Backups\nCopy the folder [1]. Then check it. [2, 4-5]\n\n---\n- Keep two【3】"
    found = [(statement.text, statement.numbers) for statement in statements_of(reply).all]
    assert found == [("Copy the folder.", (1,)), ("Then check it.", (2, 4, 5)), ("Keep two", (3,))]


@pytest.mark.parametrize("piece", [" ", ".", "[1] ", "1, ", "- ", "> ", "**", "[1,", "_ "])
def test_a_reply_of_the_same_again_and_again_ends(piece: str) -> None:
    """A pattern that tries every length of every run of blanks would take hours."""
    statements_of(piece * 20_000 + "word [1].")
