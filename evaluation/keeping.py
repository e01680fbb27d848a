"""An embedder that embeds each text once, ever: a second measurement is quick."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from knowledge import Embedder, Matrix
from knowledge.kept import KeptVectors


class KeepingEmbedder:
    """Another embedder, with everything it ever embedded on disk. Never for the product: it would grow for ever."""

    def __init__(self, embedder: Embedder, file: Path) -> None:
        self._embedder = embedder
        self._kept = KeptVectors(file, embedder.name)

    @property
    def name(self) -> str:
        return self._embedder.name

    @property
    def dimensions(self) -> int:
        return self._embedder.dimensions

    def embed(self, texts: Sequence[str]) -> Matrix:
        vectors = self._kept.find(texts)
        missing = [text for text in dict.fromkeys(texts) if text not in vectors]
        if missing:
            made = dict(zip(missing, self._embedder.embed(missing), strict=True))
            self._kept.keep(made)
            vectors.update(made)
        empty: Matrix = np.empty((0, self.dimensions), dtype=np.float32)
        return np.stack([vectors[text] for text in texts]) if texts else empty
