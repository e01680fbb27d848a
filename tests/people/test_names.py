"""One spelling for each person, which can be used anywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.shelf_name import ShelfName
from orchestration.asking import is_an_id
from orchestration.keys import Keys
from people import InvalidName, person_id


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Ben", "ben"),
        ("  ana@Example.ORG ", "ana@example.org"),
        ("\uff22\uff25\uff2e", "ben"),
        ("Straße", "strasse"),
        ("Zoe\u0308", "zoë"),
        ("o.neill_2-x+y", "o.neill_2-x+y"),
        ("李雷", "李雷"),
    ],
)
def test_however_it_is_typed_it_is_one(typed: str, name: str) -> None:
    """Case, width, composition and space around it make no other person."""
    assert person_id(typed) == name


@pytest.mark.parametrize(
    "typed", ["", "  ", "a b", "a:b", "a/b", "../a", ".a", "-a", "a\nb", "a\x00", "a{b}", "a*", "a\u200b", "x" * 65]
)
def test_what_nobody_can_be_called(typed: str) -> None:
    """One sentence, and nothing unprintable in it."""
    with pytest.raises(InvalidName) as refused:
        person_id(typed)
    assert str(refused.value).isprintable()


@given(st.text(max_size=80))
def test_whatever_is_taken_is_safe_everywhere(typed: str) -> None:
    """As a run's person, in a key, as a shelf; and it is its own spelling."""
    try:
        name = person_id(typed)
    except InvalidName:
        return
    assert person_id(name) == name
    assert is_an_id(name)
    assert not set(name) & set(":/\\{}*?[] \n\r\t\0,;\"'")
    (shard,) = Keys("p").shards
    assert shard.conversation(name, "c").count(":") == shard.conversation("a", "c").count(":")
    assert len(ShelfName("base", name).folder.parts) == 2
