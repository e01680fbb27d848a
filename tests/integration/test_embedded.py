"""The embedded Redis server, with the real program: what a user of `open_embedded` may rely on.

Every test has a data folder of its own, and whatever server is left on it at the end is killed.
"""

import asyncio
import logging
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis

from orchestration.embedded import EmbeddedServer, open_embedded
from orchestration.embedded.datafolder import DataFolder, Whereabouts
from orchestration.embedded.process import server_pid
from orchestration.errors import ConfigurationError, EngineUnavailable
from tests.integration.processes import another_process, kill, listening_on_tcp, open_files, runs
from tests.orchestration.waiting import PATIENCE_SECONDS

NOBODY = 65534


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder that does not exist yet, and a session folder for its socket."""
    session = Path(tempfile.mkdtemp(prefix="rt-", dir="/tmp"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(session))
    yield tmp_path / "data"
    for folder in tmp_path.rglob("redis"):
        while pid := server_pid(DataFolder(folder.parent)):
            kill(pid)
    shutil.rmtree(session)


def client(server: EmbeddedServer) -> Redis:
    return Redis.from_url(server.url, decode_responses=True)


@asynccontextmanager
async def restarted_by_monitor() -> AsyncIterator[None]:
    """Leave the block only when the monitor has said that the server is back."""
    back = asyncio.Event()

    class Ears(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "is back" in record.getMessage():
                back.set()

    ears, log = Ears(), logging.getLogger("orchestration.embedded.server")
    log.addHandler(ears)
    # Whatever an earlier test, or a library that it used, made of the log: here it has to be heard.
    before = (log.level, log.disabled, log.manager.disable)
    log.setLevel(logging.WARNING)
    log.disabled, log.manager.disable = False, logging.NOTSET
    try:
        yield
        async with asyncio.timeout(PATIENCE_SECONDS):
            await back.wait()
    finally:
        log.removeHandler(ears)
        log.setLevel(before[0])
        log.disabled, log.manager.disable = before[1], before[2]


@contextmanager
def as_somebody_without_rights() -> Iterator[None]:
    """Root may read everything, so as root become nobody for a moment."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def program(folder: Path, version: str, otherwise: str) -> Path:
    """A stand-in for redis-server that tells a version and does something else when started."""
    script = folder / "redis-server"
    script.write_text(f'#!/bin/sh\nif [ "$1" = --version ]; then echo "{version}"; exit; fi\n{otherwise}\n')
    script.chmod(0o700)
    return script


# ---------------------------------------------------------------------------------- one program, one server


async def test_a_server_starts_with_the_folder_and_answers(data: Path) -> None:
    """Opening a data folder is all it takes to have a Redis server."""
    async with open_embedded(data) as server, client(server) as redis:
        await redis.set("question", "who is there?")
        assert await redis.get("question") == "who is there?"


async def test_what_was_acknowledged_is_there_the_next_time(data: Path) -> None:
    """The folder keeps the data; the server comes and goes."""
    async with open_embedded(data) as server, client(server) as redis:
        await redis.set("kept", "yes")
    async with open_embedded(data) as server, client(server) as redis:
        assert await redis.get("kept") == "yes"


async def test_every_write_is_on_disk_before_it_is_acknowledged(data: Path) -> None:
    """The durability that the product promises is what the server was really told."""
    async with open_embedded(data) as server, client(server) as redis:
        settings = await redis.config_get("*")
    assert settings["appendonly"] == "yes"
    assert settings["appendfsync"] == "always"
    assert settings["save"] == ""
    assert settings["maxmemory-policy"] == "noeviction"
    assert settings["dir"] == str(data / "redis")


async def test_nobody_else_can_reach_it(data: Path) -> None:
    """There is no TCP port, and data and socket are private to their owner."""
    async with open_embedded(data) as server:
        assert listening_on_tcp(server.pid) == []
        socket = Path(server.url.removeprefix("unix://"))
        assert [path.stat().st_mode & 0o777 for path in (data / "redis", socket.parent, socket)] == [0o700] * 3


async def test_leaving_leaves_no_process_and_no_socket_behind(data: Path) -> None:
    """After the last user nothing runs and nothing is in the way of the next start."""
    async with open_embedded(data) as server:
        pid, socket = server.pid, Path(server.url.removeprefix("unix://"))
        assert runs(pid)
    assert not runs(pid)
    assert not socket.parent.exists()


async def test_leaving_a_frozen_server_takes_a_few_seconds(data: Path) -> None:
    """It cannot be asked to stop, so it is ended."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(open_embedded(data))
        os.kill(server.pid, signal.SIGSTOP)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await stack.aclose()
    assert not runs(server.pid)


async def test_a_deep_data_folder_still_has_a_short_socket(data: Path) -> None:
    """A socket's path is cut off near 100 bytes, so it does not depend on the length of the folder's."""
    async with open_embedded(data / ("d" * 120) / ("e e" * 40)) as server, client(server) as redis:
        assert len(server.url) < 100
        assert await redis.ping()


async def test_an_error_of_the_caller_arrives_as_it_is(data: Path) -> None:
    """The monitor's task group does not wrap what the body raises."""
    with pytest.raises(KeyError, match="mine"):
        async with open_embedded(data):
            raise KeyError("mine")


async def test_giving_up_while_it_starts_leaves_nothing_behind(data: Path) -> None:
    """A cancelled start stops what it had begun."""

    async def opening() -> None:
        async with open_embedded(data):
            raise AssertionError("it was cancelled before this")

    task = asyncio.create_task(opening())
    await asyncio.sleep(0)  # lets the task begin
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert server_pid(DataFolder(data)) is None


# ---------------------------------------------------------------------------------- several programs share it


async def test_two_processes_share_one_server_and_the_last_one_stops_it(data: Path) -> None:
    """Who comes second joins, and the server stays until everybody has left."""
    async with another_process(data) as (_, theirs):
        async with open_embedded(data) as server:
            assert server.pid == theirs
        assert runs(theirs)
    assert not runs(theirs)


async def test_a_server_outlives_the_process_that_started_it(data: Path) -> None:
    """The starter is a user like any other."""
    async with another_process(data) as (child, pid), open_embedded(data) as server, client(server) as redis:
        assert child.stdin
        child.stdin.close()
        await child.wait()
        assert server.pid == pid
        assert await redis.ping()


async def test_many_who_start_at_once_get_one_server(data: Path) -> None:
    """The start lock lets one of them start it."""

    async def one(everybody_in: asyncio.Barrier) -> int:
        async with open_embedded(data) as server:
            await everybody_in.wait()
            return server.pid

    everybody_in = asyncio.Barrier(5)
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        users = [group.create_task(one(everybody_in)) for _ in range(5)]
    assert len({user.result() for user in users}) == 1


async def test_a_server_whose_users_were_all_killed_is_joined(data: Path) -> None:
    """kill -9 of the only user leaves a server, and the next user takes it over and stops it in the end."""
    async with another_process(data) as (child, pid):
        child.kill()
        await child.wait()
    assert runs(pid)
    async with open_embedded(data) as server:
        assert server.pid == pid
    assert not runs(pid)


async def test_the_server_does_not_inherit_the_locks(data: Path) -> None:
    """Otherwise an orphaned server would look like a user for ever."""
    async with open_embedded(data) as server:
        files = open_files(server.pid)
    assert any(file.endswith(".aof") for file in files)
    assert not [file for file in files if file.endswith(".lock")]


# ---------------------------------------------------------------------------------- the server dies


async def test_a_killed_server_comes_back_with_every_acknowledged_write(data: Path) -> None:
    """The monitor notices by itself, and the url stays the same."""
    async with open_embedded(data) as server:
        url, first = server.url, server.pid
        async with client(server) as redis, restarted_by_monitor():
            await redis.set("acknowledged", "yes")
            os.kill(first, signal.SIGKILL)
        assert (server.pid != first, server.url) == (True, url)
        async with client(server) as redis:
            assert await redis.get("acknowledged") == "yes"


async def test_a_death_is_noticed_without_seeing_the_process(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where process ids mean nothing (another container) the end of an idle connection tells it."""

    def unavailable(pid: int) -> int:
        raise OSError("no such system call")

    with monkeypatch.context() as system:
        system.setattr(os, "pidfd_open", unavailable)
        async with open_embedded(data) as server:
            first = server.pid
            async with restarted_by_monitor():
                os.kill(first, signal.SIGKILL)
            second = server.pid
    assert (first != second, runs(second)) == (True, False)


async def test_all_processes_agree_on_the_restarted_server(data: Path) -> None:
    """Both notice, one restarts, and still the last one to leave stops it."""
    async with another_process(data) as (_, first):
        async with open_embedded(data) as server, restarted_by_monitor():
            os.kill(first, signal.SIGKILL)
        second = server.pid
        assert runs(second)
    assert not runs(second)


async def test_callers_who_ensure_at_once_share_one_restart(data: Path) -> None:
    """Nobody has to know who else noticed that the server is gone."""
    async with open_embedded(data) as server:
        kill(server.pid)
        await asyncio.gather(*(server.ensure() for _ in range(20)))
        assert runs(server.pid)
        starts = DataFolder(data).log.read_text().count("eady to accept connections")
        assert starts == 2


def cut_off_a_write(data: Path) -> None:
    with sorted(data.rglob("*.aof"))[-1].open("ab") as file:
        file.write(b"*3\r\n$3\r\nSET\r\n$4\r\nha")


async def test_a_write_that_a_crash_cut_off_does_not_prevent_the_start(data: Path) -> None:
    """Half a command at the end of the file was never acknowledged and is dropped."""
    async with open_embedded(data) as server, client(server) as redis:
        await redis.set("whole", "yes")
    cut_off_a_write(data)
    async with open_embedded(data) as server, client(server) as redis:
        assert await redis.get("whole") == "yes"


async def test_a_copy_of_the_folder_is_not_the_folder(data: Path) -> None:
    """A copy made while the server runs carries the records with it, and still gets a server of its own."""
    async with open_embedded(data) as server:
        copy = data.with_name("copy")
        shutil.copytree(data, copy)
        async with open_embedded(copy) as other:
            assert (other.pid != server.pid, other.url != server.url) == (True, True)


# ---------------------------------------------------------------------------------- refusals, in one sentence


async def refusal(data: Path, binary: Path | None = None, runtime: Path | None = None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        async with open_embedded(data, binary=binary, runtime=runtime):
            pass
    assert "\n" not in str(caught.value)
    return str(caught.value)


def snapshot(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


async def test_an_older_server_never_opens_what_a_newer_one_wrote(data: Path, tmp_path: Path) -> None:
    """It would come up empty; so it is refused, both versions are named and nothing is touched."""
    async with open_embedded(data) as server:
        newer = server.version
    before = snapshot(data)
    older = program(tmp_path, "Redis server v=6.2.9 sha=0:0", "exit 1")
    said = await refusal(data, binary=older)
    assert str(newer) in said
    assert "Redis 6.2.9" in said
    assert snapshot(data) == before


async def test_a_folder_of_seven_is_recognised_without_a_record(data: Path, tmp_path: Path) -> None:
    """7.0 moves the data into a folder of its own before there is a record of it."""
    (data / "redis" / "appendonlydir").mkdir(parents=True)
    older = program(tmp_path, "Redis server v=6.2.14 sha=0:0", "exit 1")
    assert "Redis 7.0" in await refusal(data, binary=older)


async def test_a_folder_in_use_from_another_container_is_refused(data: Path) -> None:
    """Its server cannot be seen from here, and a second one would ruin the file."""
    folder = DataFolder(data)
    folder.create()
    folder.record_whereabouts(Whereabouts(Path("/elsewhere/redis.sock"), "another boot and container"))
    their_lock = folder.users()
    assert their_lock.try_acquire(exclusive=False)
    assert "another container" in await refusal(data)
    their_lock.release()
    async with open_embedded(data) as server:
        assert runs(server.pid)


@pytest.fixture
def closed(data: Path) -> Iterator[Path]:
    """A data folder without any rights."""
    data.mkdir()
    data.chmod(0)
    yield data
    data.chmod(0o700)


async def test_a_data_folder_that_cannot_be_read_is_named(closed: Path) -> None:
    """The sentence names the folder, whatever the system calls the problem."""
    with as_somebody_without_rights():
        assert str(closed) in await refusal(closed)


async def test_a_data_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    """The same for a file in the way."""
    occupied = program(tmp_path, "not a folder", "")
    assert str(occupied) in await refusal(occupied)


@pytest.fixture(params=["symlink", "open to others", "file", "foreign"])
def trap(data: Path, request: pytest.FixtureRequest) -> Path:
    """A runtime folder that somebody else may have prepared."""
    runtime = Path(os.environ["XDG_RUNTIME_DIR"], "mine")
    if request.param == "symlink":
        runtime.with_name("target").mkdir(mode=0o700)
        runtime.symlink_to(runtime.with_name("target"))
    elif request.param == "open to others":
        runtime.mkdir()
        runtime.chmod(0o755)
    elif request.param == "file":
        runtime.write_text("")
    elif os.geteuid() == 0:
        runtime.mkdir(mode=0o700)
        os.chown(runtime, NOBODY, NOBODY)
    else:
        return Path("/")
    return runtime


async def test_a_runtime_folder_that_may_be_a_trap_is_refused(data: Path, trap: Path) -> None:
    """Who owns the folder of the socket could read every question."""
    assert str(trap) in await refusal(data, runtime=trap)


@pytest.mark.parametrize("version", ["Redis server v=6.0.16 sha=0:0", "some other program"])
async def test_a_program_that_will_not_do_is_refused(data: Path, tmp_path: Path, version: str) -> None:
    """The sentence says what to install, or to use a server of one's own."""
    said = await refusal(data, binary=program(tmp_path, version, "exit 1"))
    assert "6.2" in said
    assert "REDIS_URL" in said


async def test_a_server_that_does_not_come_up_says_why(data: Path, tmp_path: Path) -> None:
    """The last line of its log is part of the error."""
    broken = program(tmp_path, "Redis server v=6.2.14 sha=0:0", "echo out of luck; exit 1")
    with pytest.raises(EngineUnavailable, match="out of luck"):
        async with open_embedded(data, binary=broken):
            pass
