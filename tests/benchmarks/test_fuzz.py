"""A short fuzz run; `make fuzz` runs long ones."""

import random

from benchmarks.fuzz.mutations import mutated
from benchmarks.fuzz.run import run_fuzz
from knowledge import KnowledgeSettings
from tests.knowledge.documents import samples


async def test_broken_documents_break_nothing() -> None:
    """A hundred files of every kind: each is read or refused with a sentence, none crashes or hangs the reader."""
    report = await run_fuzz(samples(), seed=5, files=100, settings=KnowledgeSettings(reading_seconds=20))
    assert report.good, report.table()
    assert sum(report.statuses.values()) == 100
    assert report.statuses["read"] > 10
    assert report.statuses["damaged"] > 10


def test_the_same_seed_breaks_the_same_files() -> None:
    """So that what did harm can be looked at again."""
    originals = samples()
    first, again, other = ([mutated(originals, chance) for _ in range(30)] for chance in map(random.Random, (1, 1, 2)))
    assert first == again
    assert first != other
