"""k-means: which vectors stand together."""

import numpy as np

from knowledge import Matrix

_MOST_ROUNDS = 50


def clusters(vectors: Matrix, count: int, seed: int = 0) -> list[int]:
    """A cluster from 0 to count - 1 for each unit vector, by cosine; the same for the same seed."""
    random = np.random.default_rng(seed)
    centres = vectors[random.choice(len(vectors), size=min(count, len(vectors)), replace=False)]
    nearest = np.argmax(vectors @ centres.T, axis=1)
    for _ in range(_MOST_ROUNDS):
        for number in range(len(centres)):
            if (nearest == number).any():
                middle = vectors[nearest == number].mean(axis=0)
                centres[number] = middle / max(float(np.linalg.norm(middle)), 1e-12)
        moved = np.argmax(vectors @ centres.T, axis=1)
        if np.array_equal(moved, nearest):
            break
        nearest = moved
    return [int(number) for number in nearest]
