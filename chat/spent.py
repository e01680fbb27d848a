"""What language models cost an answer, and what they did not do of it, in a person's words. Pure."""

from collections.abc import Iterable, Sequence

from agents import Note, Usage
from agents.marks import doubts
from agents.models import NO_MODEL
from agents.notes import shortfalls
from chat.plain import plain
from chat.wire import Json
from chat.words import Words
from orchestration.messages import Task, TaskResult


def spent_line(usage: Sequence[Usage], words: Words) -> str:
    """All of it in one line; empty where no model was asked."""
    asked = [one for one in usage if one.calls]
    if not asked:
        return ""
    priced = [one.cost for one in asked if one.cost is not None]
    return words.spent(
        [one.model for one in asked],
        sum(one.calls for one in asked),
        sum(one.tokens for one in asked),
        sum(priced) if priced else None,
        any(one.estimated for one in asked),
        len(priced) == len(asked),
    )


def spent_props(task: Task, result: TaskResult, words: Words) -> dict[str, Json]:
    """The line, the notes and what the answer's marks mean, as text; without all three there is nothing to show."""
    line = spent_of(task, result, words)
    notes: list[Json] = [words.noted(shortfall) for shortfall in shortfalls(result.notes)]
    legend: list[Json] = [f"{words.doubt(one)}: {words.about_doubt(one)}" for one in doubts(result.answer)]
    return {"line": line, "notes": notes, "legend": legend} if line or notes or legend else {}


def spent_of(task: Task, result: TaskResult, words: Words) -> str:
    """The line, which says as well that none was asked because that was wished."""
    line = spent_line(result.usage, words)
    return words.as_wished_without_model if task.model == NO_MODEL and not line else line


def spent_rows(result: TaskResult, words: Words) -> list[Json]:
    """Each model by itself."""
    return [
        {
            "model": one.model,
            "told": words.spent_on(
                one.calls, one.tokens_in, one.tokens_out, one.estimated, one.seconds, one.cost
            ),
        }
        for one in result.usage
        if one.calls
    ]  # fmt: skip


def notes_markdown(notes: Iterable[Note], words: Words) -> list[str]:
    """For a step or a file: models have names that people made up."""
    return [plain(words.noted(shortfall)) for shortfall in shortfalls(notes)]
