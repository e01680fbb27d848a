"""Tries whether every accepted task gets exactly one end while processes are killed, stopped and cut off.

    python -m benchmarks.chaos --seed N --tasks M [--kills K] [--redis single|sentinel|cluster]
        [--replicas N] [--fsync] [--blackouts] [--server PATH] [--keep] [--json]

Starts Redis (append-only file, fsync at every write), two orchestrators and four workers with scripted
answers, each behind a TCP proxy of its own, breaks things while tasks flow, and then reads in Redis what became of
each task. Exit code 1 when a task was lost, something was committed twice, or anything is left over.
"""

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path
from typing import get_args

from benchmarks.chaos.experiment import Plan, run_experiment
from benchmarks.chaos.report import Report
from benchmarks.chaos.topologies import REPLICAS, Kind
from orchestration.durability import Durability


async def _until_told_otherwise(plan: Plan) -> Report:
    """SIGTERM ends the experiment as Ctrl-C does: with all its processes."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await run_experiment(plan)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--tasks", type=int, required=True)
    parser.add_argument("--kills", type=int, help="processes to kill; one for every 40 tasks if it is left out")
    parser.add_argument("--redis", choices=get_args(Kind), default="single", help="one server, or several")
    parser.add_argument(
        "--replicas", type=int, help="so many must have a write before it counts; all if it is left out"
    )
    parser.add_argument(
        "--fsync", action="store_true", help="and it must be on their disks and the master's (Redis 7.2 or newer)"
    )
    parser.add_argument("--blackouts", action="store_true", help="kill all servers at once, and not a master")
    parser.add_argument("--server", type=Path, help="a redis-server program; Roundtable's own if it is left out")
    parser.add_argument("--keep", action="store_true", help="keep logs and Redis' file also when all is well")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    logging.basicConfig(level=logging.ERROR, format="%(message)s")
    kills = max(1, given.tasks // 40) if given.kills is None else given.kills
    replicas = REPLICAS[given.redis] if given.replicas is None else given.replicas
    if not 0 <= replicas <= REPLICAS[given.redis]:
        parser.error(f"a master has {REPLICAS[given.redis]} replicas here")
    plan = Plan(
        seed=given.seed,
        tasks=given.tasks,
        kills=kills,
        topology=given.redis,
        durability=Durability(replicas=replicas, disk=given.fsync),
        blackouts=given.blackouts,
        server=given.server,
        keep=given.keep,
    )
    report = asyncio.run(_until_told_otherwise(plan))
    print(report.as_json() if given.json else report.table())
    sys.exit(0 if report.good else 1)


if __name__ == "__main__":
    main()
