"""What counts as done while its slot moves, on servers that wait for what a connection wrote itself."""

from collections.abc import Iterator

import pytest

from orchestration.connections import open_connections
from orchestration.durability import Durability
from orchestration.keys import probe_beside
from orchestration.round_trips import NotDurable
from tests.integration.redis_cluster import RedisCluster, carry, move, redis_cluster
from tests.integration.redis_server import RedisServer
from tests.integration.valkey import PROGRAM, needs_valkey
from tests.orchestration.waiting import eventually

pytestmark = needs_valkey

KEY = "test:{key}:value"


@pytest.fixture
def cluster() -> Iterator[RedisCluster]:
    with redis_cluster(PROGRAM) as cluster:
        yield cluster


async def test_work_that_is_found_done_while_its_slot_moves(
    cluster: RedisCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counts when the replicas of the server that has it have it, also when the probe beside it has gone already."""
    monkeypatch.setattr("orchestration.durability.WAIT_MS", 50)
    beside, home = probe_beside(KEY), cluster.master_of(KEY)
    home.ask("SET", beside, ".")
    home.ask("SADD", KEY, "first")
    source, target, _ = move(cluster, KEY)
    of_source, of_target = cluster.add_replicas(source, target)
    carry(source, target, beside)

    async with open_connections(cluster.url, Durability(replicas=1)) as connections:

        async def counts(value: str) -> bool:
            try:
                await connections.batcher("SADD", KEY, value)
            except NotDurable:
                return False
            return True

        async def waits_for(replica: RedisServer, value: str) -> None:
            """However often it is asked: only the first time anything is written."""
            await eventually(lambda: counts("first"), "the replica has what was there before")
            replica.freeze()
            assert [await counts(value) for _ in range(3)] == [False] * 3
            replica.thaw()
            await eventually(lambda: counts(value), "the replica has it")

        await waits_for(of_source, "second")
        carry(source, target, KEY)
        await waits_for(of_target, "third")
