"""The model on torch and sentence-transformers: the reference, and what an export is made from."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.errors import ModelUnavailable
from knowledge.passages import DIMENSIONS, Matrix

_MODEL_THREADS = 1
"""Inside the model. With busy neighbours torch's own threads wait for one another: a question took 476 ms
instead of 31, and indexing four times the processor time. Two halves of a batch side by side do not wait."""

_HALVES_FROM = 8
_BATCH_CHARACTERS = 4_000
"""What the model reads at once: little enough to stay in the processor's cache, which is a fifth faster."""

_TRACED = ["A text that is traced,", "and a shorter one."]
_OPSET = 18


class TorchModel:
    """A folder of sentence-transformers, on the CPU and offline."""

    def __init__(self, folder: Path) -> None:
        """Raises ModelUnavailable."""
        os.environ["HF_HUB_OFFLINE"] = "1"  # read by the hub client when it is imported, just below
        try:
            import torch
            from sentence_transformers import SentenceTransformer

            torch.set_num_threads(_MODEL_THREADS)
            # Attention as plain products: what an exporter can follow, and here as fast as torch's own.
            plain = {"attn_implementation": "eager"}
            self._model = SentenceTransformer(str(folder), device="cpu", local_files_only=True, model_kwargs=plain)
        except (ImportError, OSError, ValueError) as error:
            raise ModelUnavailable(f"The embedding model {folder.name} cannot be loaded: {error}.") from error
        found = self._model.get_embedding_dimension()
        if found != DIMENSIONS:
            raise ModelUnavailable(f"The embedding model {folder.name} gives {found} dimensions, not {DIMENSIONS}.")

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Shape (len(texts), 384), unit length rows."""
        if len(texts) < _HALVES_FROM:
            return self._encode(texts)
        with ThreadPoolExecutor(2, thread_name_prefix="knowledge-model") as halves:
            parts = halves.map(self._encode, (texts[::2], texts[1::2]))
            vectors = np.empty((len(texts), DIMENSIONS), dtype=np.float32)
            vectors[::2], vectors[1::2] = parts
        return vectors

    def _encode(self, texts: Sequence[str]) -> Matrix:
        longest = max(len(text) for text in texts)
        vectors = self._model.encode(
            list(texts),
            batch_size=max(2, min(32, _BATCH_CHARACTERS // max(longest, 1))),
            normalize_embeddings=True,
            show_progress_bar=False,
        )
        return np.ascontiguousarray(vectors, dtype=np.float32)

    def tokenizer_json(self) -> str:
        """The tokenizer as `tokenizers` reads it: cut at what the model reads, padded to the longest of a batch.

        Raises ModelUnavailable where the model has none of that kind.
        """
        tokenizer: Any = self._model.tokenizer
        if not tokenizer.is_fast or self._model.default_prompt_name is not None:
            raise ModelUnavailable("The embedding model has no fast tokenizer, or puts a prompt before each text.")
        backend = tokenizer.backend_tokenizer
        backend.enable_truncation(self._model.max_seq_length)
        backend.enable_padding(pad_id=tokenizer.pad_token_id, pad_token=tokenizer.pad_token)
        return str(backend.to_str())

    def export(self, path: Path) -> None:
        """Write the whole model as ONNX, with its own pooling and whatever else its modules do, then normalised."""
        import torch

        model = self._model

        class Whole(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.model = model

            def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
                out = self.model({"input_ids": input_ids, "attention_mask": attention_mask})
                return torch.nn.functional.normalize(out["sentence_embedding"], dim=1)

        traced = model.tokenizer(_TRACED, padding=True, return_tensors="pt")
        names = ["input_ids", "attention_mask"]
        torch.onnx.export(
            Whole().eval(),
            tuple(traced[name] for name in names),
            str(path),
            input_names=names,
            output_names=["vectors"],
            dynamic_axes={**{name: {0: "texts", 1: "tokens"} for name in names}, "vectors": {0: "texts"}},
            opset_version=_OPSET,
            dynamo=False,
        )
