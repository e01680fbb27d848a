"""How long coordination takes: a plan of three agents, with scripted and with the real answerers.

    python -m benchmarks.coordination [--json] [--runs N] [--real-runs N] [--rounds N]

Coordination is the time of a run less the union of the intervals in which anything was embedded, retrieved or
answered. The floor is what three bare messages and their answers cost on the same server in the same run.

The second table is about steps of runs that are under way: how long one takes, how many go through, and what each
costs in processor time, at several concurrencies and beside two floors (`round_trips.py`).
"""

import argparse
import asyncio
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from agents import load_catalog
from agents.answerers.scripted import ScriptedAnswerer
from benchmarks.floor import three_steps
from benchmarks.measure import Spread, spread
from benchmarks.round_trips import TARGET, Ratio, RoundTrip, ratios
from benchmarks.round_trips import measure as measure_round_trips
from benchmarks.steps import three_agents
from knowledge import HashEmbedder
from orchestration import AgentOrchestrator, Settings, Task, open_runtime
from orchestration.embedded import open_embedded

STARTER = (
    "A worker died while it was answering: what happens to its step, how do I notice,"
    " and could another user see the answer?"
)
THREE = "@north @east @south What is the weather like?"


async def run(orchestrator: AgentOrchestrator, question: str, rounds: int, warm: int) -> tuple[Spread, Spread]:
    """Total and coordination seconds of one question asked again and again."""
    totals, coordination = [], []
    for turn in range(warm + rounds):
        result = await orchestrator.dispatch_task(Task(question=question))
        assert result.state == "answered", result.reason
        assert len(result.steps) >= 3, "a plan of three agents was asked for"
        if turn >= warm:
            totals.append(result.total_seconds)
            coordination.append(result.coordination_seconds)
    return spread(totals), spread(coordination)


async def measure(scripted_runs: int, real_runs: int) -> dict[str, Spread]:
    figures: dict[str, Spread] = {}
    with tempfile.TemporaryDirectory(prefix="rt-bench-") as folder:
        settings = Settings(data=Path(folder))
        async with open_embedded(settings.data) as server:
            figures["raw floor, 3 steps"] = spread((await three_steps(server.url, scripted_runs + 50))[50:])
            runtime = open_runtime(
                settings, registry=three_agents(), answerer=ScriptedAnswerer(), embedder=HashEmbedder()
            )
            async with runtime as orchestrator:
                await orchestrator.knowledge.wait_ready()
                total, coordination = await run(orchestrator, THREE, scripted_runs, warm=50)
            figures["scripted, total"], figures["scripted, coordination"] = total, coordination
        if real_runs:
            async with open_runtime(settings, registry=load_catalog()) as orchestrator:
                await orchestrator.knowledge.wait_ready()
                total, coordination = await run(orchestrator, STARTER, real_runs, warm=5)
            figures["starter, total"], figures["starter, coordination"] = total, coordination
    return figures


async def round_trips(rounds: int) -> list[RoundTrip]:
    with tempfile.TemporaryDirectory(prefix="rt-bench-") as folder:
        async with open_embedded(Path(folder)) as server:
            return await measure_round_trips(server.url, seconds=1.0, rounds=rounds)


def print_round_trips(found: Sequence[RoundTrip], compared: Sequence[Ratio]) -> None:
    print(f"\n{'':10}{'at once':>8} {'way':11}{'p50 ms':>9} {'p99 ms':>9} {'steps/s':>9} {'CPU us':>8}", end="")
    print(f" {'driver':>8} {'worker':>8} {'server':>8}")
    for it in found:
        print(f"{it.what:10}{it.concurrency:8d} {it.way:11}{it.p50_ms:9.2f} {it.p99_ms:9.2f}", end=" ")
        print(f"{it.steps_per_second:9.0f} {it.cpu_us_per_step:8.0f} {it.driver_us:8.0f}", end=" ")
        print(f"{it.worker_us:8.0f} {it.server_us:8.0f}")
    print(f"\nProcessor time for each step, as a multiple (wanted: at most {TARGET} times MULTI)")
    for ratio in compared:
        print(
            f"{ratio.what:10}{ratio.concurrency:8d} {ratio.to_multi:6.2f} of multi {ratio.to_batched:6.2f} of batched"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=300, help="runs with scripted answerers")
    parser.add_argument("--real-runs", type=int, default=50, help="runs with the real answerers; 0 leaves them out")
    parser.add_argument("--rounds", type=int, default=5, help="turns of one second for each way; 0 leaves them out")
    given = parser.parse_args()
    figures = asyncio.run(measure(given.runs, given.real_runs)) if given.runs else {}
    found = asyncio.run(round_trips(given.rounds)) if given.rounds else []
    compared = ratios(found)
    durability = "embedded Redis, appendfsync always"
    if given.json:
        document = {
            "durability": durability,
            "ms": {k: v.as_dict() for k, v in figures.items()},
            "round_trips": [asdict(each) for each in found],
            "cpu_ratios": [asdict(each) | {"met": each.met} for each in compared],
            "cpu_ratio_wanted": TARGET,
        }
        print(json.dumps(document))
        return
    print(f"Milliseconds; {durability}\n{'':28}{'count':>6} {'p50':>9} {'p99':>9} {'max':>9}")
    for name, figure in figures.items():
        print(f"{name:28}{figure.row()}")
    print_round_trips(found, compared)


if __name__ == "__main__":
    main()
