"""The figures of a measurement."""

import pytest

from evaluation.records import spread
from evaluation.scores import auroc, exact, mean, number_recall, precision, recall


def test_an_exact_set_is_all_of_it_and_nothing_else() -> None:
    """In any order."""
    assert exact(["b", "a"], ["a", "b"]) == 1
    assert exact(["a"], ["a", "b"]) == exact(["a", "b", "c"], ["a", "b"]) == 0


def test_recall_and_precision() -> None:
    """Of the right ones, and of the chosen ones."""
    assert recall(["a", "x"], ["a", "b"]) == 0.5
    assert precision(["a", "x", "y", "z"], ["a", "b"]) == 0.25
    assert precision([], ["a"]) == 0


@pytest.mark.parametrize(
    ("inside", "outside", "expected"),
    [([2, 3], [0, 1], 1.0), ([0, 1], [2, 3], 0.0), ([1], [1], 0.5), ([3, 1], [2], 0.5), ([], [1], 0.0)],
)
def test_auroc_is_the_chance_that_inside_scores_higher(
    inside: list[float], outside: list[float], expected: float
) -> None:
    """A tie counts half."""
    assert auroc(inside, outside) == expected


def test_auroc_agrees_with_counting_every_pair() -> None:
    """The quick way gives what the slow way gives."""
    inside, outside = [0.1, 0.5, 0.5, 0.9, 0.4], [0.5, 0.2, 0.4, 0.0]
    pairs = [(i > o) + 0.5 * (i == o) for i in inside for o in outside]
    assert auroc(inside, outside) == pytest.approx(mean(pairs))


def test_a_limit_takes_items_from_everywhere() -> None:
    """The files are sorted by agent: the first ten would be of one agent."""
    assert spread(range(100), 4) == [0, 25, 50, 75]
    assert spread([1, 2], 5) == spread([1, 2], None) == [1, 2]


def test_a_number_is_found_only_as_it_is() -> None:
    """Not within a longer one."""
    assert number_recall("sales of $82,959 and 1,234.5 (7)", ["82,959", "7"]) == 1
    assert number_recall("sales of 82,959 and 1,234.56", ["2,959", "34.56", "1,234.5", "82,959"]) == 0.25
