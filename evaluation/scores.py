"""Figures of what was found against what is right. Pure."""

import re
from collections.abc import Collection, Sequence


def mean(values: Sequence[float]) -> float:
    """0 for none."""
    return sum(values) / len(values) if values else 0.0


def exact(chosen: Collection[str], right: Collection[str]) -> float:
    """1 where just the right ones were chosen."""
    return float(set(chosen) == set(right))


def recall(chosen: Collection[str], right: Collection[str]) -> float:
    """The share of the right ones that were chosen."""
    return len(set(chosen) & set(right)) / len(set(right))


def precision(chosen: Collection[str], right: Collection[str]) -> float:
    """The share of the chosen ones that are right; 0 for none."""
    return len(set(chosen) & set(right)) / len(set(chosen)) if chosen else 0.0


def auroc(inside: Sequence[float], outside: Sequence[float]) -> float:
    """How surely a score tells the two apart: the chance that one from inside is higher; a tie counts half."""
    if not inside or not outside:
        return 0.0
    ordered = sorted([(value, 0) for value in outside] + [(value, 1) for value in inside])
    wins, below, at = 0.0, 0, 0
    while at < len(ordered):
        end = at
        while end < len(ordered) and ordered[end][0] == ordered[at][0]:
            end += 1
        ties = sum(kind == 0 for _, kind in ordered[at:end])
        wins += (end - at - ties) * (below + ties / 2)
        below += ties
        at = end
    return wins / (len(inside) * len(outside))


def number_recall(text: str, numbers: Collection[str]) -> float:
    """The share of the numbers that stand in the text as they are: "34.5" is not in "1,234.5" nor in "34.51"."""
    found = [re.search(rf"(?<![\d,.]){re.escape(number)}(?!\d)", text) for number in numbers]
    return mean([float(one is not None) for one in found])
