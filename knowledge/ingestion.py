"""One file to one prepared document: read, cut, embed. Nothing is stored here."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from knowledge import chunking
from knowledge.artefacts import write_artefact
from knowledge.chunking import Chunk
from knowledge.embedding_thread import EmbeddingThread, Urgency
from knowledge.files import keep_file
from knowledge.incoming import SourceFile
from knowledge.manifest import Entry
from knowledge.package import Package
from knowledge.passages import DIMENSIONS, Matrix, Vector, prefixed, situated, spoken
from knowledge.settings import KnowledgeSettings

_BATCH_CHARACTERS = 12_000
"""About sixteen passages: a question waits for at most one such batch."""


@dataclass(frozen=True)
class Draft:
    """A document that is cut and not embedded yet."""

    file: SourceFile
    title: str
    chunks: tuple[Chunk, ...]
    chunking: str
    format: str = ""
    pages: int | None = None
    language: str = ""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Prepared:
    """A document that is ready to be put on a shelf."""

    draft: Draft
    embedder: str
    passage_vectors: Matrix
    sentence_vectors: Matrix
    """Zeros where they are made later."""

    @property
    def file(self) -> SourceFile:
        return self.draft.file

    def pack(self, package: Package, *, original: bool) -> None:
        """Write the files; `original`: move the copy of the file to them. Raises StorageError. Blocking."""
        write_artefact(package.document, self.draft.chunks, self.passage_vectors, self.sentence_vectors)
        if original:
            keep_file(self.file.path, package.original)

    @property
    def artefact(self) -> str:
        """Content addressed over everything that shapes the stored files."""
        recipe = f"{self.embedder}\0{self.draft.chunking}".encode()
        return f"{self.file.id}-{hashlib.sha256(recipe).hexdigest()[:8]}"

    def entry(self, *, seed: bool, added: datetime) -> Entry:
        return Entry(
            id=self.file.id,
            source=self.file.source,
            title=self.draft.title,
            person=self.file.person,
            added=added,
            content=self.file.content,
            size=self.file.size,
            format=self.draft.format,
            pages=self.draft.pages,
            language=self.draft.language,
            seed=seed,
            artefact=self.artefact,
            embedder=self.embedder,
            chunking=self.draft.chunking,
            passages=len(self.draft.chunks),
            first_row=0,
        )


def chunking_recipe(settings: KnowledgeSettings) -> str:
    """Names how documents are cut."""
    return f"v{chunking.VERSION}-{settings.chunk_words}"


async def embed(
    draft: Draft,
    thread: EmbeddingThread,
    embedder: str,
    on_passages: Callable[[int], None],
    *,
    sentences_too: bool,
) -> Prepared:
    """Embeds passages in small batches of similar length, a repeated text once; sentences too, or they are left for
    later.

    `on_passages` hears how many more passages are embedded.
    """
    passages = [prefixed(draft.title, chunk.section, spoken(chunk.text)) for chunk in draft.chunks]
    sentences = [
        situated(draft.title, chunk.section, sentence.text) for chunk in draft.chunks for sentence in chunk.sentences
    ]
    vectors: dict[str, Vector] = {}
    passages_left = list(passages)
    for batch in _batches([*passages, *(sentences if sentences_too else ())]):
        vectors.update(zip(batch, await thread.embed(batch, Urgency.DOCUMENT), strict=True))
        before = len(passages_left)
        passages_left = [text for text in passages_left if text not in vectors]
        if len(passages_left) < before:
            on_passages(before - len(passages_left))
    not_made: Matrix = np.zeros((len(sentences), DIMENSIONS), dtype=np.float32)
    made = _stacked(sentences, vectors) if sentences_too else not_made
    return Prepared(draft, embedder, _stacked(passages, vectors), made)


def _batches(texts: list[str]) -> list[list[str]]:
    """Longest first, so that a batch is padded little; at most _BATCH_CHARACTERS together."""
    batches: list[list[str]] = []
    room = 0
    for text in sorted(set(texts), key=lambda text: (-len(text), text)):
        if not batches or len(text) > room:
            batches.append([])
            room = _BATCH_CHARACTERS
        batches[-1].append(text)
        room -= len(text)
    return batches


def _stacked(texts: list[str], vectors: dict[str, Vector]) -> Matrix:
    """One row a text; a document always has at least one passage."""
    return np.stack([vectors[text] for text in texts])
