"""Embeddings of texts that come back unchanged at every start, such as the agents' examples."""

import hashlib
import logging
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

from knowledge.passages import Vector

log = logging.getLogger(__name__)


class KeptVectors:
    """A cache on disk, by embedder and text. Losing it costs time and nothing else. Blocking."""

    def __init__(self, path: Path, embedder: str) -> None:
        self._path = path
        self._embedder = embedder

    def find(self, texts: Sequence[str]) -> dict[str, Vector]:
        """The vectors that are kept, by text."""
        found: dict[str, Vector] = {}
        try:
            with self._open() as database:
                for text in set(texts):
                    row = database.execute("SELECT vector FROM kept WHERE key = ?", (self._key(text),)).fetchone()
                    if row is not None:
                        found[text] = np.frombuffer(row[0], dtype=np.float32)
        except sqlite3.DatabaseError as error:
            log.warning("the kept embeddings cannot be read and are made again: %s", error)
        return found

    def keep(self, vectors: Mapping[str, Vector]) -> None:
        rows = [(self._key(text), vector.astype(np.float32).tobytes()) for text, vector in vectors.items()]
        try:
            with self._open() as database, database:
                database.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?)", rows)
        except sqlite3.OperationalError as error:
            log.warning("embeddings could not be kept: %s", error)
        except sqlite3.DatabaseError as error:
            log.warning("the kept embeddings are damaged and are begun again: %s", error)
            self._path.unlink(missing_ok=True)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=10)) as database:
            database.execute("CREATE TABLE IF NOT EXISTS kept (key BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID")
            yield database

    def _key(self, text: str) -> bytes:
        return hashlib.blake2b(f"{self._embedder}\0{text}".encode(), digest_size=16).digest()
