"""What language models cost an answer, and what they did not do of it, in a person's words. Pure."""

from collections.abc import Sequence

from agents import Note, Usage
from agents.models import NO_MODEL
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
    """The line and the notes, as text; without both there is nothing to show."""
    line = spent_line(result.usage, words)
    if task.model == NO_MODEL and not line:
        line = words.as_wished_without_model
    notes: list[Json] = [note_text(note, words) for note in result.notes]
    return {"line": line, "notes": notes} if line or notes else {}


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


def note_text(note: Note, words: Words) -> str:
    """One sentence, as text."""
    return words.noted(note.kind, note.why, note.model)


def note_markdown(note: Note, words: Words) -> str:
    """The same for a step or a file: models have names that people made up."""
    return plain(note_text(note, words))
