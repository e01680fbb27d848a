"""Which runs of single agents go on: every process of a data folder knows, as long as whoever answers is there."""

from collections.abc import Callable
from pathlib import Path

from history.answering import FOLDER, LEFT_SECONDS, Answering


def at(seconds: float) -> Callable[[], float]:
    return lambda: seconds


async def test_others_know_that_a_run_goes_on(tmp_path: Path) -> None:
    """From its beginning to its end, whatever it is called."""
    here, elsewhere = (Answering(tmp_path, at(0)) for _ in range(2))
    run = "../r/1 " + "ü" * 190
    assert not await elsewhere.goes_on(run)
    await here.begin(run)
    await here.begin(run)
    assert await here.goes_on(run)
    assert await elsewhere.goes_on(run)
    assert not await elsewhere.goes_on("another")
    await here.end(run)
    await here.end(run)
    assert not await here.goes_on(run)
    assert not await elsewhere.goes_on(run)
    assert list((tmp_path / FOLDER).iterdir()) == []


async def test_what_killed_processes_leave_is_taken_away(tmp_path: Path) -> None:
    """Not what goes on, nor what may just be beginning."""
    here = Answering(tmp_path, at(0))
    await here.begin("goes on")
    (held,) = (tmp_path / FOLDER).iterdir()
    left = tmp_path / FOLDER / "left"
    left.touch()
    made = left.stat().st_mtime
    await Answering(tmp_path, at(made + LEFT_SECONDS - 1)).tidy()
    assert left.exists()
    await Answering(tmp_path, at(made + LEFT_SECONDS + 60)).tidy()
    assert list((tmp_path / FOLDER).iterdir()) == [held]
    await here.end("goes on")
