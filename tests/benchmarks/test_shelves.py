"""People who put in, take out and ask at the same time: the short form of `python -m benchmarks.shelves`."""

import pytest

from benchmarks.shelves import Note, judge, measure
from orchestration.keys import Keys

A = Note(what="put", machine=0, person="ana", word="a", begun=0.0, ended=1.0, source="a.md")
GONE = Note(what="removed", machine=0, person="ana", word="a", begun=5.0, ended=6.0, source="a.md")


def asked(begun: float, *found: str, machine: int = 0, person: str = "ben") -> Note:
    return Note(what="asked", machine=machine, person=person, word="a", begun=begun, ended=begun + 0.1, found=found)


@pytest.mark.parametrize(
    ("notes", "wrong"),
    [
        ([asked(1.0, "a")], ""),
        ([asked(1.0)], "lost"),
        ([asked(2.9, machine=1)], ""),
        ([asked(3.1, machine=1)], "lost"),
        ([GONE, asked(4.95)], ""),
        ([GONE, asked(5.5, "a")], ""),
        ([GONE, asked(6.0, "a")], "stale"),
        ([GONE, asked(7.9, "a", machine=1)], ""),
        ([GONE, asked(8.1, "a", machine=1)], "stale"),
        ([A.model_copy(update={"word": "b", "begun": 5.0, "ended": 6.0, "replaces": "a"}), asked(6.0, "a")], "stale"),
        ([A.model_copy(update={"owner": "ana"}), asked(1.0)], ""),
        ([A.model_copy(update={"owner": "ana"}), asked(1.0, "a")], "betrayed"),
    ],
)
def test_what_counts_as_wrong(notes: list[Note], wrong: str) -> None:
    """Confirmed changes hold at once in the folder where they were made, and two seconds later elsewhere."""
    verdict = judge("", 1.0, [A, *notes])
    found = {kind: getattr(verdict, kind) for kind in ("lost", "stale", "betrayed", "half")}
    assert {kind for kind, sentences in found.items() if sentences} == ({wrong} if wrong else set())


async def test_nothing_is_lost_in_one_folder() -> None:
    """Two processes on one folder, a few seconds."""
    verdict = await measure(3, machines=1, processes=2, redis_url="")
    assert verdict.good, verdict


async def test_nothing_is_lost_between_two_machines(redis_url: str, keys: Keys) -> None:
    """Two folders, and a record over Redis: in the end they are the same. How soon is for the benchmark to say."""
    verdict = await measure(5, machines=2, processes=1, redis_url=redis_url, prefix=keys.prefix, elsewhere=float("inf"))
    assert verdict.good, verdict
