"""Every error that can reach a person has its sentence, in both languages; none shows what the error says itself."""

import re
from collections.abc import Iterator

import pytest

from agents.errors import (
    AgentError,
    AnswerFailed,
    CatalogError,
    ModelFailed,
    ModelMisconfigured,
    ToolFailed,
    ToolMisconfigured,
    UnknownAgent,
    UnknownModel,
)
from chat import errors as of_the_chat
from chat.errors import ChatError
from chat.german import GERMAN
from chat.words import ENGLISH
from history import errors as of_history
from knowledge import errors as of_knowledge
from knowledge.errors import KnowledgeError
from orchestration import errors as of_orchestration
from orchestration.errors import ConfigurationError, InvalidTask, RoundtableError

SECRET = "ERR /srv/data XADD"
"""What no page may show."""

NEVER_SEEN: set[type[Exception]] = {
    AgentError,
    ChatError,
    KnowledgeError,
    RoundtableError,
    # The server does not start with these, so there is no page.
    CatalogError,
    ConfigurationError,
    ModelMisconfigured,
    ToolMisconfigured,
    # A model is told, which goes on without the tool.
    ToolFailed,
    # Of the terminal, or between processes.
    of_orchestration.UnknownDeadLetter,
    of_orchestration.UnsupportedMessage,
    of_orchestration.Forged,
    of_orchestration.ForgedPart,
    of_orchestration.UnreadableRun,
    of_orchestration.Forgotten,
    of_orchestration.Superseded,
}
"""Errors without a sentence of their own, and why."""

SEEN: tuple[Exception, ...] = (
    UnknownAgent(SECRET, "garten", "garden"),
    UnknownModel(SECRET),
    ModelFailed("local:small", "timeout", 20.0),
    AnswerFailed(SECRET),
    of_the_chat.NotStarted(SECRET),
    of_the_chat.NotAllowed(SECRET),
    of_the_chat.UnknownCitation(SECRET),
    of_the_chat.UnknownDelivery(SECRET),
    of_the_chat.TooManyOpen(SECRET),
    of_the_chat.TooManyFiles(20),
    of_the_chat.AskedTwice("Operations"),
    of_the_chat.NotAskedAgain(),
    of_the_chat.BrokenFile(),
    of_the_chat.BrokenDelivery(),
    of_the_chat.BrokenOff(),
    of_history.HistoryError(SECRET),
    of_history.UnusableHistory(SECRET),
    of_history.HistoryFull(SECRET),
    of_history.HistoryUnavailable(SECRET),
    of_history.UnknownConversation(SECRET),
    of_knowledge.KnowledgeUnavailable(SECRET),
    of_knowledge.ModelUnavailable(SECRET),
    of_knowledge.UnreadableDocument("The table is damaged in line 3."),
    of_knowledge.ReadingTooLong(60.0),
    of_knowledge.ReaderDied(SECRET),
    of_knowledge.UnknownDocument(SECRET),
    of_knowledge.NameTaken(SECRET, "backup.md"),
    of_knowledge.RecordUnavailable(SECRET),
    of_knowledge.InvalidBase(SECRET),
    of_knowledge.StorageError(SECRET),
    of_knowledge.StorageFull(SECRET),
    of_knowledge.StorageDamaged(SECRET),
    InvalidTask(SECRET),
    of_orchestration.EmptyQuestion(SECRET),
    of_orchestration.QuestionTooLong(9_000, 8_000),
    of_orchestration.UnreadableQuestion(),
    of_orchestration.AskedBefore(),
    of_orchestration.InvalidPlan(SECRET),
    of_orchestration.EmptyPlan(),
    of_orchestration.TooManyQuestions(9, 6),
    of_orchestration.AgentGone(1, "garden"),
    of_orchestration.AgentAway(1, "Garden"),
    of_orchestration.WaitsForLater(2),
    of_orchestration.AsksTheSame(1, 2, "Garden"),
    of_orchestration.UnaskableStep(2, of_orchestration.EmptyQuestion(SECRET)),
    of_orchestration.NotAwaiting(SECRET),
    of_orchestration.UnknownRun(SECRET),
    of_orchestration.EngineUnavailable(SECRET),
    of_orchestration.Overloaded(SECRET, 12.0),
    of_orchestration.Halted(SECRET),
)
UNEXPECTED = ZeroDivisionError(SECRET)


def kinds(root: type[Exception]) -> Iterator[type[Exception]]:
    yield root
    for kind in root.__subclasses__():
        yield from kinds(kind)


def test_no_kind_of_error_is_forgotten() -> None:
    """A new one fails here until it has an example above, or a reason to have none."""
    roots = (AgentError, ChatError, KnowledgeError, RoundtableError)
    there = {
        kind for root in roots for kind in kinds(root) if kind.__module__.endswith(".errors")
    }  # A test may make one of its own.
    assert there == {type(error) for error in SEEN} | NEVER_SEEN


@pytest.mark.parametrize("error", SEEN, ids=lambda error: type(error).__name__)
def test_it_is_said_in_both_languages(error: Exception) -> None:
    """Not as something unexpected, and not in the other language."""
    english, german = ENGLISH.trouble(error), GERMAN.trouble(error)
    assert english != ENGLISH.trouble(UNEXPECTED)
    assert german != GERMAN.trouble(UNEXPECTED)
    assert english != german
    assert SECRET not in english + german
    assert not re.search(r"\b(run|attempt|thread|worker|Redis|Lauf|Worker|du|dein\w*)\b", english + german)
    assert not re.search(r"\b(the|is|not|please)\b", german)


def test_what_nobody_expected_shows_nothing_of_itself() -> None:
    assert SECRET not in ENGLISH.trouble(UNEXPECTED) + GERMAN.trouble(UNEXPECTED)
