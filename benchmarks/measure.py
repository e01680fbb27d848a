"""Figures from samples."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Spread:
    """Milliseconds of one thing that was done many times."""

    count: int
    p50: float
    p99: float
    max: float

    def row(self) -> str:
        return f"{self.count:6d} {self.p50:9.2f} {self.p99:9.2f} {self.max:9.2f}"

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def spread(seconds: Sequence[float]) -> Spread:
    """From seconds to milliseconds; percentiles by nearest rank."""
    ordered = sorted(1000 * value for value in seconds)

    def rank(share: float) -> float:
        return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 3)

    return Spread(len(ordered), rank(0.5), rank(0.99), round(ordered[-1], 3))


@dataclass(frozen=True)
class Cpu:
    """Processor seconds, user and system together, of everybody who takes part."""

    driver: float
    workers: float
    server: float

    @property
    def total(self) -> float:
        return self.driver + self.workers + self.server

    def __add__(self, other: "Cpu") -> "Cpu":
        return Cpu(self.driver + other.driver, self.workers + other.workers, self.server + other.server)

    def __sub__(self, other: "Cpu") -> "Cpu":
        return Cpu(self.driver - other.driver, self.workers - other.workers, self.server - other.server)


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table for a document; the first column to the left, figures to the right."""
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))
