"""The vectors of sentences: made when nothing more urgent is to be embedded, or when an answer needs them first.

A passage has about five sentences, so embedding them takes as long as embedding the passages. A document is found by
its passages; its sentences are only compared when it is quoted.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.artefacts import Artefacts
from knowledge.embedding_thread import EmbeddingThread, Urgency
from knowledge.errors import KnowledgeError, StorageError
from knowledge.passages import Matrix, Vector, situated
from knowledge.snapshot import LoadedEntry
from knowledge.threads import Threads

log = logging.getLogger(__name__)

_ROUNDING = 1e-3


@dataclass(frozen=True)
class Quoted:
    """A passage, or neighbouring ones as one, whose sentences are to be compared."""

    artefacts: Artefacts
    loaded: LoadedEntry
    ordinals: range

    @property
    def part(self) -> slice:
        return self.loaded.sentence_rows(self.ordinals)

    @property
    def texts(self) -> list[str]:
        """What is embedded for its sentences, in order."""
        chunk = self.loaded.stretch(self.ordinals)
        return [situated(self.loaded.entry.title, chunk.section, sentence.text) for sentence in chunk.sentences]

    def stored(self) -> Matrix:
        """One row a sentence; zeros where it is not made. Raises StorageDamaged. Blocking."""
        return self.artefacts.sentence_vectors(self.loaded.entry.artefact, self.part)

    def keep(self, vectors: Matrix) -> None:
        """Blocking."""
        try:
            self.artefacts.keep_sentences(self.loaded.entry.artefact, self.part, vectors)
        except StorageError as error:
            log.warning("vectors of sentences were not kept and will be made again: %s", error)


class SentenceVectors:
    """Embeds each sentence once: what is made is kept with its document, row by row.

    A row of zeros is one that is not made yet, so a killed process leaves nothing but work to do.
    """

    def __init__(self, thread: EmbeddingThread, threads: Threads) -> None:
        self._thread = thread
        self._threads = threads
        self._waiting: asyncio.Queue[tuple[Artefacts, LoadedEntry]] = asyncio.Queue()

    def later(self, artefacts: Artefacts, documents: Iterable[LoadedEntry]) -> None:
        """Make what these lack at leisure."""
        for loaded in documents:
            self._waiting.put_nowait((artefacts, loaded))

    async def settled(self) -> None:
        """Waits until nothing is left to be made."""
        await self._waiting.join()

    async def run(self) -> None:
        """Works until it is cancelled. What cannot be made now is made when it is quoted."""
        while True:
            artefacts, loaded = await self._waiting.get()
            known: dict[str, Vector] = {}
            try:
                for ordinals in await self._threads.run(_lacking, artefacts, loaded):
                    await self._complete([Quoted(artefacts, loaded, ordinals)], Urgency.LEISURE, known)
            except KnowledgeError as error:
                log.info("the sentences of %s are left for later: %s", loaded.entry.id, error)
            except Exception:
                # The boundary of a background task: the sentences are made when they are quoted.
                log.exception("the sentences of %s are left for later", loaded.entry.id)
            finally:
                self._waiting.task_done()

    async def of(self, quoted: Sequence[Quoted]) -> list[Matrix]:
        """The vectors of each one's sentences, made now where they are not yet.

        Raises ModelUnavailable, StorageDamaged where a document was removed meanwhile.
        """
        return await self._complete(quoted, Urgency.QUESTION, {})

    async def _complete(self, quoted: Sequence[Quoted], urgency: Urgency, known: dict[str, Vector]) -> list[Matrix]:
        """`known` are vectors by text, for a sentence that is repeated; those that are made are added."""
        found = await self._threads.run(lambda: [each.stored() for each in quoted])
        lacking = [np.flatnonzero(~_made(vectors)) for vectors in found]
        texts = [each.texts if len(rows) else [] for each, rows in zip(quoted, lacking, strict=True)]
        wanted = dict.fromkeys(own[row] for own, rows in zip(texts, lacking, strict=True) for row in rows)
        missing = [text for text in wanted if text not in known]
        if missing:
            known.update(zip(missing, await self._thread.embed(missing, urgency), strict=True))
        for each, own, vectors, rows in zip(quoted, texts, found, lacking, strict=True):
            if len(rows):
                vectors[rows] = [known[own[row]] for row in rows]
                await self._threads.run(each.keep, vectors)
        return found


def _lacking(artefacts: Artefacts, loaded: LoadedEntry) -> list[range]:
    """The passages that have sentences without a vector."""
    made = _made(artefacts.sentence_vectors(loaded.entry.artefact, slice(None)))
    passages = [range(ordinal, ordinal + 1) for ordinal in range(len(loaded.chunks))]
    return [each for each in passages if not made[loaded.sentence_rows(each)].all()]


def _made(vectors: Matrix) -> NDArray[np.bool_]:
    """By row. A vector has unit length; a row of zeros, or one that a power cut tore, has not."""
    return np.asarray(np.abs(np.linalg.norm(vectors, axis=1) - 1) < _ROUNDING)
