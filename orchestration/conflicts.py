"""Finds findings that may disagree: the same subject with another number, or one affirming what one denies.

Typed comparison only; anything subtler would be guessing (inference over single sentences is right about three times
in four), so what is found is called possible and both sides stay in the answer.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from agents.agreement import NEGATION, denies
from agents.words import content_words, likeness
from orchestration.messages import Conflict

SAME_SUBJECT = 0.6

_QUANTITY = re.compile(
    r"(?<![\w.])(\d+(?:[.,]\d+)*)\s*(%|ms|milliseconds?|s|seconds?|minutes?|hours?|days?|[kmg]i?b|bytes?|dimensions?)"
    r"(?!\w)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Finding:
    """A statement, who made it, where it stands."""

    agent: str
    precedence: int
    text: str
    document: str
    number: int


def find_conflicts(findings: Sequence[Finding]) -> tuple[Conflict, ...]:
    """Pairs from different documents that may disagree."""
    found = []
    for one, other in combinations(findings, 2):
        if one.document == other.document or one.number == other.number:
            continue
        reason = _disagreement(one.text, other.text)
        if reason:
            found.append(_settle(one, other, reason))
    return tuple(found)


def _disagreement(one: str, other: str) -> str:
    subject = likeness(_subject(one), _subject(other))
    if subject < SAME_SUBJECT:
        return ""
    mine, theirs = _quantities(one), _quantities(other)
    for unit in mine.keys() & theirs.keys():
        if mine[unit].isdisjoint(theirs[unit]):
            return f"they give different figures in {unit}"
    if denies(one) != denies(other):
        return "one denies what the other says"
    return ""


def _subject(text: str) -> frozenset[str]:
    return content_words(NEGATION.sub(" ", _QUANTITY.sub(" ", text)))


def _quantities(text: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for number, unit in _QUANTITY.findall(text):
        found.setdefault(unit.lower().rstrip("s") or unit.lower(), set()).add(number)
    return found


def _settle(one: Finding, other: Finding, reason: str) -> Conflict:
    first, second = sorted((one, other), key=lambda f: -f.precedence)
    settled = f"[{first.number}] and [{second.number}] may not agree: {reason}. Both are shown"
    if first.precedence != second.precedence:
        settled += f"; {first.agent} goes first because it takes precedence in this catalog"
    return Conflict(
        subject=reason,
        claims=(first.text, second.text),
        numbers=(first.number, second.number),
        settled=settled + ".",
    )
