"""How much of a run's time was coordination."""

from collections.abc import Iterable


def coordination_seconds(total: float, busy: Iterable[tuple[float, float]]) -> float:
    """Total seconds less the union of the intervals in which anything was embedded, retrieved or answered."""
    covered = 0.0
    end = float("-inf")
    for start, stop in sorted(busy):
        if stop > end:
            covered += stop - max(start, end)
            end = stop
    return max(0.0, total - covered)
