"""A worker process as `roundtable worker` runs it, for every agent of the catalog.

    python -m benchmarks.crew DATA WORKLOAD

Two workloads: `waiting` answers like a model that runs elsewhere, after 0.2 to 0.4 seconds of doing nothing;
`extractive` is what Roundtable answers with when there is no model, and needs the processor.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Literal, get_args

from agents import Answerer, Question, load_catalog
from agents.answerers import ExtractiveAnswerer
from agents.answerers.scripted import ScriptedAnswerer
from benchmarks.children import be_a_child
from knowledge import Embedder, HashEmbedder
from orchestration import Settings, open_runtime

Workload = Literal["waiting", "extractive"]
SHORTEST, LONGEST = 0.2, 0.4
"""Seconds that a model takes for an answer."""
SEED = 7


@dataclass(frozen=True)
class Parts:
    """What a workload brings into a runtime."""

    answerer: Answerer
    embedder: Embedder | None
    """None for the real one."""


def parts(workload: Workload) -> Parts:
    """The waiting answerers embed by hashing, so that next to nothing but coordination needs the processor."""
    if workload == "extractive":
        return Parts(ExtractiveAnswerer(), None)
    random = Random(SEED)

    async def wait(question: Question) -> None:
        await asyncio.sleep(random.uniform(SHORTEST, LONGEST))

    return Parts(ScriptedAnswerer("As a model would say.", before=wait), HashEmbedder())


@asynccontextmanager
async def crew(data: Path, workload: Workload) -> AsyncIterator[None]:
    """Work until the block ends."""
    bring = parts(workload)
    runtime = open_runtime(
        Settings(data=data), registry=load_catalog(), answerer=bring.answerer, embedder=bring.embedder, kind="worker"
    )
    async with runtime as worker:
        await worker.knowledge.wait_ready()
        yield


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("workload", choices=get_args(Workload))
    given = parser.parse_args()
    asyncio.run(be_a_child(crew(given.data, given.workload)))


if __name__ == "__main__":
    main()
