"""What counts as done: where the settings ask for replicas, nothing that was acknowledged dies with its master."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from orchestration import AgentOrchestrator, ConfigurationError, EngineUnavailable, Task
from orchestration.batching import Batcher
from orchestration.connections import open_connections
from orchestration.durability import DISK_MS, LOCAL, WAIT_MS, Durability
from orchestration.messages import Finished
from orchestration.round_trips import Command, NotDurable
from tests.integration.replicated import Replicated, replicated
from tests.orchestration.waiting import PATIENCE_SECONDS, eventually
from tests.orchestration.worlds import Gate, events_until, world

BOTH = "@garden @kitchen When do I prune roses, and how long do I bake rye bread?"
ON_ONE = Durability(replicas=1)


@pytest.fixture(scope="module")
def group() -> Iterator[Replicated]:
    """The last test kills the master."""
    with replicated() as group:
        yield group


async def test_a_write_that_no_replica_has_does_not_count(group: Replicated) -> None:
    """Whoever wrote hears of it, and reading goes on; when a replica is back, writing does."""
    async with open_connections(group.url, ON_ONE) as connections:
        batcher = connections.batcher
        await batcher("SET", "key", "first")
        replicas = group.replicas
        for replica in replicas:
            replica.freeze()
        with pytest.raises(NotDurable):
            await batcher("SET", "key", "second")
        assert not batcher.available
        assert not batcher.takes_writes
        assert await batcher("GET", "key") == b"second", "it is there, and may be lost"
        replicas[0].thaw()

        async def is_written() -> bool:
            try:
                await batcher.probe("probe")
            except NotDurable:
                return False
            return batcher.available

        await eventually(is_written, "a replica has what is written")
        replicas[1].thaw()


async def test_a_server_that_cannot_say_what_is_on_its_disk(redis_url: str) -> None:
    """WAITAOF came with Redis 7.2; the bundled one is older."""
    with pytest.raises(
        ConfigurationError, match=r"^ROUNDTABLE_REDIS_FSYNC needs Redis 7\.2 or newer, with appendonly yes"
    ):
        async with open_connections(redis_url, Durability(disk=True)):
            pass


def test_what_follows_what_is_written() -> None:
    """A byte beside it, in case the command finds its work done, and then the questions; nothing after what reads."""
    reading = ("HGET", b"roundtable:{run}:run:1", b"state")
    running = ("EVALSHA", "digest", 2, b"roundtable:{run}:run:1", b"roundtable:{run}:active")
    mark = ("SETRANGE", "roundtable:{run}:probe", 0, ".")
    assert LOCAL.behind([running]) == ()
    assert ON_ONE.behind([reading]) == ()
    assert ON_ONE.behind([reading, running]) == (mark, ("WAIT", 1, WAIT_MS))
    assert Durability(disk=True).behind([running]) == (mark, ("WAITAOF", 1, 0, DISK_MS))
    both = Durability(disk=True, replicas=2).behind([running])
    assert both == (mark, ("WAIT", 2, WAIT_MS), ("WAITAOF", 1, 2, DISK_MS))


def test_a_script_that_only_reads() -> None:
    """Nothing waits for its end either, whether a server has to be told its text or knows it."""
    batcher = Batcher(nowhere)
    for known in (True, False):
        for name, writes in (("read", False), ("versions", False), ("claim", True), ("unowned", True)):
            call = batcher.call(name, ["roundtable:{run}:run:1"], ["state"], known=known)
            encoded = tuple(part.encode() if isinstance(part, str) else part for part in call)
            assert bool(ON_ONE.behind([encoded])) is writes, name


async def nowhere(commands: Sequence[Command]) -> Sequence[object]:
    raise AssertionError("nothing is sent here")


@pytest.mark.parametrize(
    ("asked", "reply", "said"),
    [
        (Durability(replicas=2), 1, "1 of 2 replicas have what was written"),
        (Durability(replicas=2), 2, ""),
        (Durability(disk=True), [0, 0], "what was written is not on the server's disk"),
        (Durability(disk=True), [1, 0], ""),
        (
            Durability(disk=True, replicas=1),
            [1, 0],
            "what was written is on the server's disk, and on those of 0 of 1 replicas",
        ),
        (Durability(disk=True, replicas=1), [1, 1], ""),
    ],
)
def test_what_a_server_may_say(asked: Durability, reply: object, said: str) -> None:
    """WAIT says how many replicas; WAITAOF says whether the server itself, and how many replicas."""
    assert asked.is_met(reply) is not bool(said)
    assert not said or asked.shortfall(reply) == said


async def test_a_server_that_is_a_replica(group: Replicated) -> None:
    """Whoever starts in the middle of a failover has to wait for the master; no setting is wrong."""
    replica, _ = group.replicas
    with pytest.raises(EngineUnavailable, match=r"^Redis does not answer: it is a replica"):
        async with open_connections(replica.url, ON_ONE):
            pass


async def all_have_ended(orchestrator: AgentOrchestrator, runs: list[str]) -> bool:
    try:
        return None not in [await orchestrator.ending(run, "local") for run in runs]
    except EngineUnavailable:
        return False


async def test_what_was_accepted_is_answered_after_its_master_died(group: Replicated, tmp_path: Path) -> None:
    """Twenty runs are under way when it goes for good; each is answered, and each of its steps once."""
    gate = Gate()
    async with world(tmp_path, group.url, answerer=gate.answerer(), durability=ON_ONE, lease_seconds=5) as orchestrator:
        runs = [await orchestrator.submit(Task(question=BOTH)) for _ in range(20)]
        async with asyncio.timeout(PATIENCE_SECONDS):
            await gate.arrived.wait()
        before = group.master
        before.kill()
        gate.opened.set()
        await eventually(lambda: all_have_ended(orchestrator, runs), "all runs have ended")
        assert group.master is not before
        for run in runs:
            told = await events_until(orchestrator.follow(run, person="local"), "answer")
            steps = [(event.result.step, event.result.state) for event in told if isinstance(event, Finished)]
            assert {state for _, state in steps} == {"answered"}
            assert len({step for step, _ in steps}) == len(steps)
