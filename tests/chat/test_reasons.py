"""Why a question ended without an answer, or an agent broke off, in the words of the person and in both languages."""

import re

import pytest

from chat.german import GERMAN
from chat.words import ENGLISH
from orchestration.approvals import TOO_LATE
from orchestration.council import BROKEN
from orchestration.single import HALTED as ALL_STOPPED
from orchestration.single import STOPPED
from orchestration.step_store import MOST_DEATHS
from orchestration.worker import HALTED, LEAVING

OURS = (
    BROKEN,
    TOO_LATE,
    STOPPED,
    ALL_STOPPED,
    HALTED,
    LEAVING,
    "The time for this question ran out before anything was found.",
    "The server stopped.",
    "An agent failed.",
    "Security failed; the log of its worker has the details.",
    "Security ran out of time.",
    "Security stopped before it had an answer.",
    f"Security was tried {MOST_DEATHS} times and its worker died each time.",
    "The model openai:writer did not answer (rate limited).",
    "The knowledge is closed.",
    "it failed 5 times in a row and is asked again in 9 s",
    "Security ran out of time. Operations failed; the log of its worker has the details.",
)


@pytest.mark.parametrize("reason", OURS)
def test_our_own_reasons_are_said_in_both_languages(reason: str) -> None:
    """Without the words of those who built it, and without English in German."""
    english, german = ENGLISH.reason(reason), GERMAN.reason(reason)
    assert not re.search(r"\b(worker|run|step|attempt|log|Redis|Worker|Lauf)\b", english + german)
    assert reason not in german
    assert not german.startswith("Gemeldet wurde")
    assert english != german


def test_what_an_agent_says_of_itself_is_quoted() -> None:
    """It is data; so is everything beside it, lest half of a sentence be translated."""
    assert ENGLISH.reason("The oven is broken.") == "The oven is broken."
    assert GERMAN.reason("The oven is broken.") == "Gemeldet wurde: „The oven is broken.“"
    both = "Security ran out of time. The oven is broken."
    assert (ENGLISH.reason(both), GERMAN.reason(both)) == (both, f"Gemeldet wurde: „{both}“")
    assert (ENGLISH.reason(""), GERMAN.reason("")) == ("", "")


def test_an_end_without_an_answer_says_what_was_kept_and_what_to_do() -> None:
    for words in (ENGLISH, GERMAN):
        for state in ("failed", "expired"):
            told = words.without_answer(state, words.reason(BROKEN))
            assert told.startswith(words.reason(BROKEN))
            assert told != words.reason(BROKEN)
    assert GERMAN.without_answer("failed", "") == (
        "Das konnte nicht beantwortet werden. Die Frage ist aufgehoben; bitte stell sie noch einmal."
    )
