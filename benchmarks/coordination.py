"""How long coordination takes: a plan of three agents, with scripted and with the real answerers.

    python -m benchmarks.coordination [--json] [--runs N] [--real-runs N]

Coordination is the time of a run less the union of the intervals in which anything was embedded, retrieved or
answered. The floor is what three bare messages and their answers cost on the same server in the same run.
"""

import argparse
import asyncio
import json
import tempfile
from pathlib import Path

from agents import Agent, AgentRegistry, load_catalog
from agents.answerers.scripted import ScriptedAnswerer
from benchmarks.floor import three_steps
from benchmarks.measure import Spread, spread
from knowledge import HashEmbedder, MiniLM
from orchestration import AgentOrchestrator, Settings, Task, open_runtime
from orchestration.embedded import open_embedded

STARTER = (
    "A worker died while it was answering: what happens to its step, how do I notice,"
    " and could another user see the answer?"
)
THREE = "@north @east @south What is the weather like?"


def three_agents() -> AgentRegistry:
    """Agents that know nothing, so that only coordination is left."""
    return AgentRegistry(
        Agent(name=name, title=name.title(), description=f"Watches the weather in the {name}.")
        for name in ("north", "east", "south")
    )


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
            async with open_runtime(settings, registry=load_catalog(), embedder=MiniLM()) as orchestrator:
                await orchestrator.knowledge.wait_ready()
                total, coordination = await run(orchestrator, STARTER, real_runs, warm=5)
            figures["starter, total"], figures["starter, coordination"] = total, coordination
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=300, help="runs with scripted answerers")
    parser.add_argument("--real-runs", type=int, default=50, help="runs with the real answerers; 0 leaves them out")
    given = parser.parse_args()
    figures = asyncio.run(measure(given.runs, given.real_runs))
    durability = "embedded Redis, appendfsync always"
    if given.json:
        print(json.dumps({"durability": durability, "ms": {k: v.as_dict() for k, v in figures.items()}}))
        return
    print(f"Milliseconds; {durability}\n{'':28}{'count':>6} {'p50':>9} {'p99':>9} {'max':>9}")
    for name, figure in figures.items():
        print(f"{name:28}{figure.row()}")


if __name__ == "__main__":
    main()
