"""The exported model on onnxruntime: what embeds at work. Starts in a fraction of a second, without torch."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from knowledge.errors import ModelUnavailable
from knowledge.passages import DIMENSIONS, Matrix

if TYPE_CHECKING:
    from tokenizers import Encoding

_SIDE_BY_SIDE = 2
_BATCH_TOKENS = 256


class OnnxModel:
    """One session that any number of threads may use at once."""

    def __init__(self, model: Path, tokenizer: Path) -> None:
        """Raises ModelUnavailable."""
        try:
            import onnxruntime
            from tokenizers import Tokenizer

            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1
            options.inter_op_num_threads = 1
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
            self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
            self._tokenizer = Tokenizer.from_file(str(tokenizer))
            self._pad = int((self._tokenizer.padding or {}).get("pad_id", 0))
            self._tokenizer.no_padding()  # each batch is padded by itself
        except Exception as error:
            # Both libraries raise classes of their own, which tell nothing more than their text does.
            raise ModelUnavailable(f"The exported embedding model cannot be loaded: {error}.") from error

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Shape (len(texts), 384), unit length rows."""
        encodings = self._tokenizer.encode_batch(list(texts))
        batches = _batches([len(encoding.ids) for encoding in encodings])
        vectors = np.empty((len(texts), DIMENSIONS), dtype=np.float32)

        def run(batch: list[int]) -> None:
            vectors[batch] = self._run([encodings[number] for number in batch])

        if len(batches) == 1:
            run(batches[0])
        else:
            with ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="knowledge-model") as threads:
                list(threads.map(run, batches))
        return vectors

    def _run(self, encodings: Sequence["Encoding"]) -> Matrix:
        longest = max(len(encoding.ids) for encoding in encodings)
        ids = np.full((len(encodings), longest), self._pad, dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, encoding in enumerate(encodings):
            ids[row, : len(encoding.ids)] = encoding.ids
            mask[row, : len(encoding.ids)] = 1
        [vectors] = self._session.run(None, {"input_ids": ids, "attention_mask": mask})
        return np.asarray(vectors, dtype=np.float32)


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Numbers of texts that are read together: longest first, of similar length, few enough tokens."""
    batches: list[list[int]] = []
    room = 0
    for number in sorted(range(len(lengths)), key=lambda number: -lengths[number]):
        if not batches or room < lengths[batches[-1][0]]:
            batches.append([])
            room = _BATCH_TOKENS
        batches[-1].append(number)
        room -= lengths[batches[-1][0]]
    return batches
