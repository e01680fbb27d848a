"""The dense index of one shelf. The only module that knows FAISS."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from knowledge.passages import DIMENSIONS, Matrix, Vector

if TYPE_CHECKING:
    import faiss

Rows = NDArray[np.int64]


class DenseIndex:
    """Exact inner products over rows. Never changes: a change makes another index, so searches need no lock.

    Flat is right up to about 50,000 passages a shelf (5 ms a search); more would ask for SQ8 or HNSW here.
    """

    def __init__(self, index: "faiss.IndexIDMap2") -> None:
        self._index = index

    @classmethod
    def of(cls, rows: Rows, vectors: Matrix) -> "DenseIndex":
        """`vectors` has one row for each of `rows`."""
        import faiss

        index = faiss.IndexIDMap2(faiss.IndexFlatIP(DIMENSIONS))
        if len(rows):
            index.add_with_ids(np.ascontiguousarray(vectors, dtype=np.float32), rows)
        return cls(index)

    @classmethod
    def from_bytes(cls, content: bytes) -> "DenseIndex":
        """Raises ValueError where the content is not such an index."""
        import faiss

        try:
            index = faiss.deserialize_index(np.frombuffer(content, dtype=np.uint8))
        except RuntimeError as error:
            raise ValueError("not a FAISS index") from error
        if not isinstance(index, faiss.IndexIDMap2) or index.d != DIMENSIONS:
            raise ValueError("a FAISS index of another kind")
        return cls(index)

    def to_bytes(self) -> bytes:
        import faiss

        return faiss.serialize_index(self._index).tobytes()

    def changed(self, removed: Rows, rows: Rows, vectors: Matrix) -> "DenseIndex":
        """This index without `removed` and with `rows`."""
        kept = self.rows()
        keep = ~np.isin(kept, removed)
        stored = self._stored()[keep]
        return DenseIndex.of(np.concatenate([kept[keep], rows]), np.concatenate([stored, vectors]))

    def rows(self) -> Rows:
        import faiss

        return np.asarray(faiss.vector_to_array(self._index.id_map), dtype=np.int64)

    def search(self, vector: Vector, limit: int, allowed: NDArray[np.bool_] | None = None) -> list[tuple[int, float]]:
        """The nearest rows with their cosine, best first; `allowed[row]` restricts before ranking."""
        import faiss

        query = np.ascontiguousarray(vector.reshape(1, -1), dtype=np.float32)
        if allowed is None:
            scores, rows = self._index.search(query, limit)
        else:
            bits = np.packbits(allowed, bitorder="little")
            # The stubs describe the C++ signatures; the Python wrappers take an array and a keyword.
            selector = faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg, arg-type]
            only = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
            scores, rows = self._index.search(query, limit, params=only)
        return [(int(row), float(score)) for row, score in zip(rows[0], scores[0], strict=True) if row >= 0]

    def vectors(self, rows: Rows) -> Matrix:
        """Shape (len(rows), 384)."""
        if not len(rows):
            return np.empty((0, DIMENSIONS), dtype=np.float32)
        return np.asarray(self._index.reconstruct_batch(rows), dtype=np.float32)

    def _stored(self) -> Matrix:
        return self.vectors(self.rows())
