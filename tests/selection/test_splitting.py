"""A composite question falls into its parts, and a simple one stays whole."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.splitting import MOST_PARTS, split_question

WHOLE = [
    "What is a lease?",
    "How do start and stop work?",
    "Which FAISS index should I use for 200,000 passages?",
    "What is the difference between a lease and a fence?",
    "Which index is fast and can hold a million vectors?",
    "Can you tell me when and where the backup runs?",
    "How and why does a worker die?",
    "How do I open a file and check that it worked?",
    "How do I find and list documents?",
    "If the disk is full, what do I do?",
    "When the worker dies, what happens to the step?",
    "The worker, which died yesterday, was restarted. Why?",
    "I have 200,000 passages (e.g. PDFs). Which index should I use?",
    "Does it work offline, without a model, and on Windows?",
    "How do I stop, and why?",
    "Should I use flat or is HNSW better?",
    "Compare flat and HNSW indexes.",
    "Redis is away. What now?",
    "Why?",
    "backup restore folder",
    "Was ist ein Lease, was passiert dann und wie stoppe ich ihn?",
    "Wie sichere ich den Datenordner, und was ist dabei wichtig?",
]
COMPOSITE = [
    ("How do I start it, and how do I stop it?", ["How do I start it?", "How do I stop it?"]),
    ("What is BM25? When is it better?", ["What is BM25?", "When is it better?"]),
    ("What is a run; how does a step end; is there a limit?",
     ["What is a run?", "How does a step end?", "Is there a limit?"]),
    ("A worker died: what happens to its step, how do I notice, and could another user see the answer?",
     ["What happens to its step?", "How do I notice?", "Could another user see the answer?"]),
    ("A worker died while answering. What happens to its step, and how do I notice?",
     ["What happens to its step?", "How do I notice?"]),
    ("How do I back up the folder, where are the logs, and when does a lease end?",
     ["How do I back up the folder?", "Where are the logs?", "When does a lease end?"]),
    ("Explain leases. List the steps of a backup.", ["Explain leases.", "List the steps of a backup."]),
    ("Show me the agents and explain how they are chosen.", ["Show me the agents.", "Explain how they are chosen."]),
    ("Can you find a paper on sleep and also provide the weather in Rome?",
     ["Can you find a paper on sleep?", "Provide the weather in Rome?"]),
    ("What agents are there, and which of them knows security?",
     ["What agents are there?", "Which of them knows security?"]),
    ("How do I go back to a single agent, and what do people notice?",
     ["How do I go back to a single agent?", "What do people notice?"]),
    ("Can a document leak data, and how is retrieval protected?",
     ["Can a document leak data?", "How is retrieval protected?"]),
    ("Who can read it but who can delete it?", ["Who can read it?", "Who can delete it?"]),
    ("Is it fast, and does it scale?", ["Is it fast?", "Does it scale?"]),
    ("Please answer:\n1. What is a lease?\n2. What is a fence?\n3. Who renews it?",
     ["What is a lease?", "What is a fence?", "Who renews it?"]),
    ("- How do I start the server?\n- How do I stop the server?",
     ["How do I start the server?", "How do I stop the server?"]),
    ("Tell me about leases; show me a fence.", ["Tell me about leases.", "Show me a fence."]),
    ("Why is it slow, what can I do about it, and how do I measure it?",
     ["Why is it slow?", "What can I do about it?", "How do I measure it?"]),
    ("What happens if Redis dies, and how long does it take until it is back?",
     ["What happens if Redis dies?", "How long does it take until it is back?"]),
    ("What is a token, as well as how is it counted?", ["What is a token?", "How is it counted?"]),
]  # fmt: skip


@pytest.mark.parametrize("question", WHOLE)
def test_what_is_one_question_stays_whole(question: str) -> None:
    """Word for word; "and" between nouns or verbs is no cut, and other languages are left alone."""
    assert [part.question for part in split_question(question)] == [question]


@pytest.mark.parametrize(("question", "headings"), COMPOSITE)
def test_what_asks_several_things_is_split(question: str, headings: list[str]) -> None:
    """Each part is headed as the person put it."""
    assert [part.heading for part in split_question(question)] == headings


def test_the_statement_before_the_questions_goes_with_each() -> None:
    """Every agent must know what it is about."""
    parts = split_question("A worker died: what happens to its step, and how do I notice?")
    assert [part.question for part in parts] == [
        "A worker died: what happens to its step?",
        "A worker died: how do I notice?",
    ]


def test_a_part_that_points_back_takes_along_what_it_means() -> None:
    """The nearest clause that stands on its own, also over one that does not."""
    parts = split_question("What is a lease? Who renews it? And when does it end?")
    assert [part.question for part in parts] == [
        "What is a lease?",
        "What is a lease, and who renews it?",
        "What is a lease, and when does it end?",
    ]


def test_a_part_that_says_nothing_alone_takes_along_what_was_asked_before() -> None:
    """ "What do people notice?" could be about anything."""
    parts = split_question("How do I go back to a single agent, and what do people notice?")
    assert parts[1].question == "How do I go back to a single agent, and what do people notice?"


@pytest.mark.parametrize(
    ("question", "builds_on"),
    [
        ("What agents are there, and then which of them know backups?", 0),
        ("What index types are there? Given that, which is fastest?", 0),
        ("How do I start it, and how do I stop it?", None),
    ],
)
def test_only_a_part_that_needs_the_other_answer_waits_for_it(question: str, builds_on: int | None) -> None:
    """Pointing back is not waiting: "it" is in the question already."""
    assert split_question(question)[-1].builds_on == builds_on


def test_many_questions_become_at_most_a_few_parts() -> None:
    """The last part holds the rest."""
    many = " ".join(f"What is thing number {number}?" for number in range(12))
    parts = split_question(many)
    assert len(parts) == MOST_PARTS
    assert "thing number 11" in parts[-1].question


_TYPED = (
    "what how why which who when where is does can and or but then also please show tell explain the a it they lease "
    "worker backup Redis index , ; ? . : - 1. if because und ist \n 200,000"
)
WORDS = st.sampled_from(_TYPED.split(" "))
JOINING = {"and", "or", "but", "then", "also", "plus", "as", "well", "additionally", "finally", "if", "so"}


@given(st.lists(WORDS, min_size=1, max_size=40).map(" ".join))
def test_no_word_is_lost_and_no_part_is_empty(question: str) -> None:
    """Apart from joining words and the numbers of a list, all that a person typed is in some part."""
    parts = split_question(question)
    assert parts
    told = set(re.findall(r"[^\W\d_]+", " ".join(f"{part.heading} {part.question}" for part in parts).lower()))
    assert set(re.findall(r"[^\W\d_]+", question.lower())) - told <= JOINING
    if any(character.isalnum() for character in question):
        assert all(any(c.isalnum() for c in part.question) for part in parts)
        assert all(part.heading for part in parts)


@given(st.text(max_size=200))
def test_any_text_at_all_gives_parts(question: str) -> None:
    """Whatever is typed, nothing breaks."""
    assert 1 <= len(split_question(question)) <= MOST_PARTS
