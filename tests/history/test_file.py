"""The file: made and changed wholly or not at all, and never written over when it is not ours."""

import asyncio
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest

from history import History, HistoryFull, UnusableHistory, open_history
from history.history import FILE
from history.migrations import APPLICATION, STEPS, migrate
from tests.history.said import ROSES, asked, ended


async def test_a_new_file_is_for_its_owner_only(tmp_path: Path) -> None:
    """Also one that was there before, for others to read."""
    (tmp_path / FILE).touch(mode=0o644)
    async with open_history(tmp_path) as history:
        await history.note(asked("r1"))
        assert _modes(tmp_path) == {0o600}


def _modes(folder: Path) -> set[int]:
    return {path.stat().st_mode & 0o777 for path in folder.iterdir()}


async def test_a_file_of_an_older_program_is_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With everything that is in it."""
    monkeypatch.setattr("history.migrations.STEPS", STEPS[:1])
    async with open_history(tmp_path) as history:
        await history.keep(ended(asked("r1")))
    monkeypatch.undo()
    async with open_history(tmp_path) as history:
        assert await history.give_feedback("ada", "r1", good=True)
        assert await history.events("r1", "ada") == ended(asked("r1"))
        page = await history.conversations("ada", 10, search="roses")
        assert [one.name for one in page.conversations] == [ROSES]


async def test_a_step_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of its statements or none."""
    monkeypatch.setattr("history.migrations.STEPS", (*STEPS, ("CREATE TABLE more (x)", "not SQL")))
    with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as connection:
        with pytest.raises(sqlite3.OperationalError):
            migrate(connection, tmp_path / FILE)
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


async def test_a_newer_programs_file_is_refused(tmp_path: Path) -> None:
    """In one sentence, before anything is changed."""
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        connection.execute("CREATE TABLE future (x)")
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute("PRAGMA user_version = 99")
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(UnusableHistory, match="newer Roundtable"):
        async with open_history(tmp_path):
            pass
    # One byte says that it was opened with a write-ahead log; nothing else may differ.
    assert len((tmp_path / FILE).read_bytes()) == len(before)


@pytest.mark.parametrize("content", [b"This is no database.\n" * 500, b"SQLite format 3\x00" + b"\xff" * 8_000])
async def test_a_damaged_file_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    """Somebody may want to mend it."""
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(UnusableHistory, match=r"damaged|another program"):
        async with open_history(tmp_path):
            pass
    assert (tmp_path / FILE).read_bytes() == content


async def test_a_page_that_is_damaged_is_noticed(tmp_path: Path) -> None:
    """Not only the first one."""
    async with open_history(tmp_path) as history:
        for number in range(20):
            await history.keep(ended(asked(f"r{number}", f"{ROSES} {number}" * 20, conversation=f"c{number}")))
    content = bytearray((tmp_path / FILE).read_bytes())
    content[4096 * 3 : 4096 * 6] = b"\xa5" * (4096 * 3)
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(UnusableHistory, match="damaged"):
        async with open_history(tmp_path):
            pass
    assert (tmp_path / FILE).read_bytes() == content


async def test_another_programs_database_is_not_taken(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    with pytest.raises(UnusableHistory, match="another program"):
        async with open_history(tmp_path):
            pass


async def test_a_full_disk_is_one_sentence_and_nothing_is_half_written(history: History) -> None:
    """What was there before stays, and can be read."""
    await history.keep(ended(asked("r1")))
    await history._database.tidy(lambda connection: _limit(connection, 0))
    with pytest.raises(HistoryFull, match="no space left"):
        await history.keep(ended(asked("r2", conversation="more"), "A long answer. " * 50_000))
    await history._database.tidy(lambda connection: _limit(connection, 1_000_000))
    assert await history.run("r2", "ada") is None
    assert await history.conversation("ada", "more") is None
    assert await history.events("r1", "ada") == ended(asked("r1"))


def _limit(connection: sqlite3.Connection, pages: int) -> None:
    """Let SQLite take the disk for full at so many pages, or at those that there are."""
    connection.execute(f"PRAGMA max_page_count = {pages or 1}")


async def test_runs_and_the_place_in_redis_are_written_together(history: History) -> None:
    """Whoever dies between them has written neither, and the next one does both."""
    name, before = await history.identity()
    broken = cast(Any, [ended(asked("r1")), 5])
    with pytest.raises(TypeError):
        await history.keep_up_to("7-0", broken)
    assert await history.identity() == (name, before)
    assert await history.run("r1", "ada") is None
    await history.keep_up_to("7-0", [ended(asked("r1"))])
    await history.keep_up_to("7-0", [ended(asked("r1"), "Something else.")])
    assert await history.identity() == (name, "7-0")
    assert await history.events("r1", "ada") == ended(asked("r1"))


async def test_a_killed_process_loses_nothing_that_it_was_told_is_kept(tmp_path: Path) -> None:
    """It is on the disk when `keep` is over."""
    script = (
        "import asyncio, os, pathlib, sys\n"
        "from history import open_history\n"
        "from tests.history.said import asked, ended\n"
        "async def main():\n"
        "    async with open_history(pathlib.Path(sys.argv[1])) as history:\n"
        "        await history.keep(ended(asked('r1')))\n"
        "        os._exit(9)\n"
        "asyncio.run(main())\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    child = await asyncio.create_subprocess_exec(*command, cwd=Path(__file__).parents[2])
    assert await child.wait() == 9
    async with open_history(tmp_path) as history:
        assert await history.events("r1", "ada") == ended(asked("r1"))


async def test_two_processes_may_open_a_new_folder_at_once(tmp_path: Path) -> None:
    """One makes the file, and both write to it."""
    async with open_history(tmp_path) as one, open_history(tmp_path) as other:
        await one.note(asked("r1"))
        await other.keep(ended(asked("r1")))
        assert await one.identity() == await other.identity()
        assert await one.events("r1", "ada") == ended(asked("r1"))
