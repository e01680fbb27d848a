"""Completes a question that follows up on a conversation: "How long does that take?". Pure: turns in, question out.

What is said before a colon is what the question is about, as in a question that names its subject itself ("A worker
died: what happens to its step?"): by that it is searched and embedded, while its own words say what is asked of it.
"""

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import TypeVar

from orchestration.messages import Turn
from orchestration.references import (
    Reference,
    asks_the_same,
    elliptic_subject,
    in_place,
    is_courtesy,
    points_back,
    reference,
)
from orchestration.subjects import Rarity, shortened, subject, topic

T = TypeVar("T")

MOST_TURNS = 3
"""So far back a question may refer."""

_OPENS = re.compile(
    r"^\W*(?:and|but|or|so|also|und|aber|oder)\b[,\s]+(?=(?:how|what|why|who|which|where|when|can|could|do|does|did|is|are"
    r"|will|would|should|may|must|has|have|wie|was|warum|wann|wo|wer|kann)\b)",
    re.IGNORECASE,
)
_CALLED = re.compile(r"\W*@?(?:the\s+)?(?P<name>[a-z][\w-]*)(?:\s+agent)?\W*$", re.IGNORECASE)
_SAYS = re.compile(
    r"\W*(?:and\s+)?what (?:does|would|do) (?:the\s+)?(?P<name>[a-z][\w-]*)(?:\s+agent)? (?:say|think|know)\b",
    re.IGNORECASE,
)
_WEIGHED = re.compile(
    r"(?:\bbetween\s+(?P<one>[^,.?!]{2,60}?)\s+and\s+|\b(?P<either>[\w-]+(?: [\w-]+)?)\s+(?:or|versus|vs\.?)\s+)"
    r"(?P<other>(?:an?\s+|the\s+)?[\w-]+(?: [\w-]+)?)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class FollowUp:
    """A question as it was understood, and what to prefer for it."""

    question: str
    agents: tuple[str, ...] = ()
    """Whose turn it was."""
    documents: tuple[str, ...] = ()
    """What they quoted."""


def follow(question: str, turns: Sequence[Turn], agents: Container[str], rarity: Rarity) -> FollowUp | None:
    """The question completed from the turns before it, the newest last; None where it stands on its own.

    `rarity` knows the words of `subjects.words_carried`: of what is long the most telling words are carried.
    """
    turns = turns[-MOST_TURNS:]
    if not turns or is_courtesy(question):
        return None
    last = turns[-1]
    called = _called(question, agents)
    if called:
        return FollowUp(f"@{called} {last.question}", documents=_documents(last))
    meant = reference(question)
    if meant is None:
        return None
    one = _one_of_several(meant, question, turns, agents, rarity) if meant.ordinal else None
    if one is not None or (meant.ordinal and not (points_back(question) or asks_the_same(question))):
        return one
    for turn in reversed(turns):
        if about := subject(turn, rarity):
            return FollowUp(_joined(about, question), turn.agents, _documents(turn))
    return None


def _joined(about: str, question: str) -> str:
    text = _OPENS.sub("", question.strip(), count=1)
    return f"{about[:1].upper()}{about[1:]}: {text[:1].lower()}{text[1:]}"


def _called(question: str, agents: Container[str]) -> str:
    """The agent of "What about operations?", "What does security say?" and "@product"; empty for none."""
    named = elliptic_subject(question)
    if named is None and question.startswith("@"):
        named = question
    match = (_CALLED.match(named) if named is not None else None) or _SAYS.match(question)
    name = match["name"].lower() if match else ""
    return name if name in agents else ""


def _one_of_several(
    meant: Reference, question: str, turns: Sequence[Turn], agents: Container[str], rarity: Rarity
) -> FollowUp | None:
    """A question about one of several that were asked, answered, cited or asked about; None for fewer of them."""
    last = turns[-1]
    if len(turns) > 1 and _is_about_one_of_several(last):
        # "And the second one?" after "How long does the first one take?" asks the same of another one of the list.
        asked = last.question.rpartition(": ")[2]
        question = in_place(asked, question) if asks_the_same(question) else question
        turns = turns[:-1]
    turn = turns[-1]
    if meant.among == "agent":
        agent = _nth([name for name in turn.agents if name in agents], meant.ordinal)
        asked = turn.question if asks_the_same(question) else _joined(subject(turn, rarity), question)
        return FollowUp(f"@{agent} {asked}", (agent,), _documents(turn)) if agent else None
    if meant.among == "document":
        source = _nth(turn.sources, meant.ordinal)
        return FollowUp(_joined(source.title, question), (source.base,), (source.document,)) if source else None
    item = _nth(turn.parts if meant.among == "part" else _items(turn), meant.ordinal)
    about = shortened(topic(item), rarity) if item else ""
    return FollowUp(_joined(about, question), turn.agents, _documents(turn)) if about else None


def _is_about_one_of_several(turn: Turn) -> bool:
    _, colon, asked = turn.question.rpartition(": ")
    meant = reference(asked) if colon else None
    return meant is not None and meant.ordinal != 0


def _items(turn: Turn) -> Sequence[str]:
    """What "the second one" may count: the parts of a question, what it weighs, or else the answer's statements."""
    if turn.parts:
        return turn.parts
    weighed = _WEIGHED.search(turn.question)
    return (weighed["one"] or weighed["either"], weighed["other"]) if weighed else turn.points


def _nth(items: Sequence[T], ordinal: int) -> T | None:
    at = ordinal - 1 if ordinal > 0 else ordinal
    return items[at] if -len(items) <= at < len(items) else None


def _documents(turn: Turn) -> tuple[str, ...]:
    return tuple(source.document for source in turn.sources)
