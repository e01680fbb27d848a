"""How many complex questions go through: a council with 1, 2 and 4 worker processes, and the single agent.

    python -m benchmarks.concurrency [--json] [--plot FILE.svg] [--seconds S] [--workload waiting|extractive]

Every question is the same one of three parts, for which three agents are chosen; the single agent answers the same
parts one after the other. 10, 50, 100 and 200 of them are kept in flight. This process orchestrates and runs no
steps; workers are processes of their own with the default of eight slots. Questions come from ten people, because one
alone may not fill the house.

The single agent's capacity is told in two ways. `one at a time` is the system without a council: one agent at one
question, as one model answers. `single agent` is the profile of that name as it is: it takes in whatever comes, in one
process, and nothing bounds how many of its answerers wait at once.
"""

import argparse
import asyncio
import json
import os
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any, get_args

from agents import load_catalog
from benchmarks.children import child
from benchmarks.coordination import STARTER
from benchmarks.crew import Workload, parts
from benchmarks.lanes import Drive, drive
from benchmarks.measure import markdown_table, spread
from orchestration import AgentOrchestrator, Settings, Task, open_runtime
from orchestration.messages import Mode

IN_FLIGHT = (10, 50, 100, 200)
WORKERS = (1, 2, 4)
PEOPLE = 10
WANTED = 3.0
"""Complex questions for each one of the single agent's."""
ONE_AT_A_TIME, SINGLE = "one at a time", "single agent"


@dataclass(frozen=True)
class Throughput:
    """What came through in one way with so many in flight."""

    workload: Workload
    way: str
    in_flight: int
    runs: int
    runs_per_second: float
    p50_ms: float
    p99_ms: float


def throughput(workload: Workload, way: str, in_flight: int, done: Drive) -> Throughput:
    figures = spread(done.took)
    pace = round(len(done.took) / done.elapsed, 2)
    return Throughput(workload, way, in_flight, figures.count, pace, figures.p50, figures.p99)


def council(workers: int) -> str:
    """The name of a way."""
    return f"council, {workers} worker{'s'[: workers != 1]}"


def times_the_single_agent(found: Sequence[Throughput]) -> dict[tuple[Workload, str, int], tuple[float, float]]:
    """For each council: its pace as a multiple of one question at a time, and of the single agent's with as many."""
    pace = {(each.workload, each.way, each.in_flight): each.runs_per_second for each in found}
    return {
        (each.workload, each.way, each.in_flight): (
            round(each.runs_per_second / pace[each.workload, ONE_AT_A_TIME, 1], 2),
            round(each.runs_per_second / pace[each.workload, SINGLE, each.in_flight], 2),
        )
        for each in found
        if each.way not in (ONE_AT_A_TIME, SINGLE)
    }


async def measure(workload: Workload, seconds: float) -> list[Throughput]:
    """Every way, so many seconds for each number in flight; what is in flight then is waited for."""
    found = []
    bring = parts(workload)
    with tempfile.TemporaryDirectory(prefix="rt-bench-") as folder:
        data = Path(folder)
        runtime = open_runtime(
            Settings(data=data),
            registry=load_catalog(),
            answerer=bring.answerer,
            embedder=bring.embedder,
            workers=False,
        )
        async with runtime as orchestrator, AsyncExitStack() as workers:
            await orchestrator.knowledge.wait_ready()
            found.append(throughput(workload, ONE_AT_A_TIME, 1, await _ask(orchestrator, "single", 1, seconds)))
            for lanes in IN_FLIGHT:
                found.append(throughput(workload, SINGLE, lanes, await _ask(orchestrator, "single", lanes, seconds)))
            working = 0
            for wanted in WORKERS:
                while working < wanted:
                    await workers.enter_async_context(child("benchmarks.crew", str(data), workload))
                    working += 1
                await _ask(orchestrator, "council", working, 1.0)
                for lanes in IN_FLIGHT:
                    done = await _ask(orchestrator, "council", lanes, seconds)
                    found.append(throughput(workload, council(working), lanes, done))
    return found


async def _ask(orchestrator: AgentOrchestrator, mode: Mode, lanes: int, seconds: float) -> Drive:
    numbers = count()

    async def ask(lane: int) -> None:
        person = f"person{next(numbers) % PEOPLE}"
        task = Task(question=STARTER, person=person, mode=mode, deadline_seconds=600)
        result = await orchestrator.dispatch_task(task)
        assert result.state == "answered", result.reason
        assert len(result.steps) == 3 and not result.missing, "three parts were asked about"

    return await drive(lanes, seconds, ask)


def table(found: Sequence[Throughput], workload: Workload) -> str:
    """For a document: a row for each way and number in flight."""
    times = times_the_single_agent(found)
    rows = []
    for it in found:
        if it.workload == workload:
            to_one, to_single = times.get((workload, it.way, it.in_flight), (None, None))
            rows.append(
                [
                    it.way,
                    str(it.in_flight),
                    f"{it.runs_per_second:.1f}",
                    f"{it.p50_ms / 1000:.2f}",
                    f"{it.p99_ms / 1000:.2f}",
                    f"{to_one:.1f}" if to_one is not None else "",
                    f"{to_single:.2f}" if to_single is not None else "",
                ]
            )
    head = ["way", "in flight", "runs/s", "p50 s", "p99 s", "times one at a time", "times the single agent"]
    return markdown_table(head, rows)


def plot(found: Sequence[Throughput], file: Path) -> None:
    """Runs per second over questions in flight, a panel for each workload; for light and dark pages."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    grey = "#808080"
    settings: Any = {
        "svg.fonttype": "none", "svg.hashsalt": "roundtable", "font.family": "sans-serif", "font.size": 10,
        "axes.edgecolor": grey, "axes.labelcolor": grey, "axes.titlecolor": grey, "text.color": grey,
        "xtick.color": grey, "ytick.color": grey, "axes.spines.top": False, "axes.spines.right": False,
    }  # fmt: skip
    workloads = list(dict.fromkeys(each.workload for each in found))
    colours = ("#2a9d8f", "#4c8eda", "#9b6dd6")
    styles = {council(n): (colour, "o-") for n, colour in zip(WORKERS, colours, strict=True)}
    styles[SINGLE] = ("#e07a2f", "s--")
    with mpl.rc_context(settings):
        figure, axes = pyplot.subplots(1, len(workloads), figsize=(4.6 * len(workloads), 3.4), squeeze=False)
        for axis, workload in zip(axes[0], workloads, strict=True):
            for way, (colour, style) in styles.items():
                points = [
                    (each.in_flight, each.runs_per_second)
                    for each in found
                    if each.way == way and each.workload == workload
                ]
                axis.plot(*zip(*points, strict=True), style, color=colour, label=way, linewidth=1.8, markersize=4)
            [one] = [each for each in found if each.way == ONE_AT_A_TIME and each.workload == workload]
            axis.axhline(one.runs_per_second, color=grey, linestyle=":", label=ONE_AT_A_TIME)
            axis.set(
                title=f"{workload} answerers", xlabel="questions in flight", ylabel="runs per second", ylim=(0, None)
            )
            axis.set_xticks(IN_FLIGHT)
            axis.grid(color=grey, alpha=0.2)
        handles, labels = axes[0][0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="lower center", ncols=3, frameon=False)
        figure.tight_layout(rect=(0, 0.13, 1, 1))
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file, transparent=True, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="needs the extra `bench`")
    parser.add_argument("--seconds", type=float, default=10.0, help="for each way and number in flight")
    parser.add_argument("--workload", choices=get_args(Workload), action="append", help="both if it is left out")
    given = parser.parse_args()
    workloads: tuple[Workload, ...] = tuple(given.workload or get_args(Workload))
    found: list[Throughput] = []
    for workload in workloads:
        found += asyncio.run(measure(workload, given.seconds))
    if given.plot:
        plot(found, given.plot)
    if given.json:
        times = times_the_single_agent(found)
        rows = [
            asdict(it) | {"times_single": times.get((it.workload, it.way, it.in_flight), (None, None))} for it in found
        ]
        print(json.dumps({"cores": os.cpu_count(), "times_wanted": WANTED, "throughput": rows}))
        return
    for workload in workloads:
        print(f"\n{workload} answerers, {os.cpu_count()} cores\n\n{table(found, workload)}")


if __name__ == "__main__":
    main()
