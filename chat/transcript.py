"""A conversation as Markdown that stands on its own: the questions, the answers, and every source with its words.

Pure. What documents and people wrote is shown as it is: it begins no heading, loads nothing and links nowhere.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from chat.plain import harmless, plain
from chat.props import title_of
from chat.words import day, listed
from orchestration.messages import Citation, RunState, Task, TaskResult

_CITED = re.compile(r"\[(\d+)\]\(#cite-[^)\s]*\)")
_WITHOUT_ANSWER: Mapping[RunState, str] = {
    "answered": "",
    "nothing_found": "Nothing was found on this.",
    "failed": "This could not be answered.",
    "cancelled": "This was stopped.",
    "expired": "The time for this ran out.",
}


@dataclass(frozen=True)
class Exchange:
    """A question and what became of it; None where it has no answer (yet)."""

    task: Task
    result: TaskResult | None


def conversation(name: str, exchanges: Iterable[Exchange], titles: Mapping[str, str]) -> str:
    """The whole of it under one heading; ends with a line break."""
    parts = [f"# {plain(name)}", *(exchange(one, titles) for one in exchanges)]
    return "\n\n".join(part.rstrip() for part in parts) + "\n"


def exchange(one: Exchange, titles: Mapping[str, str]) -> str:
    """One question with its answer and its sources; ends with a line break."""
    at = datetime.fromtimestamp(one.task.asked_at, UTC)
    parts = [f"## {plain(one.task.question)}", f"*Asked on {day(at)} at {at:%H:%M} UTC.*"]
    if one.result is None:
        parts.append("*There is no answer to this yet.*")
    else:
        parts += _answer(one.result, titles)
    return "\n\n".join(parts) + "\n"


def _answer(result: TaskResult, titles: Mapping[str, str]) -> list[str]:
    parts = []
    if result.state != "answered":
        parts.append(f"*{plain(result.reason) or _WITHOUT_ANSWER[result.state]}*")
    if text := harmless(_CITED.sub(r"[\1]", result.answer)).strip():
        parts.append(text)
    for conflict in result.conflicts:
        claims = "".join(f"\n- {plain(claim)}" for claim in conflict.claims)
        parts.append(f"Not the same about {plain(conflict.subject)}:\n{claims}\n\n{plain(conflict.settled)}")
    if result.contributed:
        parts.append(f"*Answered by {listed([plain(title_of(agent, titles)) for agent in result.contributed])}.*")
    if result.missing:
        parts.append(f"*Without {listed([plain(title_of(agent, titles)) for agent in result.missing])}.*")
    if result.citations:
        parts.append("### Sources")
        parts += [_source(citation, titles) for citation in result.citations]
    return parts


def _source(citation: Citation, titles: Mapping[str, str]) -> str:
    passage = citation.passage
    page = f"page {passage.page}" if passage.page is not None else ""
    place = ", ".join(filter(None, (plain(passage.section), page, plain(passage.source))))
    quote = "\n".join(f"   > {plain(line)}" for line in citation.quote.splitlines() if line.strip())
    found_by = plain(title_of(citation.agent, titles))
    return f"{citation.number}. **{plain(passage.title)}**, {place}; found by {found_by}\n\n{quote}"
