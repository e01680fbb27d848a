"""Documents in, passages out, from the beginning."""

from pathlib import Path

import numpy as np

from knowledge import DIMENSIONS, HashEmbedder, KnowledgeSettings, open_knowledge
from tests.knowledge.asking import ask, put, ready
from tests.knowledge.conftest import BACKUPS, LEASES, Write


async def test_a_question_finds_the_passage_that_answers_it(folder: Path, write: Write) -> None:
    """The catalog names an agent's documents; they are indexed in the background; a search finds them."""
    seeds = {"operations": [write("leases.md", LEASES), write("backups.md", BACKUPS)]}
    async with open_knowledge(folder, KnowledgeSettings(), HashEmbedder(), seeds) as knowledge:
        await knowledge.wait_ready()
        question = "What happens when a worker dies?"
        vector = (await knowledge.embed([question]))[0]
        best = (await knowledge.search(["operations"], question, vector))[0]

    assert best.passage.source == "leases.md"
    assert best.passage.title == "Leases and fences"
    assert best.passage.section == "When a worker dies"
    assert best.passage.text.startswith("The lease ends after thirty seconds")
    assert 0 < best.passage.score <= 1


async def test_a_hit_brings_its_sentences_with_their_vectors(folder: Path, write: Write) -> None:
    """An answerer compares sentences with the question without embedding anything."""
    async with ready(folder, {"operations": [write("leases.md", LEASES)]}) as knowledge:
        best = (await ask(knowledge, "When is a result with an older fence refused?"))[0]
        assert [sentence.text for sentence in best.sentences] == [
            "Every takeover raises the fence by one.",
            "A result with an older fence is refused.",
        ]
        assert [sentence.kind for sentence in best.sentences] == ["item", "item"]
        assert best.vectors.shape == (2, DIMENSIONS)
        again = await knowledge.embed([f"Fences: {sentence.text}" for sentence in best.sentences])
        assert np.allclose(best.vectors, again)


async def test_a_person_adds_a_file_and_finds_it(folder: Path, write: Write) -> None:
    """What is put in is found at once."""
    async with ready(folder) as knowledge:
        results = await put(knowledge, write("backups.md", BACKUPS))
        assert [(result.status, result.title) for result in results] == [("added", "Backups")]
        best = (await ask(knowledge, "How long is a weekly backup kept?"))[0]
        assert best.sentences[1].text == "Kind: weekly; Kept: 3 months"


async def test_a_passage_is_shown_in_its_context(folder: Path, write: Write) -> None:
    """A citation leads to the passage by its id, and to the text around it."""
    async with ready(folder, {"operations": [write("leases.md", LEASES)]}) as knowledge:
        best = (await ask(knowledge, "What happens when a worker dies?"))[0].passage
        found = knowledge.passage("operations", best.id, person="")
        assert found is not None
        assert found.text == best.text
        context = knowledge.context("operations", best.id, person="")
        assert context.startswith("A worker takes a step")
        assert context.endswith("an older fence is refused.")
        assert knowledge.passage("operations", "unknown#0", person="") is None
        assert knowledge.context("operations", "unknown#0", person="") == ""


async def test_the_documents_of_a_base_are_listed(folder: Path, write: Write) -> None:
    """By name, with what a person wants to see of them."""
    seeds = {"operations": [write("leases.md", LEASES), write("backups.md", BACKUPS)]}
    async with ready(folder, seeds) as knowledge:
        listed = knowledge.documents("operations")
        assert [document.source for document in listed] == ["backups.md", "leases.md"]
        assert [document.passages for document in listed] == [2, 3]
        assert knowledge.documents("security") == []
