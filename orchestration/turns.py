"""The last turns of a conversation, from the log of its runs: what a further question may refer to."""

import re

from orchestration.calls import without_mentions
from orchestration.errors import UnknownRun
from orchestration.following import MOST_TURNS
from orchestration.log import Ending, RunLog
from orchestration.messages import Source, Turn

MOST_RUNS = 30
"""So far back it is looked for runs that told something."""
MOST_PARTS = 5
MOST_POINTS = 8
MOST_NAMES = 8
MOST_CHARACTERS = 300
"""Of each text that is carried but the question."""
MOST_OF_THE_QUESTION = 2_000

_CODE = re.compile(r"```.*?```", re.DOTALL)
_LINK = re.compile(r"\[\d+\]\(#cite-[\w-]+\)")
_ESCAPED = re.compile(r"\\([^\w\s])")
_MARKS = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+")
_ASIDE = re.compile(r"\s*(?:>|\*\*.*\*\*\s*$)")
"""A remark on the answer, or a heading in it."""


async def last_turns(log: RunLog, person: str, conversation: str) -> tuple[Turn, ...]:
    """What this person's conversation told last, oldest first. Runs that go on, or told nothing, are passed over."""
    turns: list[Turn] = []
    for run in reversed((await log.runs(person, conversation))[-MOST_RUNS:]):
        try:
            ending = await log.ending(run, person)
            turn = turn_of((await log.task(run, person)).question, ending) if ending is not None else None
        except UnknownRun:
            continue  # Its time in the log was over just now.
        if turn is not None:
            turns.insert(0, turn)
        if len(turns) == MOST_TURNS:
            break
    return tuple(turns)


def turn_of(question: str, ending: Ending) -> Turn | None:
    """A run as a later question may refer to it; None where it told nothing."""
    selection, result = ending.selection, ending.result
    if result.state != "answered" or selection is None:
        return None
    parts = selection.parts
    sources = [
        Source(base=c.passage.base, document=c.passage.document, title=_short(c.passage.title))
        for c in result.citations
        if c.passage.base
    ]
    asked = parts[0].question if len(parts) == 1 else without_mentions(selection.understood or question)
    return Turn(
        question=asked[:MOST_OF_THE_QUESTION],
        parts=tuple(_short(part.question) for part in parts[:MOST_PARTS]) if len(parts) > 1 else (),
        points=tuple(map(_short, _points(result.answer)[:MOST_POINTS])),
        agents=result.contributed[:MOST_NAMES],
        sources=tuple(dict.fromkeys(sources))[:MOST_NAMES],
    )


def _points(answer: str) -> list[str]:
    """The statements of an answer in order, as a person reads them."""
    lines = _CODE.sub("", answer).splitlines()
    said = [
        _MARKS.sub("", _ESCAPED.sub(r"\1", _LINK.sub("", line))).strip() for line in lines if not _ASIDE.match(line)
    ]
    return [line for line in said if line]


def _short(text: str) -> str:
    return text[:MOST_CHARACTERS]
