"""The vectors of sentences: a document answers before they are made, and an answer never lacks them."""

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from knowledge import HashEmbedder, KnowledgeSettings, Matrix, open_knowledge
from knowledge.lock import FolderLock
from knowledge.passages import situated
from tests.knowledge.asking import ask, put, ready
from tests.knowledge.conftest import BACKUPS, LEASES, CountingEmbedder, Write

QUESTION = "How long are daily backups kept?"


class GatedSentences(CountingEmbedder):
    """Embeds a sentence of a document only while the gate is open; what a question needs waits for nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.at_a_sentence = threading.Event()
        self.gate = threading.Event()

    def embed(self, texts: Sequence[str]) -> Matrix:
        if any("Another worker then takes" in text and "\n" not in text for text in texts):
            self.at_a_sentence.set()
            self.gate.wait()
        return super().embed(texts)


def stored_sentences(folder: Path) -> Path:
    """The file of the only document's."""
    [path] = folder.glob("operations/team/documents/*/sentences.npy")
    return path


async def test_a_document_is_found_before_its_sentences_are_embedded(folder: Path, write: Write) -> None:
    """Its passages are enough to find it; whoever only ranks does not wait for more."""
    embedder = GatedSentences()
    async with open_knowledge(folder, KnowledgeSettings(), embedder, {}) as knowledge:
        await knowledge.wait_ready()
        vector = (await knowledge.embed(["the lease of a dead worker"]))[0]
        [added] = await put(knowledge, write("leases.md", LEASES))
        await asyncio.to_thread(embedder.at_a_sentence.wait)
        hits = await knowledge.search(["operations"], "the lease of a dead worker", vector, sentences=False)
        assert added.status == "added"
        assert hits[0].passage.source == "leases.md"
        embedder.gate.set()
        await knowledge.sentences.settled()


async def test_an_answer_never_lacks_them(folder: Path, write: Write, embedder: CountingEmbedder) -> None:
    """What leisure has not come to is made for the question, kept, and not made again."""
    async with ready(folder, {"operations": [write("backups.md", BACKUPS)]}, embedder):
        pass
    stored = stored_sentences(folder)
    np.save(stored, np.zeros_like(np.load(stored)))  # as a process leaves it that is killed before it has leisure
    with FolderLock(folder / ".seeding.lock").held():  # another process seeds: this one has no leisure until it is done
        async with open_knowledge(folder, KnowledgeSettings(), embedder, {}) as knowledge:
            [hit, *_] = await ask(knowledge, QUESTION, "operations")
            texts = [situated(hit.passage.title, hit.passage.section, sentence.text) for sentence in hit.sentences]
            assert np.allclose(hit.vectors, HashEmbedder().embed(texts))
            embedder.texts.clear()
            await ask(knowledge, QUESTION, "operations")
            assert embedder.texts == [QUESTION]


async def test_the_next_start_goes_on_where_a_killed_process_stopped(
    folder: Path, write: Write, embedder: CountingEmbedder
) -> None:
    """Only the rows that lack are made."""
    seeds = {"operations": [write("backups.md", BACKUPS)]}
    async with ready(folder, seeds, embedder):
        pass
    stored = stored_sentences(folder)
    whole = np.load(stored)
    partly = whole.copy()
    partly[1:] = 0
    np.save(stored, partly)
    embedder.texts.clear()
    async with ready(folder, seeds, embedder):
        assert np.allclose(np.load(stored), whole)
    assert len(embedder.texts) == 1 + len(whole) - 1, "the warm-up and what lacked"
