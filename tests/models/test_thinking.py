"""Thoughts that come in the same text as the answer."""

import pytest

from agents.models.thinking import Thinking


def told(*pieces: str) -> dict[str, str]:
    thinking = Thinking()
    found = {"reasoning": "", "answer": ""}
    for piece in pieces:
        for channel, text in thinking.split(piece):
            found[channel] += text
    for channel, text in thinking.rest():
        found[channel] += text
    return found


def test_what_is_between_the_tags_is_thought() -> None:
    assert told("<think>Hm.</think>Yes.") == {"reasoning": "Hm.", "answer": "Yes."}


def test_tags_may_be_split_anywhere() -> None:
    whole = "<think>Is 1 < 2? It is.</think>\n\nYes, a < b."
    for at in range(1, len(whole)):
        assert told(whole[:at], whole[at:]) == told(whole)
    assert told(*whole) == told(whole)


@pytest.mark.parametrize("text", ["Yes.", "a < b", "Write <think> first.", "It ends with <th", "", "</think> alone"])
def test_an_answer_without_thoughts_stays_as_it_is(text: str) -> None:
    assert told(*text) == {"reasoning": "", "answer": text}


def test_thoughts_that_never_end_are_thoughts() -> None:
    assert told("<think>Hm, and", " so on </thi") == {"reasoning": "Hm, and so on </thi", "answer": ""}
