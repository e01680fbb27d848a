"""The order of the passages, over one base and several."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.index import DenseIndex
from knowledge.lexical import terms
from knowledge.passages import DIMENSIONS
from tests.knowledge.asking import ask, put, ready, sources
from tests.knowledge.conftest import BACKUPS, LEASES, Write


async def test_several_bases_are_merged_by_score(folder: Path, write: Write) -> None:
    """The best passages come first whichever base they are in: no base gets a place for being there."""
    leases = [write(f"lease-{n}.md", f"# Lease {n}\n\nThe lease of worker {n} ends at noon.\n") for n in range(6)]
    garden = [write(f"garden-{n}.md", f"# Garden {n}\n\nRoses of bed {n} are red.\n") for n in range(6)]
    async with ready(folder, {"operations": leases, "garden": garden}) as knowledge:
        hits = await ask(knowledge, "When does the lease of a worker end?", "garden", "operations")
        assert {hit.passage.base for hit in hits} == {"operations"}
        assert [hit.rank_score for hit in hits] == sorted((hit.rank_score for hit in hits), reverse=True)


async def test_a_rare_word_counts_more_than_a_common_one(folder: Path, write: Write) -> None:
    """`lexical` is the share of the question's words that occur, by how much each one tells."""
    notes = [write(f"n{n}.md", f"# Note {n}\n\nThe server is number {n}.\n") for n in range(9)]
    rare = write("rare.md", "# Rare\n\nThe zebrafish lives here.\n")
    async with ready(folder, {"operations": [*notes, rare]}) as knowledge:
        hits = await ask(knowledge, "What is the zebrafish server?", limit=10)
        shares = {hit.passage.source: hit.lexical for hit in hits}
        assert 0 < shares["n0.md"] < 0.5 < shares["rare.md"] < 1
        everything = (await ask(knowledge, "Where is the zebrafish living?"))[0]
        assert everything.lexical == pytest.approx(1.0)  # stems agree, and "where is the" says nothing
        nothing = await ask(knowledge, "quaternion cohomology")
        assert all(hit.lexical == 0 for hit in nothing)


async def test_a_near_duplicate_is_left_out(folder: Path, write: Write) -> None:
    """A copy under another name adds nothing; a copy that differs in one number contradicts, and stays."""
    copy = write("copy.md", LEASES.replace("thirty seconds", "*thirty*  seconds"))
    other = write("other.md", LEASES.replace("thirty seconds", "ninety seconds"))
    async with ready(folder, {"operations": [write("leases.md", LEASES), copy, other]}) as knowledge:
        hits = await ask(knowledge, "When does the lease end without a heartbeat?", limit=20)
        dying = [hit.passage.text for hit in hits if hit.passage.section == "When a worker dies"]
        assert len(dying) == 2
        assert len({"ninety" in text for text in dying}) == 2
        assert len(hits) == 4


async def test_what_a_conversation_is_about_comes_forward(folder: Path, write: Write) -> None:
    """Among what is about as good; what answers better stays where it is, and nothing is left out."""
    notes = [write(f"n{n}.md", f"# Note {n}\n\nThe server of house {n} is restarted at night.\n") for n in range(6)]
    best = write("best.md", "# Zebrafish\n\nThe zebrafish server is restarted at noon.\n")
    async with ready(folder, {"operations": [*notes, best]}) as knowledge:
        question = "When is the zebrafish server restarted?"
        plain = await ask(knowledge, question, limit=10)
        last = plain[-1].passage
        vector = (await knowledge.embed([question]))[0]
        preferred = await knowledge.search(["operations"], question, vector, limit=10, prefers=[last.document])
        assert sources(plain)[0] == sources(preferred)[0] == "best.md"
        assert sources(preferred).index(last.source) < sources(plain).index(last.source)
        assert set(sources(preferred)) == set(sources(plain))


async def test_how_much_a_word_tells_is_known_from_the_passages(folder: Path, write: Write) -> None:
    """The fewer have it, the more; what none has tells nothing, and neither does what only another person has."""
    notes = [write(f"n{n}.md", f"# Note {n}\n\nThe server is number {n}.\n") for n in range(9)]
    rare = write("rare.md", "# Rare\n\nThe zebrafish lives here.\n")
    own = write("own.md", "# Own\n\nMy quagga lives here.\n")
    async with ready(folder, {"operations": [*notes, rare]}) as knowledge:
        await put(knowledge, own, person="ben")
        words = ["zebrafish", "Servers", "quagga", "the"]
        told = await knowledge.rarity(["operations"], words)
        assert told["zebrafish"] > told["Servers"] > told["quagga"] == told["the"] == 0.0
        assert (await knowledge.rarity(["operations"], words, person="ben"))["quagga"] > 0


async def test_the_limit_and_the_setting(folder: Path, write: Write) -> None:
    """A search gives as many as asked for, or as the settings say."""
    async with ready(folder, {"operations": [write("a.md", LEASES), write("b.md", BACKUPS)]}) as knowledge:
        assert len(await ask(knowledge, "lease backup", limit=2)) == 2
        vector = (await knowledge.embed(["lease"]))[0]
        assert len(await knowledge.search(["operations"], "lease", vector)) == 5


async def test_a_question_without_words_and_a_base_without_documents(folder: Path, write: Write) -> None:
    """Nothing breaks, and nothing is invented."""
    async with ready(folder, {"operations": [write("leases.md", LEASES)], "empty": []}) as knowledge:
        assert await ask(knowledge, "lease", "empty", "never-heard-of") == []
        assert sources(await ask(knowledge, "???", "operations", "empty")) == ["leases.md"] * 3
        assert sources(await ask(knowledge, 'lease AND ("dies', "operations"))[0] == "leases.md"


def test_content_words() -> None:
    """Stemmed, folded, and without what every question has."""
    assert terms("How do the Résumés of WORKERS differ?") == ["resum", "worker", "differ"]


@settings(derandomize=True, deadline=None, database=None)
@given(st.integers(1, 30), st.integers(0, 2**32 - 1))
def test_the_dense_index_agrees_with_numpy(count: int, seed: int) -> None:
    """After removals and additions, restricted or not, it ranks by inner product."""
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(2 * count, DIMENSIONS)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = np.arange(2 * count, dtype=np.int64)
    removed = rows[: count // 2]
    index = DenseIndex.of(rows[:count], vectors[:count]).changed(removed, rows[count:], vectors[count:])
    index = DenseIndex.from_bytes(index.to_bytes())
    allowed = random.random(2 * count) < 0.5
    expected = [row for row in np.argsort(-(vectors @ vectors[-1])) if row not in removed and allowed[row]]
    found = index.search(vectors[-1], 2 * count, allowed)
    assert [row for row, _ in found] == expected
    assert np.allclose(index.vectors(rows[count:]), vectors[count:])


def test_a_foreign_file_is_not_an_index() -> None:
    """The cache is thrown away instead of being believed."""
    with pytest.raises(ValueError, match="not a FAISS index"):
        DenseIndex.from_bytes(b"nonsense")


def report(company: str, quarter: str, *, margin: int) -> str:
    """A short quarterly report: running text, and a table with the amounts."""
    return (
        f"# {quarter}\n\nQuarterly report of {company}, Inc.\n\n"
        "## Risks\n\nThe gross margin of a quarter may fall.\n\n"
        "## Results\n\n| (in millions) | Three months |\n|---|---|\n"
        f"| Gross margin | {margin} |\n| Total sales | 900 |\n"
    )


@pytest.fixture
def reports(write: Write) -> list[Path]:
    """Two quarters of two companies, and a document that says of which it is neither by name nor in its text."""
    return [
        write("2023 Q1 A.md", report("Acme", "2023 Q1", margin=11)),
        write("2023 Q2 A.md", report("Acme", "2023 Q2", margin=12)),
        write("2023 Q1 B.md", report("Bolt", "2023 Q1", margin=21)),
        write("2023 Q2 B.md", report("Bolt", "2023 Q2", margin=22)),
        write("glossary.md", "# Glossary\n\nGross margin is what is left of sales.\n"),
    ]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("What was the gross margin of Bolt in Q1 2023?", "2023 Q1 B.md"),
        ("What was the gross margin of Acme in the second quarter of 2023?", "2023 Q2 A.md"),
        ("What was Acme's gross margin in its latest report?", "2023 Q2 A.md"),
    ],
)
async def test_a_company_and_a_period_choose_the_document(
    folder: Path, reports: list[Path], question: str, first: str
) -> None:
    """What is of another company or quarter comes last; what does not say so may come."""
    async with ready(folder, {"operations": reports}) as knowledge:
        found = sources(await ask(knowledge, question, limit=4))
        assert found[0] == first
        assert set(found[:3]) == {first, "glossary.md"}


async def test_a_question_over_time_looks_into_every_period(folder: Path, reports: list[Path]) -> None:
    """Each report of the company has its share of the places."""
    async with ready(folder, {"operations": reports}) as knowledge:
        found = sources(await ask(knowledge, "How has the gross margin of Bolt changed over time?", limit=2))
        assert set(found) == {"2023 Q1 B.md", "2023 Q2 B.md"}


async def test_amounts_are_looked_for_in_tables(folder: Path, reports: list[Path]) -> None:
    """A question for a number finds the table before the text that only speaks of it."""
    async with ready(folder, {"operations": reports}) as knowledge:
        (hit,) = await ask(knowledge, "How much was the gross margin of Acme in Q1 2023?", limit=1)
        assert "| Gross margin | 11 |" in hit.passage.text


async def test_the_parts_of_a_question_want_different_documents(folder: Path, reports: list[Path]) -> None:
    """Each sentence chooses its own; they take turns."""
    async with ready(folder, {"operations": reports}) as knowledge:
        question = "What was the gross margin of Acme in Q1 2023? And what was the gross margin of Bolt in Q2 2023?"
        found = sources(await ask(knowledge, question, limit=2))
        assert found == ["2023 Q1 A.md", "2023 Q2 B.md"]


async def test_a_passage_leads_to_the_document_that_it_names(folder: Path, write: Write) -> None:
    """The second step of "the author of the book that": its words are in no question."""
    book = write("book.md", "# The Blue Door\n\nThe Blue Door is a novel by Maria Keller about a lighthouse.\n")
    author = write("author.md", "# Maria Keller\n\nShe was born in Oslo.\n")
    others = [
        write(f"n{n}.md", f"# Person {n}\n\nA woman of number {n} was born by the sea near a town.\n")
        for n in range(20)
    ]
    async with ready(folder, {"operations": [book, author, *others]}) as knowledge:
        found = sources(await ask(knowledge, "Where was the author of the novel about a lighthouse born?", limit=3))
        assert {"book.md", "author.md"} <= set(found)


async def test_words_count_alike_in_every_base(folder: Path, write: Write) -> None:
    """How rare a word is shows over all bases asked: in a base with one document every word is rare."""
    common = [write(f"c{n}.md", f"# Note {n}\n\nThe pump and the valve of house {n}.\n") for n in range(12)]
    both = write("both.md", "# Both\n\nThe zebra has a pump.\n")
    alone = write("alone.md", "# Alone\n\nThe pump and again the pump.\n")
    async with ready(folder, {"operations": [*common, both], "garden": [alone]}) as knowledge:
        found = await ask(knowledge, "zebra pump", "operations", "garden", limit=2)
        assert sources(found)[0] == "both.md"


@pytest.fixture
def letters(write: Write) -> list[Path]:
    """The same matter in an e-mail, a table and a note."""
    mail = "From: Ana <ana@example.org>\nTo: Ben <ben@example.org>\nSubject: The pump\n\nThe pump arrives on Friday.\n"
    return [
        write("pump.eml", mail),
        write("pump.csv", "thing,arrives\npump,Tuesday\n"),
        write("pump.md", "# The pump\n\nThe pump arrives on Monday, says everybody: the pump arrives.\n"),
    ]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("When does the pump arrive?", "pump.md"),
        ("Which e-mail says when the pump arrives?", "pump.eml"),
        ("When does the pump arrive according to the spreadsheet?", "pump.csv"),
        ("Was steht in der E-Mail über the pump?", "pump.eml"),
        ("When does the pump arrive according to the slides?", "pump.md"),
    ],
)
async def test_a_kind_of_file_comes_first(folder: Path, letters: list[Path], question: str, first: str) -> None:
    """The others follow; where there is no such file nothing changes."""
    async with ready(folder, {"operations": letters}) as knowledge:
        found = sources(await ask(knowledge, question, limit=3))
        assert found[0] == first
        assert len(found) == 3
