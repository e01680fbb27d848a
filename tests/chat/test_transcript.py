"""A conversation as Markdown."""

from agents import Note, Usage
from chat.transcript import Exchange, conversation, exchange
from chat.words import ENGLISH
from orchestration.messages import Citation, Conflict, RunState, TaskResult
from tests.chat.events import TITLES, passage, task


def result(state: RunState = "answered", **changes: object) -> TaskResult:
    given: dict[str, object] = {
        "task": "run1",
        "mode": "council",
        "state": state,
        "answer": "Copy the folder. [1](#cite-run1-1)",
        "citations": (Citation(number=1, agent="operations", quote="Copy the folder.", passage=passage()),),
        "contributed": ("operations",),
    }
    return TaskResult.model_validate(given | changes)


def test_a_conversation_with_its_sources() -> None:
    """The numbers of the answer stand before the sources, whose words are there too."""
    asked = task(question="How do I back it up?", asked_at=1_772_000_000.0)
    assert conversation("Backups", [Exchange(asked, result())], TITLES, ENGLISH) == (
        "# Backups\n\n"
        "## How do I back it up?\n\n"
        "*Asked on 25 February 2026 at 06:13 UTC.*\n\n"
        "Copy the folder. [1]\n\n"
        "*Answered by Operations.*\n\n"
        "### Sources\n\n"
        "1. **Backup**, Copying, backup.md; found by Operations\n\n"
        "   > Copy the folder.\n"
    )


def test_what_has_no_answer_says_why() -> None:
    told = exchange(Exchange(task(), result("nothing_found", answer="", citations=(), contributed=())), TITLES, ENGLISH)
    assert told.endswith("*Nothing was found on this.*\n")
    stopped = result("cancelled", answer="", citations=(), reason="You stopped it.", contributed=())
    assert exchange(Exchange(task(), stopped), TITLES, ENGLISH).endswith("*You stopped it.*\n")
    assert exchange(Exchange(task(), None), TITLES, ENGLISH).endswith("*There is no answer to this yet.*\n")


def test_whoever_is_missing_and_what_differs_is_told() -> None:
    conflict = Conflict(subject="the port", claims=("It is 1.", "It is 2."), numbers=(1, 2), settled="Possibly both.")
    told = exchange(Exchange(task(), result(conflicts=(conflict,), missing=("security",))), TITLES, ENGLISH)
    assert "Not the same about the port:\n\n- It is 1.\n- It is 2.\n\nPossibly both." in told
    assert "*Without Security.*" in told


def test_what_a_model_said_without_a_source_stays_marked() -> None:
    """With what the mark means, what was done without a model, and what the others cost."""
    spent = Usage(model="openai:writer", calls=2, tokens_in=1_000, tokens_out=234)
    note = Note(kind="planned_without_model", model="openai:writer", why="budget")
    said = result(answer="It is [uncited](#mark-uncited) <b>so</b>.", citations=(), usage=(spent,), notes=(note,))
    told = exchange(Exchange(task(), said), TITLES, ENGLISH)
    assert "It is (no source) \\<b>so\\</b>." in told
    assert "*no source: The model named no source for this.*" in told
    assert "*Planned without the model: what openai\\:writer may use for this question was used up.*" in told
    assert told.endswith("*openai\\:writer · 2 calls · 1,234 tokens*\n")


def test_words_of_documents_and_people_stay_words() -> None:
    """They begin no heading, load no picture and lead nowhere."""
    quoted = Citation(
        number=1, agent="operations", quote="# Big\n![x](http://evil.example/p.png)", passage=passage(text="x")
    )
    told = exchange(Exchange(task(question="# Hi\n<img src=x>"), result(citations=(quoted,))), TITLES, ENGLISH)
    assert "## \\# Hi \\<img src=x\\>" in told
    assert "   > \\# Big\n   > \\!\\[x\\](http" in told
    assert "http://evil.example" not in told
