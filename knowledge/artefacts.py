"""What ingestion made of a document: its passages and their vectors, one folder a document."""

import io
import threading
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter, ValidationError

from knowledge.chunking import Chunk
from knowledge.errors import StorageDamaged
from knowledge.files import TEMPORARY, make_folder, move_folder, remove, storage_errors, write_folder
from knowledge.passages import Matrix

_CHUNKS = TypeAdapter(tuple[Chunk, ...])
_PASSAGES = "passages.json"
_PASSAGE_VECTORS = "passages.npy"
_SENTENCE_VECTORS = "sentences.npy"
_opening = threading.Lock()
"""numpy parses a file's header with `ast`, which in Python 3.11 now and then raises SystemError when several threads
do so at once (python/cpython#106905)."""


def write_artefact(folder: Path, chunks: tuple[Chunk, ...], passages: Matrix, sentences: Matrix) -> None:
    """Make a document's folder; `passages` has one row a chunk, `sentences` one a sentence, of all chunks in order."""
    write_folder(
        folder,
        {
            _PASSAGES: _CHUNKS.dump_json(chunks),
            _PASSAGE_VECTORS: _to_bytes(passages),
            _SENTENCE_VECTORS: _to_bytes(sentences),
        },
    )


class Artefacts:
    """The folder of one base's documents. Names are content addressed: only vectors of sentences are added."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, name: str, folder: Path) -> None:
        """Move a document's folder in, unless it is there. Raises StorageError."""
        make_folder(self._folder)
        if not self.exists(name):
            move_folder(folder, self._folder / name)

    def files(self, name: str) -> Mapping[str, Path]:
        """By name. Raises StorageDamaged where there is none."""
        try:
            return {path.name: path for path in sorted((self._folder / name).iterdir())}
        except OSError as error:
            raise _damaged(name) from error

    def copy(self, other: "Artefacts", name: str) -> None:
        """Take over a document's folder as it is. Raises StorageError, StorageDamaged where the other has none."""
        if self.exists(name):
            return
        try:
            content = {path.name: path.read_bytes() for path in (other._folder / name).iterdir()}
        except OSError as error:
            raise _damaged(name) from error
        make_folder(self._folder)
        write_folder(self._folder / name, content)

    def exists(self, name: str) -> bool:
        return (self._folder / name).is_dir()

    def names(self) -> list[str]:
        if not self._folder.is_dir():
            return []
        return [path.name for path in self._folder.iterdir() if not path.name.startswith(TEMPORARY)]

    def remove(self, name: str) -> None:
        with storage_errors(self._folder.parent):
            remove(self._folder / name)

    def chunks(self, name: str) -> tuple[Chunk, ...]:
        """Raises StorageDamaged."""
        try:
            return _CHUNKS.validate_json((self._folder / name / _PASSAGES).read_bytes())
        except (OSError, ValidationError):
            raise _damaged(name) from None  # what failed validation would be quoted

    def passage_vectors(self, name: str) -> Matrix:
        """Shape (passages, 384). Raises StorageDamaged."""
        return self._vectors(name, _PASSAGE_VECTORS, slice(None))

    def sentence_vectors(self, name: str, part: slice) -> Matrix:
        """Shape (sentences in part, 384), read without the rest. Raises StorageDamaged."""
        return self._vectors(name, _SENTENCE_VECTORS, part)

    def keep_sentences(self, name: str, part: slice, vectors: Matrix) -> None:
        """Write rows that were zeros: always the same values, so two processes may. Raises StorageError."""
        with storage_errors(self._folder):
            with _opening:
                mapped = np.load(self._folder / name / _SENTENCE_VECTORS, mmap_mode="r+", allow_pickle=False)
            mapped[part] = vectors
            mapped.flush()

    def _vectors(self, name: str, file: str, part: slice) -> Matrix:
        try:
            with _opening:
                mapped = np.load(self._folder / name / file, mmap_mode="r", allow_pickle=False)
            return np.array(mapped[part], dtype=np.float32)
        except (OSError, ValueError) as error:
            raise _damaged(name) from error


def _to_bytes(vectors: Matrix) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, vectors.astype(np.float32), allow_pickle=False)
    return buffer.getvalue()


def _damaged(name: str) -> StorageDamaged:
    return StorageDamaged(f"The stored document {name} is missing or damaged.")
