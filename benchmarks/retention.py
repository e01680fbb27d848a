"""Whether memory stays flat while thousands of runs come and go.

    python -m benchmarks.retention [--runs N] [--json]

Whole runs of three scripted agents, each in a chat thread, are kept for two seconds after their end. After every 500
runs the server's memory and number of keys and this process's resident memory are written down, once everything that
is due has expired: while runs go on, the number of keys tells how fast the machine is. Memory is flat when the last
third of the samples is, on average, at most a tenth above the middle third; the first third is for caches to fill. At
the end every key has to be gone, except those that live as long as the installation.
"""

import argparse
import asyncio
import json
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from redis.asyncio import Redis

from agents.answerers.scripted import ScriptedAnswerer
from benchmarks.children import resident_bytes
from benchmarks.coordination import THREE
from benchmarks.steps import three_agents
from knowledge import HashEmbedder
from orchestration import AgentOrchestrator, Settings, Task, open_runtime
from orchestration.embedded import open_embedded
from orchestration.hints import ticks
from orchestration.keys import Keys
from orchestration.messages import PRIORITIES
from orchestration.settings import RunSettings

KEPT_SECONDS = 2
SETTLE_SECONDS = 60
"""What has not expired this long after the last run is taken for a key that stays."""
SAMPLE_EVERY = 500
LANES = 16
PEOPLE = 20
GROWTH = 1.1
"""The last third may be so many times the middle third."""


@dataclass(frozen=True)
class Sample:
    """What is held at one moment."""

    runs: int
    redis_bytes: int
    keys: int
    resident_bytes: int


@dataclass(frozen=True)
class Growth:
    """The last third of some samples as a multiple of the middle third."""

    redis_bytes: float
    keys: float
    resident_bytes: float

    @property
    def flat(self) -> bool:
        return max(self.redis_bytes, self.keys, self.resident_bytes) <= GROWTH


def growth(samples: Sequence[Sample]) -> Growth:
    """Raises ValueError for fewer than three samples."""
    third = len(samples) // 3
    if not third:
        raise ValueError("memory can be compared from three samples on")
    middle, last = samples[-2 * third : -third], samples[-third:]

    def times(of: Callable[[Sample], int]) -> float:
        return round(mean(map(of, last)) / mean(map(of, middle)), 3)

    return Growth(times(lambda s: s.redis_bytes), times(lambda s: s.keys), times(lambda s: s.resident_bytes))


def permanent(keys: Keys, agents: Iterable[str]) -> set[str]:
    """Keys that live as long as the installation; each is bounded by people, processes, agents or a length."""
    queues = {keys.tasks(agent, priority) for agent in agents for priority in PRIORITIES}
    streams = queues | {keys.dead(agent) for agent in agents}
    (runs,) = keys.shards
    return {keys.layout, runs.turns, runs.pace, runs.looked, keys.presence, keys.seen} | streams


async def measure(runs: int) -> tuple[list[Sample], list[str]]:
    """The samples, and the keys that stay although they should not."""
    agents, keys = three_agents(), Keys()
    settings = RunSettings(retention_hours=KEPT_SECONDS / 3600)
    samples: list[Sample] = []
    with tempfile.TemporaryDirectory(prefix="rt-bench-") as folder:
        data = Path(folder)
        async with open_embedded(data) as server:
            redis: Any = Redis.from_url(server.url, decode_responses=True)
            runtime = open_runtime(
                Settings(data=data, run=settings), registry=agents, answerer=ScriptedAnswerer(), embedder=HashEmbedder()
            )
            async with redis, runtime as orchestrator:
                await orchestrator.knowledge.wait_ready()
                known, stay = permanent(keys, agents), list[str]()
                while len(samples) * SAMPLE_EVERY < runs:
                    await _ask(orchestrator, SAMPLE_EVERY)
                    stay += await _settled(redis, known | set(stay))
                    used = (await redis.info("memory"))["used_memory"]
                    done = (len(samples) + 1) * SAMPLE_EVERY
                    samples.append(Sample(done, used, await redis.dbsize(), int(resident_bytes())))
    return samples, stay


async def _ask(orchestrator: AgentOrchestrator, runs: int) -> None:
    numbers = iter(range(runs))

    async def lane() -> None:
        for number in numbers:
            task = Task(question=THREE, person=f"person{number % PEOPLE}", conversation=f"thread{number // 3}")
            result = await orchestrator.dispatch_task(task)
            assert result.state == "answered", result.reason

    async with asyncio.TaskGroup() as group:
        for _ in range(LANES):
            group.create_task(lane())


async def _settled(redis: Any, known: set[str]) -> list[str]:
    """Wait until only known keys are left and the server rewrites no file; returns the keys that did not go."""
    left: set[str] = set()
    with suppress(TimeoutError):
        async with asyncio.timeout(SETTLE_SECONDS):
            async for _ in ticks(asyncio.Event(), 0.2):
                left = {key async for key in redis.scan_iter()} - known
                if not left and not (await redis.info("persistence"))["aof_rewrite_in_progress"]:
                    break
    return sorted(left)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=10_000)
    given = parser.parse_args()
    if given.runs < 3 * SAMPLE_EVERY:
        parser.error(f"--runs: at least {3 * SAMPLE_EVERY}, for three samples")
    samples, stay = asyncio.run(measure(given.runs))
    grown = growth(samples)
    if given.json:
        document = {
            "runs": given.runs,
            "kept_seconds": KEPT_SECONDS,
            "samples": [asdict(sample) for sample in samples],
            "last_third_to_middle_third": asdict(grown),
            "flat": grown.flat,
            "keys_that_stay": stay,
        }
        print(json.dumps(document))
        return
    print(f"{'runs':>8} {'Redis MB':>10} {'keys':>8} {'process MB':>11}")
    for it in samples:
        print(f"{it.runs:8d} {it.redis_bytes / 1e6:10.1f} {it.keys:8d} {it.resident_bytes / 1e6:11.1f}")
    print(f"Last third to middle third: {asdict(grown)}; memory is {'flat' if grown.flat else 'NOT flat'}.")
    print("No key stays that should not." if not stay else "Keys that stay: " + ", ".join(stay))


if __name__ == "__main__":
    main()
