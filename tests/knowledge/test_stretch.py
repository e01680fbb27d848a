"""Neighbouring passages that are found together are read together."""

from pathlib import Path

import numpy as np
import pytest

from knowledge import HashEmbedder, KnowledgeSettings
from knowledge.chunking import Chunk
from knowledge.passages import Sentence, situated
from knowledge.stretch import covers, joinable, joined, parse_passage_id, passage_id
from tests.knowledge.asking import ask, ready, sources
from tests.knowledge.conftest import Write

SHORT = KnowledgeSettings(chunk_words=20)
"""Passages of two or three sentences."""

TIDES = """# Harbour

## Ebb

Ebb lasts six hours at the pier. The pilot boat stays in until the ebb is over.

Ebb is strongest in the third hour at the pier. Ships wait behind the pilot boat then.

Ebb ends without a sign. Nobody rings a bell.

## Bells

The bell is of bronze, and nobody knows how old it is.
"""
LOCK = "# Lock\n\nThe lock has a pilot, a pier and no ebb.\n"


def chunk(text: str, section: str = "Fees", words: int = 0) -> Chunk:
    """A passage of one sentence, longer by so many words."""
    whole = " ".join([text, *["word"] * words])
    return Chunk(section, 1, whole, (Sentence(whole, 0, "prose"),))


@pytest.fixture
def harbour(write: Write) -> list[Path]:
    """Three passages on the ebb, one on a bell; and another document."""
    return [write("t.md", TIDES), write("lock.md", LOCK)]


async def test_neighbours_are_one_hit(folder: Path, harbour: list[Path]) -> None:
    """The place that is free then goes to the next document; the sentences and their vectors are those of both."""
    async with ready(folder, {"operations": harbour}, settings=SHORT) as known:
        hits = await ask(known, "When does the pilot boat wait at the pier for the ebb?", limit=2)
        assert sorted(sources(hits)) == ["lock.md", "t.md"]
        both = next(hit for hit in hits if hit.passage.source == "t.md")
        assert both.passage.id == f"{both.passage.document}#0-1"
        assert "until the ebb is over.\n\nEbb is strongest" in both.passage.text
        assert [sentence.position for sentence in both.sentences] == [0, 1, 2, 3]
        texts = [situated("Harbour", "Ebb", sentence.text) for sentence in both.sentences]
        assert np.allclose(both.vectors, HashEmbedder().embed(texts))


async def test_whoever_only_ranks_gets_passages_one_by_one(folder: Path, harbour: list[Path]) -> None:
    """How near a base is to a question must not depend on where its documents were cut."""
    async with ready(folder, {"operations": harbour}, settings=SHORT) as known:
        vector = (await known.embed(["the ebb at the pier"]))[0]
        hits = await known.search(["operations"], "the ebb at the pier", vector, sentences=False)
        assert not [hit for hit in hits if "-" in hit.passage.id.rpartition("#")[2]]


async def test_they_are_found_again_by_their_id(folder: Path, harbour: list[Path]) -> None:
    """As one passage, with what stands before and after both of them."""
    async with ready(folder, {"operations": harbour}, settings=SHORT) as known:
        hits = await ask(known, "When does the pilot boat wait at the pier for the ebb?", limit=2)
        both = next(hit.passage for hit in hits if hit.passage.source == "t.md")
        again = known.passage("operations", both.id, person="")
        assert again is not None
        assert (again.text, again.section) == (both.text, "Ebb")
        before, found, after = known.context("operations", both.id, person="").partition(both.text)
        assert (before, found) == ("", both.text)
        assert after.strip() == "Ebb ends without a sign. Nobody rings a bell."
        assert known.passage("operations", f"{both.document}#1-9", person="") is None


def test_a_table_that_goes_on_has_its_head_once() -> None:
    """And its caption; another table keeps its own."""
    first = chunk("Fees in euros:\n\n| Ship | Fee |\n|---|---|\n| tug | 12 |")
    second = chunk("Fees in euros:\n\n| Ship | Fee |\n|---|---|\n| ferry | 30 |\n\nAll of them yearly.")
    other = chunk("| Bell | Weight |\n|---|---|\n| old | 9 |")
    both = joined([first, second])
    assert both.text == (
        "Fees in euros:\n\n| Ship | Fee |\n|---|---|\n| tug | 12 |\n| ferry | 30 |\n\nAll of them yearly."
    )
    assert joined([first, other]).text == f"{first.text}\n\n{other.text}"


@pytest.mark.parametrize(
    ("chunks", "may"),
    [
        ([chunk("One.", words=180), chunk("Two.", words=180)], True),
        ([chunk("One."), chunk("Two."), chunk("Three.")], True),
        ([chunk("One.", words=90), chunk("Two.", words=90), chunk("Three.", words=90)], False),
        ([chunk("One."), chunk("Two."), chunk("Three."), chunk("Four.")], False),
        ([chunk("One."), chunk("Two.", section="Bells")], False),
    ],
)
def test_a_hit_stays_readable(chunks: list[Chunk], may: bool) -> None:
    """Two passages, three where they are short, and never across a heading."""
    assert joinable(chunks) is may


@pytest.mark.parametrize(
    ("id", "parsed"),
    [
        ("doc#3", ("doc", range(3, 4))),
        ("doc#3-4", ("doc", range(3, 5))),
        ("a#b#3", ("a#b", range(3, 4))),
        ("doc#4-3", None),
        ("doc#-3", None),
        ("doc#", None),
        ("doc", None),
        ("doc#٣", None),
    ],
)
def test_ids(id: str, parsed: tuple[str, range] | None) -> None:
    """One passage, several, and what is no id."""
    assert parse_passage_id(id) == parsed
    if parsed is not None:
        assert passage_id(*parsed) == id


def test_a_passage_may_be_part_of_another() -> None:
    """By their ids alone."""
    assert covers("doc#3-4", "doc#4")
    assert not covers("doc#4", "doc#3-4")
    assert not covers("doc#3-4", "doc#4-5")
    assert not covers("doc#3-4", "other#4")
