"""Texts to vectors: the contract of an embedder, the thread they share, and what is kept."""

import asyncio
import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from knowledge import DIMENSIONS, Embedder, HashEmbedder, KnowledgeUnavailable, Matrix, MiniLM, ModelUnavailable
from knowledge.embedding_thread import EmbeddingThread, Urgency
from tests.knowledge.asking import ready
from tests.knowledge.conftest import CountingEmbedder


@pytest.fixture(scope="module", params=["words", "torch", "export"])
def any_embedder(request: pytest.FixtureRequest, exports: Path) -> Embedder:
    """Each implementation; the model is loaded once for all its tests."""
    made: dict[str, Embedder] = {"words": HashEmbedder(), "torch": MiniLM(), "export": MiniLM(exports=exports)}
    return made[request.param]


def test_the_contract_of_an_embedder(any_embedder: Embedder) -> None:
    """Unit rows in the order of the texts, the same for the same text, similar for similar texts."""
    texts = ["the cat sits on the mat", "a cat sat on a mat", "quarterly revenue rose by 5 percent", ""] * 5
    vectors = any_embedder.embed(texts)
    assert vectors.shape == (20, DIMENSIONS)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.allclose(vectors[:4], vectors[4:8], atol=1e-4)
    assert np.allclose(vectors[1], any_embedder.embed([texts[1]])[0], atol=1e-4)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    assert any_embedder.embed([]).shape == (0, DIMENSIONS)


def test_weights_that_are_not_the_published_ones_are_not_loaded(tmp_path: Path) -> None:
    """The check comes before anything of the folder is read by the model's library."""
    (tmp_path / "model.safetensors").write_bytes(b"something else")
    with pytest.raises(ModelUnavailable, match=r"not the published ones.*not loaded"):
        MiniLM(tmp_path).embed(["text"])
    with pytest.raises(ModelUnavailable, match="cannot be read"):
        MiniLM(tmp_path / "missing").embed(["text"])


def test_a_folder_without_a_model_is_said_clearly(tmp_path: Path) -> None:
    """Even when its weights are what was expected."""
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    with pytest.raises(ModelUnavailable, match="cannot be loaded"):
        MiniLM(tmp_path, hashlib.sha256(b"weights").hexdigest()).embed(["text"])


class GatedEmbedder(HashEmbedder):
    """Embeds one batch each time the gate is opened."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.started = threading.Event()
        self.gate = threading.Semaphore(0)

    def embed(self, texts: Sequence[str]) -> Matrix:
        self.started.set()
        self.gate.acquire()
        self.order.extend(texts)
        return super().embed(texts)


async def test_a_question_goes_before_waiting_documents() -> None:
    """It waits for the batch at hand and no other."""
    embedder = GatedEmbedder()
    thread = EmbeddingThread(embedder)
    async with asyncio.TaskGroup() as group:
        group.create_task(thread.embed(["document 1"], Urgency.DOCUMENT))
        await asyncio.to_thread(embedder.started.wait)
        group.create_task(thread.embed(["document 2"], Urgency.DOCUMENT))
        group.create_task(thread.embed(["question"], Urgency.QUESTION))
        await asyncio.to_thread(lambda: None)
        embedder.gate.release(3)
    assert embedder.order == ["document 1", "question", "document 2"]
    await asyncio.to_thread(thread.close)


async def test_a_closed_thread_refuses(embedder: CountingEmbedder) -> None:
    """With an error that says so."""
    thread = EmbeddingThread(embedder)
    await asyncio.to_thread(thread.close)
    with pytest.raises(KnowledgeUnavailable, match="closed"):
        await thread.embed(["text"], Urgency.QUESTION)


async def test_kept_texts_are_embedded_once_ever(folder: Path, embedder: CountingEmbedder) -> None:
    """An agent's examples cost nothing at the next start, in any order and company."""
    async with ready(folder, embedder=embedder) as knowledge:
        first = await knowledge.embed_kept(["one", "two", "one"])
        assert np.allclose(first, HashEmbedder().embed(["one", "two", "one"]))
        assert (await knowledge.embed_kept([])).shape == (0, DIMENSIONS)
    async with ready(folder, embedder=embedder) as knowledge:
        again = await knowledge.embed_kept(["two", "three"])
        assert np.allclose(again, HashEmbedder().embed(["two", "three"]))
    assert embedder.texts == ["ready?", "one", "two", "ready?", "three"]


async def test_a_damaged_cache_is_begun_again(folder: Path, embedder: CountingEmbedder) -> None:
    """It costs the embedding and nothing else."""
    async with ready(folder, embedder=embedder) as knowledge:
        (folder / ".kept.sqlite").write_bytes(b"not a database" * 100)
        for _ in range(3):
            assert (await knowledge.embed_kept(["one"])).shape == (1, DIMENSIONS)
        assert embedder.texts.count("one") == 2
