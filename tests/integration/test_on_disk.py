"""What has to be on disks before it counts as done: WAITAOF, which the bundled server does not have."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from orchestration import ConfigurationError, Task
from orchestration.batching import Batcher
from orchestration.connections import open_connections
from orchestration.durability import Durability
from orchestration.keys import Keys
from orchestration.rights import rights_of_web, rights_of_worker
from orchestration.round_trips import NotDurable, WritesRefused
from tests.integration.redis_server import RedisServer
from tests.integration.replicated import free_ports
from tests.integration.valkey import PROGRAM, needs_valkey
from tests.orchestration.users import user
from tests.orchestration.waiting import eventually
from tests.orchestration.worlds import world

pytestmark = needs_valkey

HERE = Durability(disk=True)
"""On the master's disk."""
ON_BOTH = Durability(disk=True, replicas=1)
KEY = "test:{key}:value"


class Pair:
    """A master and its replica, with an append-only file each that is synced at every write."""

    def __init__(self, folder: Path) -> None:
        ports = free_ports(2)
        self.master, self.replica = (RedisServer(folder / str(port), port=port, program=PROGRAM) for port in ports)

    def start(self) -> None:
        """Come back when the replica has everything that the master has."""
        self.master.start()
        self.replica.start()
        self.replica.ask("REPLICAOF", "127.0.0.1", str(self.master.port))
        while not self.replica.in_step:
            continue

    def crash(self) -> None:
        """Both, at once."""
        self.master.kill()
        self.replica.kill()

    def close(self) -> None:
        self.master.close()
        self.replica.close()


@pytest.fixture(scope="module")
def running() -> Iterator[Pair]:
    with tempfile.TemporaryDirectory(prefix="rt-") as folder:
        pair = Pair(Path(folder))
        pair.start()
        yield pair
        pair.close()


@pytest.fixture
def pair(running: Pair) -> Iterator[Pair]:
    """As it was when it started, without what earlier tests wrote."""
    running.master.ask("FLUSHALL")
    yield running
    for server in (running.master, running.replica):
        server.ask("CONFIG", "SET", "appendonly", "yes", "appendfsync", "always")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """For what is never confirmed."""
    monkeypatch.setattr("orchestration.durability.WAIT_MS", 50)
    monkeypatch.setattr("orchestration.durability.DISK_MS", 50)


@contextmanager
def setting(server: RedisServer, name: str, value: str, usual: str) -> Iterator[None]:
    server.ask("CONFIG", "SET", name, value)
    yield
    server.ask("CONFIG", "SET", name, usual)


async def probed(batcher: Batcher) -> bool:
    """Whether writes count again."""
    try:
        await batcher.probe("test:{key}:probe")
    except WritesRefused:
        return False
    return batcher.available


async def test_a_server_that_syncs(pair: Pair) -> None:
    """What it acknowledged is there after a crash."""
    async with open_connections(pair.master.url, HERE) as connections:
        assert await connections.batcher("SET", KEY, "1")
    pair.crash()
    pair.start()
    assert pair.master.ask("GET", KEY) == b"1"


async def test_a_server_that_does_not_sync(pair: Pair, impatient: None) -> None:
    """It has what is written and would lose it with its power: that does not count until it syncs."""
    async with open_connections(pair.master.url, HERE) as connections:
        batcher = connections.batcher
        with setting(pair.master, "appendfsync", "no", "always"):
            with pytest.raises(NotDurable):
                await batcher("SET", KEY, "1")
            assert not batcher.takes_writes
            assert await batcher("GET", KEY) == b"1", "reading goes on"
            assert not await probed(batcher)
        await eventually(lambda: probed(batcher), "it syncs")


async def test_replicas_that_sync(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """They tell of each write at once, and not only of the next one or after a second."""
    monkeypatch.setattr("orchestration.durability.DISK_MS", 400)
    async with open_connections(pair.master.url, ON_BOTH) as connections:
        for number in range(10):
            assert await connections.batcher("SET", KEY, number)


@pytest.mark.parametrize(("name", "value", "usual"), [("appendfsync", "no", "always"), ("appendonly", "no", "yes")])
async def test_a_replica_that_does_not_sync(pair: Pair, impatient: None, name: str, value: str, usual: str) -> None:
    """Or that has no file at all. The master's own disk is not enough then."""
    async with open_connections(pair.master.url, ON_BOTH) as connections:
        with setting(pair.replica, name, value, usual):
            with pytest.raises(NotDurable):
                await connections.batcher("SET", KEY, "1")
            assert pair.replica.ask("GET", KEY) == b"1", "it has it in its memory"
        await eventually(lambda: probed(connections.batcher), "the replica syncs")


async def test_both_crash_at_once(pair: Pair) -> None:
    """Whichever of them comes back has what was acknowledged."""
    async with open_connections(pair.master.url, ON_BOTH) as connections:
        for number in range(20):
            assert await connections.batcher("RPUSH", KEY, number)
    pair.crash()
    pair.replica.start()
    assert pair.replica.ask("LLEN", KEY) == 20
    pair.replica.kill()
    pair.start()
    assert pair.master.ask("LLEN", KEY) == 20


async def test_a_replica_that_lacks_what_is_on_the_disk_of_the_master(pair: Pair) -> None:
    """Where only that is asked for: after a failover it is gone, though it was acknowledged."""
    async with open_connections(pair.master.url, HERE) as connections:
        pair.replica.freeze()
        pair.master.ask("CLIENT", "KILL", "TYPE", "replica")
        assert await connections.batcher("SET", KEY, "1")
    pair.master.kill()
    pair.replica.thaw()
    assert pair.replica.ask("GET", KEY) is None
    pair.replica.kill()
    pair.start()


@pytest.mark.parametrize("asked", [Durability(replicas=1), ON_BOTH])
async def test_work_that_is_found_done(pair: Pair, impatient: None, asked: Durability) -> None:
    """It counts no sooner than what did it, though a command that finds it writes nothing.

    Whoever repeats a command, or asks again for what another process could not confirm, would be told otherwise that it
    is safe: from Redis 7.2 on a server waits for what a connection wrote itself.
    """
    async with open_connections(pair.master.url, asked) as connections:
        batcher = connections.batcher
        pair.replica.freeze()
        for _ in range(2):
            with pytest.raises(NotDurable):
                await batcher("SADD", KEY, "1")
        assert not await probed(batcher)
        pair.replica.thaw()
        await eventually(lambda: probed(batcher), "the replica has it")
        assert await batcher("SADD", KEY, "1") == 0


async def test_processes_that_may_do_no_more_than_they_need(pair: Pair, tmp_path: Path) -> None:
    """What is written to be waited for is allowed to them as well, beside everything that they write."""
    keys = Keys("council")
    web, worker = (rights.waiting_for(ON_BOTH) for rights in (rights_of_web(keys), rights_of_worker(keys, ["garden"])))
    with user(pair.master.url, keys, "web", web) as asking, user(pair.master.url, keys, "worker", worker) as working:
        async with (
            world(tmp_path / "web", asking, "council", workers=False, durability=ON_BOTH) as orchestrator,
            world(tmp_path / "worker", working, "council", workers=["garden"], kind="worker", durability=ON_BOTH),
        ):
            result = await orchestrator.dispatch_task(Task(question="@garden When do I prune roses?"))
    assert result.state == "answered"
    assert pair.replica.ask("EXISTS", keys.shards[0].probe) == 1


async def test_a_server_without_a_file(pair: Pair) -> None:
    """That is a mistake in its settings, and said in one sentence."""
    with setting(pair.master, "appendonly", "no", "yes"), pytest.raises(ConfigurationError) as caught:
        async with open_connections(pair.master.url, HERE):
            pass
    said = str(caught.value)
    assert said.startswith("ROUNDTABLE_REDIS_FSYNC needs Redis 7.2 or newer, with appendonly yes; this one says: ")
    assert "\n" not in said


async def test_a_file_that_is_switched_off(pair: Pair) -> None:
    """While everything goes on: nothing that is written counts until it is there again."""
    async with open_connections(pair.master.url, HERE) as connections:
        batcher = connections.batcher
        assert await batcher("SET", KEY, "1")
        with setting(pair.master, "appendonly", "no", "yes"):
            with pytest.raises(WritesRefused, match="appendonly is disabled"):
                await batcher("SET", KEY, "2")
            assert not batcher.takes_writes
        await eventually(lambda: probed(batcher), "there is a file again")
        assert await batcher("GET", KEY) == b"2"
