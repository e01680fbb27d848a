"""The dense index of one shelf. The only module that knows FAISS."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.passages import DIMENSIONS, Matrix, Vector

Rows = NDArray[np.int64]

EXACT_UP_TO = 50_000
"""Passages that are compared one by one, 5 ms a search. More are kept in lists of neighbours, of which a search
reads the nearest."""

_PROBED = 0.25
"""The share of the lists that a search reads."""
_OUTGROWN = 4
"""Lists serve until there are so many times the passages they were made for, or too few for lists at all."""
_TRAINING_SAMPLES_A_LIST = 40
_HASHTABLE = 2
"""faiss.DirectMap.Hashtable: rows are found by their number, for `vectors` and for removal."""


def _faiss() -> Any:
    """FAISS on the calling thread alone: with OpenMP's threads on busy processors a search takes 24 ms instead of 0.4.

    OpenMP keeps that number for each thread. FAISS's stubs describe the C++ signatures, which it does not have here.
    """
    import faiss

    faiss.omp_set_num_threads(1)
    return faiss


def lists_for(passages: int) -> int:
    """Which type of index: how many lists of neighbours, 0 for none (exact)."""
    return 0 if passages <= EXACT_UP_TO else math.isqrt(passages)


class DenseIndex:
    """Inner products over rows. Never changes: a change makes another index, so searches need no lock.

    Both types take rows out for good. The lists hold half precision, which moves no cosine by more than 0.001.
    """

    def __init__(self, index: Any) -> None:
        self._index = index

    @classmethod
    def of(cls, rows: Rows, vectors: Matrix) -> "DenseIndex":
        """`vectors` has one row for each of `rows`. Seconds for 100,000."""
        faiss = _faiss()
        lists = lists_for(len(rows))
        kind = f"IVF{lists},SQfp16" if lists else "IDMap2,Flat"
        index = faiss.index_factory(DIMENSIONS, kind, faiss.METRIC_INNER_PRODUCT)
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        if lists:
            index.cp.max_points_per_centroid = _TRAINING_SAMPLES_A_LIST
            index.nprobe = math.ceil(lists * _PROBED)
            index.set_direct_map_type(_HASHTABLE)
            index.train(vectors)
        if len(rows):
            index.add_with_ids(vectors, rows)
        return cls(index)

    @classmethod
    def from_bytes(cls, content: bytes) -> "DenseIndex":
        """Raises ValueError where the content is not such an index."""
        faiss = _faiss()
        try:
            index = faiss.deserialize_index(np.frombuffer(content, dtype=np.uint8))
        except RuntimeError as error:
            raise ValueError("not a FAISS index") from error
        if not isinstance(index, faiss.IndexIDMap2 | faiss.IndexIVFScalarQuantizer) or index.d != DIMENSIONS:
            raise ValueError("a FAISS index of another kind")
        return cls(index)

    def to_bytes(self) -> bytes:
        faiss = _faiss()
        return bytes(faiss.serialize_index(self._index))

    def changed(self, removed: Rows, rows: Rows, vectors: Matrix) -> "DenseIndex":
        """This index without `removed` and with `rows`."""
        faiss = _faiss()
        if not self._serves(self._index.ntotal - len(removed) + len(rows)):
            kept = self.rows()
            kept = kept[~np.isin(kept, removed)]
            return DenseIndex.of(np.concatenate([kept, rows]), np.concatenate([self.vectors(kept), vectors]))
        index = faiss.clone_index(self._index)
        if len(removed):
            index.remove_ids(removed)
        if len(rows):
            index.add_with_ids(np.ascontiguousarray(vectors, dtype=np.float32), rows)
        return DenseIndex(index)

    def _serves(self, passages: int) -> bool:
        """Whether this type of index is right for so many, or near enough not to be made anew."""
        lists = self.lists
        if not lists:
            return lists_for(passages) == 0
        return EXACT_UP_TO // 2 < passages <= _OUTGROWN * lists * lists

    @property
    def lists(self) -> int:
        """How many lists of neighbours there are; 0 where every passage is compared."""
        return int(getattr(self._index, "nlist", 0))

    def rows(self) -> Rows:
        faiss = _faiss()
        lists = self.lists
        if not lists:
            return np.asarray(faiss.vector_to_array(self._index.id_map), dtype=np.int64)
        inverted = self._index.invlists
        parts = [
            faiss.rev_swig_ptr(inverted.get_ids(number), inverted.list_size(number)).copy()
            for number in range(lists)
            if inverted.list_size(number)
        ]
        return np.concatenate(parts).astype(np.int64, copy=False)

    def search(self, vector: Vector, limit: int, allowed: NDArray[np.bool_] | None = None) -> list[tuple[int, float]]:
        """The nearest rows with their cosine, best first; `allowed[row]` restricts before ranking.

        With `allowed` every list is read, because what is allowed may lie in any.
        """
        faiss = _faiss()
        query = np.ascontiguousarray(vector.reshape(1, -1), dtype=np.float32)
        if allowed is None:
            scores, rows = self._index.search(query, limit)
        else:
            bits = np.packbits(allowed, bitorder="little")
            selector = faiss.IDSelectorBitmap(bits)
            if self.lists:
                only = faiss.SearchParametersIVF(sel=selector, nprobe=self.lists)
            else:
                only = faiss.SearchParameters(sel=selector)
            scores, rows = self._index.search(query, limit, params=only)
        return [(int(row), float(score)) for row, score in zip(rows[0], scores[0], strict=True) if row >= 0]

    def vectors(self, rows: Rows) -> Matrix:
        """Shape (len(rows), 384)."""
        if not len(rows):
            return np.empty((0, DIMENSIONS), dtype=np.float32)
        return np.asarray(self._index.reconstruct_batch(rows), dtype=np.float32)
