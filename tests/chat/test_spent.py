"""What models cost an answer and what they did not do, in the reader's words."""

from itertools import product
from typing import get_args

import pytest

from agents import Note, Usage
from agents.errors import Why
from agents.models import NO_MODEL
from agents.notes import NoteKind, Shortfall, shortfalls
from chat.detail import reduced
from chat.german import GERMAN
from chat.picture import draw
from chat.spent import spent_line, spent_props, spent_rows
from chat.story import Story, tell
from chat.wire import Detail, Picture
from chat.words import ENGLISH, Words
from orchestration.messages import Answer, Finished, Selected
from tests.chat.events import (
    OPERATIONS,
    RUN,
    SECURITY,
    TITLES,
    accepted,
    answer,
    finished,
    planned,
    recorded,
    selected,
    task,
)

WRITER = Usage(model="openai:writer", calls=2, tokens_in=1_200, tokens_out=34, seconds=2.5, cost=0.0021)
LOCAL = Usage(model="ollama:small", calls=1, tokens_in=500, tokens_out=100, seconds=0.4, estimated=True)


def test_one_line_says_all_of_it() -> None:
    """By which models, how often, how much; what is not known exactly says so."""
    assert spent_line([WRITER], ENGLISH) == "openai:writer · 2 calls · 1,234 tokens · cost 0.0021"
    assert spent_line([WRITER], GERMAN) == "openai:writer · 2 Aufrufe · 1.234 Token · Kosten 0,0021"
    both = "openai:writer and ollama:small · 3 calls · about 1,834 tokens · cost about 0.0021"
    assert spent_line([WRITER, LOCAL], ENGLISH) == both
    exact = LOCAL.model_copy(update={"estimated": False})
    assert spent_line([WRITER, exact], ENGLISH).endswith("cost at least 0.0021"), "one of them has no price"
    assert spent_line([LOCAL], ENGLISH) == "ollama:small · 1 call · about 600 tokens"
    assert spent_line([], ENGLISH) == spent_line([Usage(model="a:b")], ENGLISH) == ""


@pytest.mark.parametrize(
    ("cost", "written"), [(0.0, "0.00"), (0.000213, "0.00021"), (0.0421, "0.042"), (0.4, "0.40"), (12.345, "12.35")]
)
def test_small_amounts_keep_two_figures(cost: float, written: str) -> None:
    """A cent is not the smallest of coins here."""
    assert ENGLISH.money(cost) == written


@pytest.mark.parametrize("words", [ENGLISH, GERMAN], ids=lambda words: words.code)
def test_every_note_has_words(words: Words) -> None:
    """Each kind with each reason, and no two alike: a new one without words fails here."""
    combinations = [Shortfall("openai:x", why, (kind,)) for kind, why in product(get_args(NoteKind), get_args(Why))]
    told = [words.noted(shortfall) for shortfall in combinations]
    assert len(set(told)) == len(combinations)
    assert all("openai:x" in sentence and sentence.endswith(".") for sentence in told)


def test_what_has_one_reason_is_one_sentence() -> None:
    """A model that is away is so for everybody."""
    kinds: tuple[NoteKind, ...] = ("planned_without_model", "answered_without_model", "written_without_model")
    away = [Note(kind=kind, model="openai:x", why="unreachable") for kind in (*kinds, *kinds)]
    told = shortfalls([*away, Note(kind=kinds[1], model="openai:x", why="budget")])
    assert [ENGLISH.noted(one) for one in told] == [
        "Planned, answered and put together without the model: openai:x cannot be reached.",
        "Answered without the model: what openai:x may use for this question was used up.",
    ]
    assert GERMAN.noted(told[0]).startswith("Ohne das Modell geplant, beantwortet und zusammengesetzt: ")


def drawn(detail: Detail, *, words: Words = ENGLISH, model: str = "", step_note: Note | None = None) -> Picture:
    """A run in which two models worked, and one did not answer."""
    note = Note(kind="planned_without_model", model="openai:writer", why="timeout")
    chosen = selected("operations", "security")
    choice = chosen.selection.model_copy(update={"note": note})
    done = finished(OPERATIONS)
    done = Finished(run=RUN, step=done.step, attempt=1, result=done.result.model_copy(update={"note": step_note}))
    end = answer()
    result = end.result.model_copy(update={"usage": (WRITER, LOCAL), "notes": (note,)})
    events = (
        accepted(model=model), Selected(run=RUN, selection=choice), planned(), done, finished(SECURITY),
        Answer(run=RUN, result=result),
    )  # fmt: skip
    story = Story(RUN)
    for event in recorded(*events):
        story = tell(story, event)
    return reduced(draw(story, TITLES, words), detail)


def test_the_line_is_under_every_answer_and_its_parts_where_everything_is_seen() -> None:
    """With what a model did not do, in every detail."""
    shown = [element.props for element in drawn("answer").elements if element.name == "Spent"]
    assert shown == [
        {
            "line": "openai:writer and ollama:small · 3 calls · about 1,834 tokens · cost about 0.0021",
            "notes": ["Planned without the model: openai:writer was silent for too long."],
            "legend": [],
        }
    ]
    whole = [element.props for element in drawn("everything").elements if element.name == "Spent"]
    assert whole[1]["rows"] == [
        {"model": "openai:writer", "told": "2 calls, 1,200 tokens in, 34 out, 2.5 s, cost 0.0021"},
        {"model": "ollama:small", "told": "1 call, about 500 tokens in, 100 out, 0.4 s"},
    ]


def test_each_step_says_what_it_did_without() -> None:
    """Where it happened: the selection its own, an agent its own."""
    note = Note(kind="answered_without_model", model="openai:*writer*", why="budget")
    steps = {step.name: step.output for step in drawn("agents", step_note=note).steps}
    assert "Planned without the model: openai" in steps["Selection"]
    told = next(text for name, text in steps.items() if name.startswith("Operations"))
    assert "\\*writer\\*" in told, "a model's name is data"
    assert "used up" in told


def test_who_wished_no_model_reads_that_there_was_none() -> None:
    """And nothing is said where nothing was wished and none was asked."""
    wished = task(model=NO_MODEL)
    assert spent_props(wished, answer().result, ENGLISH)["line"] == ENGLISH.as_wished_without_model
    assert spent_props(task(), answer().result, ENGLISH) == {}
    assert spent_rows(answer().result, ENGLISH) == []


def test_what_the_marks_of_an_answer_mean_is_under_it() -> None:
    """For whoever cannot point at them."""
    doubtful = answer(text="So [unsupported](#mark-unsupported), and so [unsupported](#mark-unsupported).").result
    legend = ["not in its source: The source that the model named was not found to say this."]
    assert spent_props(task(), doubtful, ENGLISH)["legend"] == legend


def test_who_planned_is_said() -> None:
    """Where it is said who was chosen."""
    chosen = selected("operations")
    by = chosen.selection.model_copy(update={"planned_by": "openai:plan*ner*"})
    story = Story(RUN)
    for event in recorded(accepted(), Selected(run=RUN, selection=by)):
        story = tell(story, event)
    assert next(s for s in draw(story, TITLES).steps if s.name == "Selection").output.endswith(
        "*Planned by openai\\:plan\\*ner\\*.*"
    )
