"""What in a question points at something said before."""

import pytest

from orchestration.references import Reference, elliptic_subject, is_courtesy, reference
from tests.questions import OUTSIDE

POINTS_BACK = (
    "How long does that take?",
    "Is it encrypted?",
    "How do I undo this later?",
    "What do people notice then?",
    "Why?",
    "How long?",
    "And if it fails?",
    "And leases",
    "And for the workers?",
    "What about operations?",
    "Which one is faster?",
    "How often does a worker renew it?",
    "What should I check before adding one?",
    "Does it need to be restarted?",
    "Can you tell me more?",
    "Warum?",
    "Wie lange dauert das?",
    "Und wenn es fehlschlägt?",
    "Kann ich das ändern?",
)
STANDS_ALONE = (
    "What is a lease?",
    "Chunking",
    "And how do I secure the Redis server?",
    "How long does it take to add a document?",
    "Is it safe to expose the page to the internet?",
    "Can you tell me how long it will take to add a document?",
    "How long does it usually take for a new document to be found?",
    "How long has it been since the last release?",
    "Does a worker renew its lease?",
    "If a document is wrong, how do I remove it?",
    "A worker died while it was answering: what happens to its step?",
    "How do I know that a worker died?",
    "Which rights must the folder have so that nobody can look inside it?",
    "Can someone who cannot use a mouse work with it?",
    "What happens to documents that contain personal data?",
    "Does this application work offline?",
    "How do I give the second machine its own workers?",
    "What can you do?",
    "Why do workers die?",
    "What happens when workers die?",
    "Was ist ein Dokument?",
    "Was passiert mit dem Lease, wenn der Worker stirbt?",
    "Gibt es eine Grenze?",
)


@pytest.mark.parametrize("question", POINTS_BACK)
def test_a_question_without_a_subject_points_back(question: str) -> None:
    """A pronoun that nothing stands before, an ellipsis, or no telling word at all."""
    assert reference(question) == Reference()


@pytest.mark.parametrize("question", STANDS_ALONE)
def test_a_question_with_a_subject_stands_alone(question: str) -> None:
    """Its pronouns have something before them that they mean, or mean nothing ("it takes")."""
    assert reference(question) is None


@pytest.mark.parametrize("question", OUTSIDE)
def test_a_question_about_something_else_stands_alone(question: str) -> None:
    """Twenty ordinary questions that were written for another purpose."""
    assert reference(question) is None


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("And for the second one?", Reference(2)),
        ("How long does the first last?", Reference(1)),
        ("What does the third agent say?", Reference(3, "agent")),
        ("What is in the last document?", Reference(-1, "document")),
        ("What does source 2 say about restarts?", Reference(2, "document")),
        ("Is [3] still true?", Reference(3, "document")),
        ("Why the second part?", Reference(2, "part")),
        ("Is the latter permanent?", Reference(-1)),
        ("Why is the former better for backups?", Reference(1)),
        ("Where does the former head of the team live?", None),
        ("Und bei der zweiten?", Reference(2)),
        ("What is to be done in the first hour?", None),
        ("Is the last file of the log safe?", None),
        ("What does question 5 on the form mean?", None),
        ("What do I clean up first?", None),
    ],
)
def test_one_of_several_is_counted(question: str, expected: Reference | None) -> None:
    """Where something else is first or second, nothing is."""
    assert reference(question) == expected


def test_thanks_ask_nothing() -> None:
    """A short message is no short question."""
    for said in ("thanks", "Thank you very much!", "ok, great", "Danke, super!", "hello"):
        assert is_courtesy(said)
        assert reference(said) is None
    assert not is_courtesy("good backups")


def test_what_is_asked_about_in_passing_is_told() -> None:
    """Only where it is all that is asked."""
    assert elliptic_subject("What about a reload?") == "a reload"
    assert elliptic_subject("And if it fails?") == "if it fails"
    assert elliptic_subject("And if it fails, what do I do?") is None
    assert elliptic_subject("And how do I restore it?") is None
