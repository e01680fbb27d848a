"""The same work beside taskiq-redis, FastStream, arq and docket, each in an environment of its own.

    python -m benchmarks.peers [--json] [--rounds N] [--seconds S] [--only NAME ...]
    python -m benchmarks.peers --workers 1 2 3 4 --at-once 64 --plot docs/benchmarks/peers.svg

A task is 2 KB that a client hands in and 2 KB that a worker answers at once; it is done when the client has the
answer. Everybody works over the embedded server with `appendfsync always`, through its unix socket, with hiredis, with
one client process and one worker process. The systems take turns, every round in another order, and in its turn a
system has an empty server and the machine for itself. The environments are made once, below `~/.cache`.
"""

import argparse
import asyncio
import json
import os
import platform
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.peers.environments import cache_folder, interpreter, versions
from benchmarks.peers.figures import Figures, figures, table, verdict_table, verdicts
from benchmarks.peers.plot import plot
from benchmarks.peers.session import Block, session
from benchmarks.peers.systems import SYSTEMS, System

DURABILITY = "embedded Redis, appendfsync always, unix socket"
NAMED = {system.name: system for system in SYSTEMS}
PACKAGES = ("redis", "hiredis", "taskiq", "taskiq-redis", "faststream", "arq", "pydocket")


def say(sentence: str) -> None:
    """To whoever waits; standard output is for the figures."""
    print(sentence, file=sys.stderr, flush=True)


async def measure(
    pythons: Mapping[System, str], *, rounds: int, seconds: float, at_once: Sequence[int], workers: Sequence[int]
) -> list[Figures]:
    """Every system in every way, by the Python that it needs, in so many rounds of so many seconds."""
    systems = tuple(pythons)
    blocks: dict[tuple[int, int, str], list[Block]] = defaultdict(list)
    for turn in range(rounds):
        first = turn % len(systems)
        for system in (*systems[first:], *systems[:first]):
            say(f"Round {turn + 1} of {rounds}: {system.name}")
            for many in workers:
                done = await session(system, pythons[system], at_once, workers=many, seconds=seconds)
                for block in done:
                    blocks[block.concurrency, many, system.name].append(block)
    places = {system.name: place for place, system in enumerate(systems)}
    in_order = sorted(blocks.items(), key=lambda item: (item[0][0], places[item[0][2]], item[0][1]))
    return [figures(name, turns) for (_, _, name), turns in in_order]


def _python(system: System, cache: Path) -> str:
    return interpreter(system.requirements, cache, say) if system.pins else sys.executable


def _about(system: System) -> dict[str, Any]:
    """What it is made of and how it is set."""
    if system.pins:
        installed = {name: it for name, it in versions(system.requirements).items() if name in PACKAGES}
    else:
        installed = {name: version(name) for name in ("redis", "hiredis")}
    return {"settings": system.settings, "versions": installed}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="for each system and number of tasks at once")
    parser.add_argument("--only", nargs="+", choices=NAMED, metavar="NAME", help=f"of {', '.join(NAMED)}")
    parser.add_argument("--at-once", nargs="+", type=int, default=[1, 8, 64], metavar="N", help="up to 64")
    parser.add_argument("--workers", nargs="+", type=int, default=[1], metavar="N", help="worker processes")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="over workers; needs the extra `bench`")
    parser.add_argument("--cache", type=Path, default=cache_folder(), help="where the environments are")
    given = parser.parse_args()
    if given.plot and find_spec("matplotlib") is None:
        parser.error("--plot needs matplotlib, which the extra `bench` brings")
    systems = [system for system in SYSTEMS if given.only is None or system.name in given.only]
    pythons = {system: _python(system, given.cache) for system in systems}
    found = asyncio.run(
        measure(pythons, rounds=given.rounds, seconds=given.seconds, at_once=given.at_once, workers=given.workers)
    )
    said = verdicts(found)
    if given.plot:
        plot([each for each in found if each.concurrency == max(given.at_once)], given.plot)
    if given.json:
        document = {
            "durability": DURABILITY,
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "systems": {system.name: _about(system) for system in systems},
            "figures": [asdict(each) for each in found],
            "verdicts": [asdict(each) | {"times": each.times} for each in said],
        }
        print(json.dumps(document))
        return
    print(
        f"{DURABILITY}; {os.cpu_count()} cores; the median of {given.rounds} turns (lowest–highest)\n\n{table(found)}"
    )
    if said:
        print(f"\n{verdict_table(said)}")


if __name__ == "__main__":
    main()
