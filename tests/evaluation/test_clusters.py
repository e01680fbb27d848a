"""k-means over embeddings."""

import numpy as np

from evaluation.clusters import clusters
from knowledge import HashEmbedder


def test_what_is_alike_stands_together() -> None:
    """The same for the same seed."""
    vectors = HashEmbedder().embed(["red rose garden", "rye bread oven", "red rose bed", "rye bread flour"])
    found = clusters(vectors, 2)
    assert found[0] == found[2] != found[1] == found[3]
    assert found == clusters(vectors, 2)


def test_more_clusters_than_vectors() -> None:
    """Each vector is one."""
    assert sorted(clusters(np.eye(2, 384, dtype=np.float32), 5)) == [0, 1]
