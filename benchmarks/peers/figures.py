"""From the turns of all systems to what is said about them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.measure import markdown_table
from benchmarks.peers.session import Block
from benchmarks.peers.systems import OURS

CPU_SHARE = 1 / 3
"""What a step of ours may cost of what it costs the best peer."""


@dataclass(frozen=True)
class Measured:
    """The median of all turns, with the lowest and the highest."""

    median: float
    lowest: float
    highest: float

    def __str__(self) -> str:
        return f"{_short(self.median)} ({_short(self.lowest)}–{_short(self.highest)})"


@dataclass(frozen=True)
class Figures:
    """One system with so many workers and so many tasks under way."""

    system: str
    concurrency: int
    workers: int
    turns: int
    p50_ms: Measured
    p99_ms: Measured
    tasks_per_second: Measured
    cpu_us: Measured
    client_us: float
    worker_us: float
    server_us: float


@dataclass(frozen=True)
class Verdict:
    """One thing in which we want to be better than every peer."""

    what: str
    ours: float
    best: float
    """The best peer's."""
    peer: str
    wanted: float
    """What ours may be at most, or has to be more than, as a multiple of the best peer's."""
    met: bool

    @property
    def times(self) -> float:
        return round(self.ours / self.best, 2)


def figures(system: str, blocks: Sequence[Block]) -> Figures:
    """Of all turns of one system in one way."""
    [(concurrency, workers)] = {(block.concurrency, block.workers) for block in blocks}

    def of(value: Callable[[Block], float]) -> Measured:
        values = [round(value(block), 3) for block in blocks]
        return Measured(round(median(values), 3), min(values), max(values))

    def share(seconds: Callable[[Block], float]) -> float:
        return round(median(1_000_000 * seconds(block) / block.count for block in blocks), 1)

    return Figures(
        system=system,
        concurrency=concurrency,
        workers=workers,
        turns=len(blocks),
        p50_ms=of(lambda block: block.p50_ms),
        p99_ms=of(lambda block: block.p99_ms),
        tasks_per_second=of(lambda block: block.tasks_per_second),
        cpu_us=of(lambda block: block.cpu_us),
        client_us=share(lambda block: block.cpu.driver),
        worker_us=share(lambda block: block.cpu.workers),
        server_us=share(lambda block: block.cpu.server),
    )


def verdicts(found: Sequence[Figures]) -> list[Verdict]:
    """Everything that was aimed at and measured, with one worker each."""
    said = []
    for concurrency in dict.fromkeys(each.concurrency for each in found):
        beside = {each.system: each for each in found if (each.concurrency, each.workers) == (concurrency, 1)}
        ours = beside.pop(OURS, None)
        if ours is None or not beside:
            continue
        cpu = {name: each.cpu_us.median for name, each in beside.items()}
        said.append(
            _verdict(f"processor time for each task, {concurrency} at once", ours.cpu_us.median, cpu, CPU_SHARE)
        )
        if concurrency == 8:
            took = {name: each.p50_ms.median for name, each in beside.items()}
            said.append(_verdict("p50, 8 at once", ours.p50_ms.median, took, 1.0))
        if concurrency == 64:
            pace = {name: each.tasks_per_second.median for name, each in beside.items()}
            peer = max(pace, key=lambda name: pace[name])
            done = ours.tasks_per_second.median
            said.append(Verdict("tasks a second, 64 at once", done, pace[peer], peer, 1.0, done > pace[peer]))
    return said


def _verdict(what: str, ours: float, others: Mapping[str, float], wanted: float) -> Verdict:
    """For what should be little."""
    peer = min(others, key=lambda name: others[name])
    return Verdict(what, ours, others[peer], peer, round(wanted, 3), ours <= wanted * others[peer])


def table(found: Sequence[Figures]) -> str:
    """A row for each system in each way."""
    head = ["system", "workers", "at once", "p50 ms", "p99 ms", "tasks/s", "CPU µs a task", "client + worker + server"]
    return markdown_table(
        head,
        [
            [
                each.system,
                str(each.workers),
                str(each.concurrency),
                str(each.p50_ms),
                str(each.p99_ms),
                str(each.tasks_per_second),
                str(each.cpu_us),
                f"{each.client_us:.0f} + {each.worker_us:.0f} + {each.server_us:.0f}",
            ]
            for each in found
        ],
    )


def verdict_table(said: Sequence[Verdict]) -> str:
    """Ours beside the best peer's."""
    head = ["what", "ours", "best peer's", "whose", "times", "wanted", "met"]
    return markdown_table(
        head,
        [
            [
                each.what,
                _short(each.ours),
                _short(each.best),
                each.peer,
                f"{each.times:.2f}",
                f"{each.wanted:.2f}",
                "yes" if each.met else "no",
            ]
            for each in said
        ],
    )


def _short(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"
