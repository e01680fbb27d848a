"""A conversation as Markdown that stands on its own: the questions, the answers, and every source with its words.

Pure. What documents and people wrote is shown as it is: it begins no heading, loads nothing and links nowhere.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from agents.marks import doubts, marked
from chat.plain import harmless, plain
from chat.props import title_of
from chat.spent import notes_markdown, spent_of
from chat.words import Words
from orchestration.document import plain_citations
from orchestration.messages import Citation, Task, TaskResult


@dataclass(frozen=True)
class Exchange:
    """A question and what became of it; None where it has no answer (yet)."""

    task: Task
    result: TaskResult | None


def conversation(name: str, exchanges: Iterable[Exchange], titles: Mapping[str, str], words: Words) -> str:
    """The whole of it under one heading; ends with a line break."""
    parts = [f"# {plain(name)}", *(exchange(one, titles, words) for one in exchanges)]
    return "\n\n".join(part.rstrip() for part in parts) + "\n"


def exchange(one: Exchange, titles: Mapping[str, str], words: Words) -> str:
    """One question with its answer and its sources; ends with a line break."""
    at = datetime.fromtimestamp(one.task.asked_at, UTC)
    parts = [f"## {plain(one.task.question)}", f"*{words.asked_on(at)}*"]
    if one.result is None:
        parts.append(f"*{words.still_answered}*")
    else:
        parts += _answer(one.task, one.result, titles, words)
    return "\n\n".join(parts) + "\n"


def _answer(task: Task, result: TaskResult, titles: Mapping[str, str], words: Words) -> list[str]:
    parts = []
    if result.state != "answered":
        parts.append(f"*{words.exported_without(result.state, plain(words.reason(result.reason)))}*")
    told = words.nothing_found(result.answer) if result.state == "nothing_found" else result.answer
    if text := harmless(plain_citations(marked(told, lambda doubt: f"({words.doubt(doubt)})"))).strip():
        parts.append(text)
    parts += [f"*{words.doubt(doubt)}: {words.about_doubt(doubt)}*" for doubt in doubts(told)]
    for conflict in result.conflicts:
        claims = "".join(f"\n- {plain(claim)}" for claim in conflict.claims)
        parts.append(f"{words.not_the_same(plain(conflict.subject))}\n{claims}\n\n{plain(conflict.settled)}")
    if result.contributed:
        parts.append(f"*{words.answered_by([plain(title_of(agent, titles)) for agent in result.contributed])}*")
    if result.missing:
        parts.append(f"*{words.without([plain(title_of(agent, titles)) for agent in result.missing])}*")
    parts += _of_models(task, result, words)
    if result.citations:
        parts.append(f"### {words.sources}")
        parts += [_source(citation, titles, words) for citation in result.citations]
    return parts


def _of_models(task: Task, result: TaskResult, words: Words) -> list[str]:
    """What they did not do, and what they cost."""
    told = notes_markdown(result.notes, words)
    if line := spent_of(task, result, words):
        told.append(plain(line))
    return [f"*{one}*" for one in told]


def _source(citation: Citation, titles: Mapping[str, str], words: Words) -> str:
    passage = citation.passage
    page = words.page(passage.page) if passage.page is not None else ""
    place = ", ".join(filter(None, (plain(passage.section), page, plain(passage.source))))
    quote = "\n".join(f"   > {plain(line)}" for line in citation.quote.splitlines() if line.strip())
    found_by = words.found_by(plain(title_of(citation.agent, titles)))
    return f"{citation.number}. **{plain(passage.title)}**, {place}; {found_by}\n\n{quote}"
