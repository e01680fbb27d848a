"""How a worker finds out how much it can take on at once."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from orchestration.machine import Processor, Times, times
from orchestration.scaling import FIRST, LEAST, MOST, Moment, Scale, Scaler, after, lateness

BUSY = Moment(in_hand=FIRST, queued=True, spare=0.6, late_seconds=0.01)
"""All slots are taken, more waits, and the machine could do more."""
EXHAUSTED = Moment(in_hand=FIRST, queued=True, spare=0.01, late_seconds=0.01)
LATE = Moment(in_hand=FIRST, queued=True, spare=0.6, late_seconds=0.5)


def looked(*seen: Moment, slots: int = FIRST) -> int:
    """How many slots there are after these looks."""
    scale = Scale(slots)
    for moment in seen:
        scale = after(scale, moment)
    return scale.slots


def test_steps_that_wait_and_a_machine_with_time_bring_slots() -> None:
    """After two looks in a row, by a quarter; then two more have to say so."""
    assert looked(BUSY) == FIRST
    assert looked(BUSY, BUSY) == FIRST + FIRST // 4
    assert looked(BUSY, BUSY, BUSY) == FIRST + FIRST // 4


@pytest.mark.parametrize("seen", [EXHAUSTED, LATE])
def test_a_machine_without_time_or_a_late_process_takes_slots(seen: Moment) -> None:
    """Whether or not anything waits."""
    idle = Moment(0, False, seen.spare, seen.late_seconds)
    assert looked(seen) == FIRST
    assert looked(seen, seen) == looked(seen, idle) == FIRST - FIRST // 4


@pytest.mark.parametrize(
    "seen",
    [
        Moment(FIRST, queued=False, spare=0.9, late_seconds=0.0),
        Moment(FIRST - 1, queued=True, spare=0.9, late_seconds=0.0),
        Moment(FIRST, queued=True, spare=0.15, late_seconds=0.0),
        Moment(FIRST, queued=True, spare=0.9, late_seconds=0.1),
    ],
    ids=["nothing waits", "a slot is free", "little time to spare", "hardly prompt"],
)
def test_in_between_nothing_changes(seen: Moment) -> None:
    """And what was seen before counts no more."""
    assert looked(seen, seen, seen) == FIRST
    assert looked(BUSY, seen, BUSY) == looked(LATE, seen, LATE) == FIRST
    assert looked(BUSY, LATE, BUSY) == FIRST


def test_there_are_bounds() -> None:
    many = Moment(MOST, queued=True, spare=0.9, late_seconds=0.0)
    assert looked(*[many] * 100) == MOST
    assert looked(*[EXHAUSTED] * 100) == LEAST


async def test_a_worker_gets_what_the_looks_say() -> None:
    """One look after the other."""
    given: list[int] = []
    over = asyncio.Event()

    class Working:
        def resize(self, slots: int) -> None:
            given.append(slots)

    def shown(moments: Sequence[Moment]) -> Scaler:
        left = list(moments)

        async def look() -> Moment:
            if not left:
                over.set()
                await asyncio.Event().wait()
            return left.pop(0)

        return Scaler(Working(), look)

    scaling = asyncio.create_task(shown([BUSY, BUSY, EXHAUSTED, EXHAUSTED]).run())
    await over.wait()
    scaling.cancel()
    assert given == [8, 10, 10, 8]


async def test_a_loop_that_is_held_up_is_late() -> None:
    """As by an answerer that computes without letting go."""
    loop = asyncio.get_running_loop()

    def hold_up() -> None:
        end = loop.time() + 0.06
        while loop.time() < end:
            pass

    loop.call_later(0.01, hold_up)
    assert await lateness(0.02, 1) >= 0.03


def test_the_processors_time_is_read_from_what_linux_says(tmp_path: Path) -> None:
    """Idle time and waiting for a disk are to spare; guests are counted once."""
    assert times("cpu  10 1 9 70 10 0 0 0 5 0\n") == Times(idle=80, all=100)
    stat = tmp_path / "stat"
    stat.write_text("cpu  10 0 10 80 0 0 0 0 0 0\ncpu0 10 0 10 80 0 0 0 0 0 0\n")
    processor = Processor(stat)
    stat.write_text("cpu  70 0 30 100 0 0 0 0 0 0\n")
    assert processor.spare() == 0.2
    assert processor.spare() == 0.0, "nothing has passed"


def test_elsewhere_the_load_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getloadavg", lambda: (1.0, 0.0, 0.0))
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    assert Processor(tmp_path / "none").spare() == 0.75
