"""Texts to vectors: the protocol, and the fake that tests and demonstrations use."""

import hashlib
import re
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from knowledge.passages import DIMENSIONS, Matrix


class Embedder(Protocol):
    """Turns texts into unit vectors. Blocking: `EmbeddingThread` keeps it off the event loop."""

    @property
    def name(self) -> str:
        """Identifies the vectors: those of differently named embedders are never compared."""

    @property
    def dimensions(self) -> int:
        """The length of a vector: 384."""

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Shape (len(texts), dimensions), unit length rows. Raises ModelUnavailable."""


_WORD = re.compile(r"\w+")


class HashEmbedder:
    """A deterministic bag of hashed words: texts that share words are similar. Needs no model."""

    name = "hash-384"
    dimensions = DIMENSIONS

    def embed(self, texts: Sequence[str]) -> Matrix:
        vectors: Matrix = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in _WORD.findall(text.lower()):
                digest = hashlib.blake2b(word.encode(), digest_size=8).digest()
                number = int.from_bytes(digest, "big")
                vectors[row, number % self.dimensions] += 1.0 if number >> 63 else -1.0
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors[norms[:, 0] == 0, 0] = 1.0  # a text without words still needs a direction
        norms[norms == 0] = 1.0
        unit: Matrix = vectors / norms
        return unit
