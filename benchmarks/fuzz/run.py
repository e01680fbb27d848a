"""Gives mutated files to a reader and looks at what it says about each."""

import asyncio
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.fuzz.mutations import mutated
from knowledge import KnowledgeSettings, UnreadableDocument
from knowledge.errors import ReaderDied, ReadingTooLong
from knowledge.reading import Reader, open_reader

_AT_ONCE = 2


@dataclass
class Report:
    """What became of the files."""

    seed: int
    files: int
    statuses: Counter[str] = field(default_factory=Counter)
    crashes: list[str] = field(default_factory=list)
    """The process ended without a reason."""
    hangs: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    """Reasons that are no sentence for a person."""
    slowest: float = 0.0
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        return not (self.crashes or self.hangs or self.unclear)

    def as_json(self) -> str:
        return json.dumps(
            {**self.__dict__, "statuses": dict(sorted(self.statuses.items())), "good": self.good}, indent=2
        )

    def table(self) -> str:
        counts = ", ".join(f"{count} {status}" for status, count in sorted(self.statuses.items()))
        lines = [
            f"seed {self.seed}: {self.files} files in {self.seconds:.1f} s, the slowest {self.slowest:.2f} s",
            f"{counts}; {len(self.crashes)} crashes, {len(self.hangs)} hangs, {len(self.unclear)} unclear reasons",
            *(f"crash: {each}" for each in self.crashes),
            *(f"hang: {each}" for each in self.hangs),
            *(f"unclear: {each}" for each in self.unclear),
        ]
        return "\n".join(lines)


async def run_fuzz(
    originals: Mapping[str, bytes], *, seed: int, files: int, settings: KnowledgeSettings, keep: Path | None = None
) -> Report:
    """The same seed and originals give the same files; those that did harm are kept in `keep`."""
    report = Report(seed, files)
    chance = random.Random(seed)
    begun = time.monotonic()
    numbers = iter(range(files))
    with tempfile.TemporaryDirectory() as folder:
        async with open_reader(settings) as reader, asyncio.TaskGroup() as group:

            async def work() -> None:
                for number in numbers:
                    name, content = mutated(originals, chance)
                    path = Path(folder, str(number))
                    await asyncio.to_thread(path.write_bytes, content)
                    harmed = await _read(reader, path, f"{number}-{name}", report)
                    if harmed and keep is not None:
                        await asyncio.to_thread((keep / f"{seed}-{number}-{name}").write_bytes, content)
                    await asyncio.to_thread(path.unlink)

            for _ in range(_AT_ONCE):
                group.create_task(work())
    report.seconds = round(time.monotonic() - begun, 1)
    return report


async def _read(reader: Reader, path: Path, name: str, report: Report) -> bool:
    """Whether it did harm."""
    begun = time.monotonic()
    status = "read"
    harmed = True
    try:
        reading = await reader.read(path, name)
        harmed = not (reading.chunks and reading.text.strip() and reading.format)
        if harmed:
            report.unclear.append(f"{name}: read, and nothing is in it")
    except ReaderDied as error:
        status = error.status
        report.crashes.append(f"{name}: {error}")
    except ReadingTooLong as error:
        status = error.status
        report.hangs.append(f"{name}: {error}")
    except UnreadableDocument as error:
        status = error.status
        harmed = not _is_clear(str(error))
        if harmed:
            report.unclear.append(f"{name}: {error}")
    report.statuses[status] += 1
    report.slowest = round(max(report.slowest, time.monotonic() - begun), 2)
    return harmed


def _is_clear(reason: str) -> bool:
    """One short sentence or two, and no error of the program's."""
    return (
        reason[:1].isupper()
        and reason.endswith(".")
        and 10 < len(reason) < 250
        and reason.isprintable()
        and "Error" not in reason
        and "Reading it failed" not in reason
    )
