"""Why something ended or was broken off, in words for the person.

A run keeps its reason as the sentence that was written when it happened, in English and for a terminal as well. Those
of our own code are known here, by what they say, and are said anew in either language. What is left is what an agent
said of itself: data, which nobody translates.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from orchestration.approvals import TOO_LATE
from orchestration.council import BROKEN
from orchestration.single import HALTED as ALL_STOPPED
from orchestration.single import STOPPED
from orchestration.worker import HALTED, LEAVING


class _Known(NamedTuple):
    said: re.Pattern[str]
    english: str
    german: str


def _known(said: str, english: str, german: str) -> _Known:
    return _Known(re.compile(said), english, german)


_KNOWN = (
    # ------------------------------------------------------------ of a whole question
    _known(
        re.escape(BROKEN),
        "Something went wrong while this was being answered.",
        "Beim Beantworten ging etwas schief.",
    ),
    _known(
        re.escape(TOO_LATE),
        "Nobody approved this plan within a day, so no agent was asked.",
        "Niemand hat diesen Plan innerhalb eines Tages freigegeben, darum wurde kein Agent gefragt.",
    ),
    _known(
        r"The time for this question ran out before anything was found\.",
        "The time for this question ran out before anything was found.",
        "Die Zeit für diese Frage war abgelaufen, bevor etwas gefunden war.",
    ),
    _known(
        r"The server stopped\.",
        "The server was stopped before this was answered.",
        "Der Server wurde beendet, bevor dies beantwortet war.",
    ),
    _known(re.escape(STOPPED), "Stopped.", "Gestoppt."),
    _known(re.escape(ALL_STOPPED), "All agents were stopped.", "Alle Agenten wurden angehalten."),
    # ------------------------------------------------------------ of one agent
    _known(
        r"(?P<who>.+) failed; the log of its worker has the details\.",
        "{who} could not answer, because something went wrong.",
        "{who} konnte nicht antworten, weil etwas schiefging.",
    ),
    _known(
        r"An answer in the name of (?P<who>.+) was refused, because nobody who may answer had signed it\.",
        "An answer in the name of {who} was refused, because nobody who may answer had signed it.",
        "Eine Antwort im Namen von {who} wurde abgewiesen, weil niemand sie unterschrieben hatte, der antworten darf.",
    ),
    _known(r"An agent failed\.", "An agent could not answer.", "Ein Agent konnte nicht antworten."),
    _known(r"(?P<who>.+) ran out of time\.", "{who} ran out of time.", "Die Zeit reichte nicht: {who}."),
    _known(
        r"(?P<who>.+) was tried (?P<times>\d+) times and its worker died each time\.",
        "{who} was asked {times} times and broke off each time.",
        "{who} wurde {times}-mal gefragt und brach jedes Mal ab.",
    ),
    _known(
        r"(?P<who>.+) stopped before it had an answer\.",
        "{who} stopped before it had an answer.",
        "{who} hat aufgehört, bevor eine Antwort da war.",
    ),
    _known(
        r"The model (?P<who>\S+) did not answer \([a-z ]+\)\.",
        "The language model {who} did not answer.",
        "Das Sprachmodell {who} hat nicht geantwortet.",
    ),
    _known(
        r"The knowledge is closed\.",
        "The documents could not be searched.",
        "Die Dokumente waren nicht zu durchsuchen.",
    ),
    # ------------------------------------------------------------ in the middle of a sentence
    _known(re.escape(LEAVING), "the server it ran on was stopped", "der Server dafür wurde beendet"),
    _known(re.escape(HALTED), "all agents were stopped", "alle Agenten wurden angehalten"),
    _known(
        r"it failed (?P<times>\d+) times in a row and is asked again in (?P<seconds>\d+) s",
        "it could not answer {times} times in a row and is asked again in {seconds} s",
        "{times}-mal nacheinander kam keine Antwort; in {seconds} s wird wieder gefragt",
    ),
)


def reason_in_english(reason: str) -> str:
    """As it is where it is not one of ours."""
    told = [_found(each, german=False) for each in _sentences(reason)]
    return _joined(told) or reason


def reason_in_german(reason: str) -> str:
    """Empty where it is not one of ours."""
    return _joined([_found(each, german=True) for each in _sentences(reason)])


def _joined(told: Sequence[str]) -> str:
    return " ".join(told) if all(told) else ""


def _sentences(reason: str) -> list[str]:
    """Of a question that several agents could not answer, one of each."""
    if _found(reason, german=False):
        return [reason]
    return re.split(r"(?<=\.) ", reason)


def _found(sentence: str, *, german: bool) -> str:
    for known in _KNOWN:
        if match := known.said.fullmatch(sentence):
            return (known.german if german else known.english).format(**match.groupdict())
    return ""
