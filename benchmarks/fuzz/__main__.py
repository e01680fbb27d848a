"""Breaks documents of every kind in seeded ways and reads them, to see that nothing but a clear sentence comes of it.

    python -m benchmarks.fuzz --seed N --files M [--data DIR] [--seconds S] [--keep DIR] [--json]

Exit code 1 when the reading process crashed, a file took too long, or a reason was no sentence for a person.
"""

import argparse
import asyncio
import sys
from pathlib import Path

from benchmarks.fuzz.run import run_fuzz
from knowledge import KnowledgeSettings
from tests.knowledge.documents import samples

_MOST_BYTES = 2_000_000
"""Larger files of a folder are left out: it is the ways to break that count, not the bytes."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--files", type=int, default=1_000)
    parser.add_argument("--data", type=Path, help="a folder with more originals")
    parser.add_argument("--seconds", type=float, default=20.0, help="that one file may take")
    parser.add_argument("--keep", type=Path, help="a folder for the files that did harm")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    originals = dict(samples())
    if given.data is not None:
        for path in sorted(given.data.rglob("*")):
            if path.is_file() and 0 < path.stat().st_size <= _MOST_BYTES:
                originals[path.name] = path.read_bytes()
    if given.keep is not None:
        given.keep.mkdir(parents=True, exist_ok=True)
    settings = KnowledgeSettings(reading_seconds=given.seconds)
    running = run_fuzz(originals, seed=given.seed, files=given.files, settings=settings, keep=given.keep)
    report = asyncio.run(running)
    print(report.as_json() if given.json else report.table())
    sys.exit(0 if report.good else 1)


if __name__ == "__main__":
    main()
