"""The dense index: exact while that is quick, lists of neighbours beyond."""

import numpy as np
import pytest

from knowledge import DIMENSIONS, Matrix
from knowledge import index as index_module
from knowledge.index import EXACT_UP_TO, DenseIndex, Rows, lists_for

PASSAGES = 3_000


@pytest.fixture(params=["exact", "lists"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both types at a size that is quick to build."""
    if request.param == "lists":
        monkeypatch.setattr(index_module, "EXACT_UP_TO", PASSAGES // 4)
    return str(request.param)


def near(centres: int, count: int) -> Matrix:
    """Unit vectors around some centres, as passages are around their subjects."""
    random = np.random.default_rng(centres)
    middle = random.normal(size=(centres, DIMENSIONS))
    vectors = middle[random.integers(centres, size=count)] + random.normal(size=(count, DIMENSIONS))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def numbered(start: int, stop: int) -> Rows:
    return np.arange(start, stop, dtype=np.int64)


def found(index: DenseIndex, vector: Matrix, limit: int = 10) -> list[int]:
    return [row for row, _ in index.search(vector, limit, None)]


def test_the_size_chooses_the_type() -> None:
    """Every passage is compared up to the limit; above it lists are read."""
    assert lists_for(0) == lists_for(EXACT_UP_TO) == 0
    assert lists_for(EXACT_UP_TO + 1) == 223
    assert lists_for(1_000_000) == 1_000


def test_the_nearest_are_found(kind: str) -> None:
    """Nearly all of the ten nearest, with their cosine."""
    vectors = near(50, PASSAGES)
    index = DenseIndex.of(numbered(0, PASSAGES), vectors)
    recalls = []
    for vector in vectors[::100]:
        nearest = set(np.argsort(-(vectors @ vector))[:10].tolist())
        recalls.append(len(nearest & set(found(index, vector))) / 10)
    assert np.mean(recalls) > 0.95
    [(row, cosine)] = index.search(vectors[7], 1, None)
    assert row == 7
    assert cosine == pytest.approx(1, abs=1e-3)


def test_a_change_leaves_the_index_before_it_as_it_was(kind: str) -> None:
    """What is taken out is found no more; a search under way still sees all it began with."""
    vectors = near(50, PASSAGES + 10)
    before = DenseIndex.of(numbered(0, PASSAGES), vectors[:PASSAGES])
    after = before.changed(numbered(0, 10), numbered(PASSAGES, PASSAGES + 10), vectors[PASSAGES:])
    assert sorted(after.rows()) == list(range(10, PASSAGES + 10))
    assert found(after, vectors[PASSAGES], 1) == [PASSAGES]
    assert not set(found(after, vectors[3], PASSAGES)) & set(range(10))
    assert sorted(before.rows()) == list(range(PASSAGES))
    assert found(before, vectors[3], 1) == [3]


def test_a_filter_restricts_before_ranking(kind: str) -> None:
    """The few that are allowed are all found, however far from the question they are."""
    vectors = near(50, PASSAGES)
    index = DenseIndex.of(numbered(0, PASSAGES), vectors)
    allowed = np.zeros(PASSAGES, dtype=np.bool_)
    allowed[[5, 1_500, 2_999]] = True
    assert {row for row, _ in index.search(vectors[42], 10, allowed)} == {5, 1_500, 2_999}


def test_it_is_stored_and_read_back(kind: str) -> None:
    """With its rows and vectors, ready for further changes."""
    vectors = near(50, PASSAGES)
    stored = DenseIndex.of(numbered(0, PASSAGES), vectors)
    index = DenseIndex.from_bytes(stored.to_bytes())
    assert sorted(index.rows()) == list(range(PASSAGES))
    assert np.allclose(index.vectors(numbered(10, 20)), vectors[10:20], atol=1e-3)
    assert found(index.changed(numbered(7, 8), numbered(0, 0), vectors[:0]), vectors[7], 1) != [7]


def test_the_type_follows_the_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """It grows into lists, and goes back only well below the limit, so that it does not change to and fro."""
    monkeypatch.setattr(index_module, "EXACT_UP_TO", PASSAGES // 2)
    vectors = near(50, PASSAGES)
    rows = numbered(0, PASSAGES)
    small = DenseIndex.of(rows[:1_000], vectors[:1_000])
    grown = small.changed(rows[:0], rows[1_000:], vectors[1_000:])
    fewer = grown.changed(rows[1_400:], rows[:0], vectors[:0])
    few = fewer.changed(rows[700:1_400], rows[:0], vectors[:0])
    assert [each.lists for each in (small, grown, fewer, few)] == [0, 54, 54, 0]
    assert sorted(few.rows()) == list(range(700))


def test_an_empty_index_finds_nothing() -> None:
    """And says what it is when it is stored."""
    empty = DenseIndex.from_bytes(DenseIndex.of(numbered(0, 0), near(1, 0)).to_bytes())
    assert found(empty, near(1, 1)[0]) == []
    assert len(empty.rows()) == 0
    with pytest.raises(ValueError, match="not a FAISS index"):
        DenseIndex.from_bytes(b"something else")
