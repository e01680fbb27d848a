"""What counts as done while its slot moves, on servers that wait for what a connection wrote itself."""

from collections.abc import Iterator

import pytest

from orchestration.connections import open_connections
from orchestration.durability import Durability
from orchestration.keys import probe_beside
from orchestration.round_trips import NotDurable
from tests.integration.redis_cluster import RedisCluster, carry, move, redis_cluster
from tests.integration.valkey import PROGRAM, needs_valkey

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
    replica, replica_of_target = cluster.add_replicas(source, target)
    carry(source, target, beside)

    async with open_connections(cluster.url, Durability(replicas=1)) as connections:

        async def add(value: str) -> int:
            """How many values are new."""
            return int(await connections.batcher("SADD", KEY, value))

        await add("second")
        replica.freeze()
        for _ in range(2):
            with pytest.raises(NotDurable):
                await add("third")
        replica.thaw()
        assert await add("third") == 0

        carry(source, target, KEY)
        assert await add("fourth") == 1
        replica_of_target.freeze()
        for _ in range(2):
            with pytest.raises(NotDurable):
                await add("fifth")
        replica_of_target.thaw()
        assert await add("fifth") == 0
