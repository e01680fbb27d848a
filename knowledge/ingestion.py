"""One file to one prepared document: read, cut, embed. Nothing is stored here."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np

from knowledge import chunking
from knowledge.chunking import Chunk
from knowledge.embedding_thread import EmbeddingThread, Urgency
from knowledge.errors import UnreadableDocument
from knowledge.loaders import load
from knowledge.manifest import Entry
from knowledge.passages import Matrix, Vector, prefixed, situated, spoken
from knowledge.settings import KnowledgeSettings

_BATCH_CHARACTERS = 12_000
"""About sixteen passages, or a hundred sentences: a question waits for at most one such batch."""


@dataclass(frozen=True)
class SourceFile:
    """A file's content with the identity of the document that it is."""

    source: str
    person: str
    content: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """The same content under the same name for the same person is the same document."""
        digest = hashlib.sha256(self.content)
        digest.update(f"\0{self.source}\0{self.person}".encode())
        return digest.hexdigest()[:20]


@dataclass(frozen=True)
class Draft:
    """A document that is cut and not embedded yet."""

    id: str
    source: str
    person: str
    title: str
    chunks: tuple[Chunk, ...]
    chunking: str


@dataclass(frozen=True)
class Prepared:
    """A document that is ready to be put into a base."""

    draft: Draft
    embedder: str
    passage_vectors: Matrix
    sentence_vectors: Matrix

    @property
    def source(self) -> str:
        return self.draft.source

    @property
    def person(self) -> str:
        return self.draft.person

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        return self.draft.chunks

    @property
    def artefact(self) -> str:
        """Content addressed over everything that shapes the stored files."""
        recipe = f"{self.embedder}\0{self.draft.chunking}".encode()
        return f"{self.draft.id}-{hashlib.sha256(recipe).hexdigest()[:8]}"

    def entry(self, *, seed: bool, added: datetime) -> Entry:
        return Entry(
            id=self.draft.id,
            source=self.draft.source,
            title=self.draft.title,
            person=self.draft.person,
            added=added,
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


def read(path: Path, person: str, settings: KnowledgeSettings) -> SourceFile:
    """Raises UnreadableDocument. Blocking."""
    try:
        if path.is_dir():
            raise UnreadableDocument("It is a folder, not a file.")
        if path.stat().st_size > settings.max_file_megabytes * 1_000_000:
            raise UnreadableDocument(f"It is larger than {settings.max_file_megabytes} MB.")
        return SourceFile(path.name, person, path.read_bytes())
    except FileNotFoundError as error:
        raise UnreadableDocument("There is no such file.") from error
    except OSError as error:
        raise UnreadableDocument(f"The file cannot be read: {error.strerror}.") from error


def draft(file: SourceFile, settings: KnowledgeSettings) -> Draft:
    """Raises UnreadableDocument. Blocking."""
    document = load(file.content, file.source)
    chunks = tuple(chunking.chunk(document, settings.chunk_words))
    if not chunks:
        raise UnreadableDocument("There is nothing in it but headings.")
    return Draft(file.id, file.source, file.person, document.title, chunks, chunking_recipe(settings))


async def embed(draft: Draft, thread: EmbeddingThread, embedder: str, on_passages: Callable[[int], None]) -> Prepared:
    """Embeds passages and sentences in small batches of similar length; a repeated text once.

    `on_passages` hears how many more passages are embedded.
    """
    passages = [prefixed(draft.title, chunk.section, spoken(chunk.text)) for chunk in draft.chunks]
    sentences = [
        situated(draft.title, chunk.section, sentence.text) for chunk in draft.chunks for sentence in chunk.sentences
    ]
    vectors: dict[str, Vector] = {}
    passages_left = list(passages)
    for batch in _batches([*dict.fromkeys(passages), *dict.fromkeys(sentences)]):
        vectors.update(zip(batch, await thread.embed(batch, Urgency.DOCUMENT), strict=True))
        before = len(passages_left)
        passages_left = [text for text in passages_left if text not in vectors]
        if len(passages_left) < before:
            on_passages(before - len(passages_left))
    return Prepared(draft, embedder, _stacked(passages, vectors), _stacked(sentences, vectors))


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
    """One row a text; a document always has at least one passage and one sentence."""
    return np.stack([vectors[text] for text in texts])
