"""A council on a cluster of three masters: everything is where its key is, and stays reachable when that moves."""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from redis.exceptions import ResponseError

from history import Keeper, open_history
from orchestration import Task, brake
from orchestration.address import ClusterAddress, read_address
from orchestration.brake import Halt
from orchestration.cluster import Cluster, ClusterDown
from orchestration.connections import TROUBLE, Connections, open_connections
from orchestration.durability import Durability
from orchestration.errors import ConfigurationError, EngineUnavailable, Halted
from orchestration.hints import Hints
from orchestration.hub import EventHub
from orchestration.keys import Keys
from orchestration.messages import Answer, Token, encode
from orchestration.rights import rights_of_worker
from orchestration.round_trips import NotDurable
from orchestration.settings import RunSettings
from orchestration.store import RunStore
from orchestration.streams import adding
from tests.integration.redis_cluster import RedisCluster, carry, free_port, move, node_id, redis_cluster
from tests.integration.redis_server import RedisServer
from tests.integration.valkey import PROGRAM as VALKEY
from tests.integration.valkey import needs_valkey
from tests.orchestration.sharded import one_in_each
from tests.orchestration.waiting import PATIENCE_SECONDS, eventually
from tests.orchestration.worlds import Gate, events_until, world

BOTH = "@garden @kitchen When do I prune roses, and how long do I bake rye bread?"
KEYS = Keys("test")
SHARDS = 16
PROBE = KEYS.shards[0].probe


@pytest.fixture(scope="module")
def cluster() -> Iterator[RedisCluster]:
    """The same for all tests here; of the last three, two kill one of its masters each."""
    with redis_cluster() as cluster:
        yield cluster


@asynccontextmanager
async def listening(connections: Connections) -> AsyncIterator[EventHub]:
    hub = EventHub(connections, KEYS)
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        reading = group.create_task(hub.run())
        yield hub
        await hub.leave()
        reading.cancel()


def one_at_each(cluster: RedisCluster) -> list[str]:
    """A key at each of the masters."""
    found: dict[int, str] = {}
    for number in range(100):
        found.setdefault(cluster.master_of(f"{{{number}}}").port, f"test:{{{number}}}")
    return list(found.values())


async def one_near_each(cluster: RedisCluster, key: str) -> list[str]:
    """A key like this one at each of the masters, as a process finds them."""
    address = read_address(cluster.url)
    assert isinstance(address, ClusterAddress)
    map = Cluster(address)
    await map.look_again()
    found = [map.near(key, server) for server in map.servers()]
    await map.aclose()
    return found


def moved(cluster: RedisCluster, source: RedisServer, target: RedisServer, slot: str, *keys: str) -> None:
    """The rest of these keys, and then everybody is told."""
    if keys:
        carry(source, target, *keys)
    for server in (target, source, *cluster.servers):
        server.ask("CLUSTER", "SETSLOT", slot, "NODE", node_id(target))


async def refused_again(server: RedisServer, waiting: asyncio.Task[Any]) -> None:
    """What waits for a slot was sent twice by now, was refused by its server each time, and still waits."""
    before = refusals(server)

    async def was_refused() -> bool:
        return waiting.done() or refusals(server) >= before + 2

    await eventually(was_refused, "a server refuses what it has not whole any more, and what is sent again")
    assert not waiting.done(), "it waits for its slot"


def refusals(server: RedisServer) -> int:
    """How many commands it did not even begin."""
    with server.client() as client:
        return sum(one["rejected_calls"] for one in client.info("commandstats").values())


async def test_who_is_alone_may_take_its_time(cluster: RedisCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is slow to say which slots are where is passed over only where somebody else may say it."""
    monkeypatch.setattr("orchestration.cluster.ASKING_SECONDS", 0.0)
    address = read_address(cluster.url)
    assert isinstance(address, ClusterAddress)
    seeds = tuple(("127.0.0.1", server.port) for server in cluster.servers)
    several, one = Cluster(replace(address, seeds=seeds)), Cluster(replace(address, seeds=seeds[:1]))
    with pytest.raises(ClusterDown):
        await several.look_again()
    await one.look_again()
    assert len(one.servers()) == 3
    for map in (several, one):
        await map.aclose()


async def test_a_council_on_a_cluster(cluster: RedisCluster, tmp_path: Path) -> None:
    """Runs are at all servers, the messages of each agent where its stream is; who works is another process."""
    keys = Keys("council", SHARDS)
    by_server: dict[int, Task] = {}
    while len(by_server) < 3:
        task = Task(question=BOTH)
        by_server.setdefault(cluster.master_of(keys.run(task.id)).port, task)
    other = tmp_path / "other"
    other.mkdir()
    async with (
        world(tmp_path, cluster.url, "council", workers=False, shards=SHARDS) as orchestrator,
        world(other, cluster.url, "council", workers=["kitchen"], shards=SHARDS),
        world(other, cluster.url, "council", workers=["garden"], shards=SHARDS),
    ):
        results = await asyncio.gather(*map(orchestrator.dispatch_task, by_server.values()))
    for result in results:
        assert result.state == "answered"
        assert {step.agent for step in result.steps if step.state == "answered"} == {"garden", "kitchen"}


async def test_what_is_asked_of_all_shards(cluster: RedisCluster, tmp_path: Path) -> None:
    """Wherever they are: a history takes over what ended, a plan is approved, and one halt holds for every run."""
    keys = Keys("shards", 4)
    async with (
        open_history(tmp_path) as history,
        world(tmp_path, cluster.url, "shards", keeper=Keeper(history), shards=4) as orchestrator,
    ):
        tasks = one_in_each(keys, conversation="thread", approval=True)
        assert len({cluster.master_of(keys.run(task.id)).port for task in tasks}) > 1
        for task in tasks:
            await orchestrator.submit(task)
            await events_until(orchestrator.follow(task.id, person="local"), "proposed")
            await orchestrator.approve(task.id, person="local")
            await events_until(orchestrator.follow(task.id, person="local"), "answer")
        ids = [task.id for task in tasks]
        assert await orchestrator.runs("local", "thread") == ids

        async def are_kept() -> bool:
            return await history.kept(ids) == set(ids)

        await eventually(are_kept, "all of them are in the history")
        assert orchestrator.connections is not None
        batcher = orchestrator.connections.batcher
        await brake.pull(batcher, keys, Halt())
        for task in one_in_each(keys):
            with pytest.raises(Halted):
                await orchestrator.submit(task)
        await brake.release(batcher, keys)


async def test_a_worker_that_may_do_no_more_than_it_needs(cluster: RedisCluster, tmp_path: Path) -> None:
    """It may ask where everything is, write to every master what changes nothing, and work for its agent."""
    keys = Keys("rights", SHARDS)
    for server in cluster.servers:
        server.ask("ACL", "SETUSER", *rights_of_worker(keys, ["garden"]).rule("worker", "secret").split()[1:])
    address = cluster.url.replace("://", "://worker:secret@")
    async with (
        world(tmp_path / "web", cluster.url, "rights", workers=False, shards=SHARDS) as orchestrator,
        world(tmp_path / "worker", address, "rights", workers=["garden"], kind="worker", shards=SHARDS) as worker,
    ):
        result = await orchestrator.dispatch_task(Task(question="@garden When do I prune roses?"))
        assert worker.connections is not None
        for probe in await one_near_each(cluster, keys.shards[0].probe):
            assert await worker.connections.batcher("SETRANGE", probe, 0, "") == 0
    assert result.state == "answered"
    refused = {one[b"object"].decode() for server in cluster.servers for one in server.ask("ACL", "LOG")}
    assert not refused


async def test_streams_at_every_server_are_read(cluster: RedisCluster) -> None:
    """One reader for each place; those that were there before and those that come later."""
    first, *others = one_at_each(cluster)
    async with open_connections(cluster.url) as connections, listening(connections) as hub:
        with hub.bell(first) as one, hub.bell(*others) as any_other:
            for stream, bell in [(first, one), *((stream, any_other) for stream in others)]:
                bell.clear()
                await connections.batcher(*adding(stream, {"field": b"value"}))
                await bell.wait()


async def test_a_hint_is_heard_wherever_one_listens(cluster: RedisCluster) -> None:
    """What is published at one server is told to all of them."""
    async with open_connections(cluster.url) as connections, asyncio.timeout(PATIENCE_SECONDS):
        everybody = [Hints(connections, KEYS) for _ in range(4)]
        listeners = [asyncio.create_task(hints.run()) for hints in everybody]
        for hints in everybody:
            with hints.listen() as heard:

                async def published(heard: asyncio.Event = heard) -> bool:
                    await connections.batcher("PUBLISH", KEYS.hints, "")
                    return heard.is_set()

                await eventually(published, "the hint is heard")
        for listener in listeners:
            listener.cancel()


async def test_everything_is_found_where_it_is(cluster: RedisCluster) -> None:
    """Commands of one moment go to three servers, and each caller has its own reply, or refusal."""
    keys = one_at_each(cluster)
    async with open_connections(cluster.url) as connections:
        batcher = connections.batcher
        assert await batcher.together([("SET", key, key) for key in keys]) == [True] * 3
        assert await asyncio.gather(*(batcher("GET", key) for key in keys)) == [key.encode() for key in keys]
        refused, taken = await batcher.together([("LPUSH", keys[0], "1"), ("GET", keys[1])])
        assert isinstance(refused, ResponseError)
        assert taken == keys[1].encode()
        found = [await batcher("SCAN", 0, "MATCH", f"{key}*", "COUNT", 1000) for key in keys]
        assert [names for _, names in found] == [[key.encode()] for key in keys]
        seconds, _ = await batcher("TIME")
        assert int(seconds) > 0


async def test_a_slot_that_moves(cluster: RedisCluster) -> None:
    """What is asked meanwhile is asked where it is, and what comes later goes to the new place."""
    old, new = "test:{moving}:old", "test:{moving}:new"
    async with open_connections(cluster.url) as connections:
        await connections.batcher("SET", old, "1")
        source, target, slot = move(cluster, old)

        # One is still there, the other one would be new and so is made where the slot goes.
        assert await connections.batcher("GET", old) == b"1"
        assert await connections.batcher("SET", new, "2")
        assert target.ask("CLUSTER", "COUNTKEYSINSLOT", slot) == 1

        # A command about both has to wait.
        deleting = asyncio.create_task(connections.batcher("DEL", old, new))
        await refused_again(source, deleting)
        moved(cluster, source, target, slot, old)
        assert await deleting == 2
        assert await connections.batcher("SET", old, "3")
        assert cluster.master_of(old) is target


async def test_a_script_that_finds_further_keys_waits_until_all_have_moved(cluster: RedisCluster) -> None:
    """It would let a run begin whose own keys have gone already, and stop in the middle of that."""
    keys = Keys("moving")
    shard = keys.shards[0]
    first, second = Task(question="@garden When?"), Task(question="@kitchen When?")
    async with open_connections(cluster.url) as connections:
        batcher = connections.batcher
        for task in (first, second):
            await RunStore(batcher, keys, RunSettings(places=1)).accept(task, "somebody")
        # Somebody has a plan to approve, so every key that the script is given is there.
        await asyncio.gather(*(batcher("ZADD", key, 2**45, "offered") for key in (shard.active, shard.awaiting)))
        source, target, slot = move(cluster, shard.active)
        gone = keys.run(second.id), keys.events(second.id)
        carry(source, target, *gone)

        store = RunStore(batcher, keys, RunSettings(places=2))
        beginning = asyncio.create_task(store.begin_waiting(first.id))
        await refused_again(source, beginning)
        assert source.ask("ZCARD", shard.waiting) == 1
        left = source.ask("CLUSTER", "GETKEYSINSLOT", slot, "100")
        moved(cluster, source, target, slot, *(key.decode() for key in left))
        await beginning
        assert await store.begun(second.id)
        assert await batcher("ZCARD", shard.waiting) == 0


async def test_a_run_whose_slot_moves(cluster: RedisCluster, tmp_path: Path) -> None:
    """Its agents are done in the middle of the move; the run goes on when everything is there."""
    gate, keys = Gate(), Keys("on-the-move")
    async with world(tmp_path, cluster.url, keys.prefix, answerer=gate.answerer()) as orchestrator:
        run = await orchestrator.submit(Task(question=BOTH))
        async with asyncio.timeout(PATIENCE_SECONDS):
            await gate.arrived.wait()
            source, target, slot = move(cluster, keys.run(run))
            moving = source.ask("CLUSTER", "GETKEYSINSLOT", slot, "100")
            carry(source, target, *moving[::2])
            gate.opened.set()
            events = asyncio.create_task(events_until(orchestrator.follow(run, person="local"), "answer"))
            await refused_again(source, events)
            left = source.ask("CLUSTER", "GETKEYSINSLOT", slot, "100")
            moved(cluster, source, target, slot, *left)
            *_, end = await events
    assert isinstance(end, Answer)
    assert end.result.state == "answered"
    assert set(end.result.contributed) == {"garden", "kitchen"}


async def test_an_agent_whose_slot_moves(cluster: RedisCluster, tmp_path: Path) -> None:
    """Whoever waits for its messages goes where they are; one that came in the middle of the move is not lost."""
    keys = Keys("agent-on-the-move")
    stream = keys.tasks("kitchen")
    async with world(tmp_path, cluster.url, keys.prefix) as orchestrator:
        source, target, slot = move(cluster, stream)
        moving = source.ask("CLUSTER", "GETKEYSINSLOT", slot, "100")
        assert stream.encode() in moving
        carry(source, target, stream)
        answering = asyncio.create_task(orchestrator.dispatch_task(Task(question=BOTH)))

        async def has_come() -> bool:
            return bool(target.ask("CLUSTER", "COUNTKEYSINSLOT", slot))

        await eventually(has_come, "the stream is there")
        moved(cluster, source, target, slot, *source.ask("CLUSTER", "GETKEYSINSLOT", slot, "100"))
        async with asyncio.timeout(PATIENCE_SECONDS):
            result = await answering
    assert result.state == "answered"
    assert set(result.contributed) == {"garden", "kitchen"}


SCRIPTS = Path(__file__).parents[2] / "orchestration" / "scripts"
FURTHER = re.compile(r"redis\.p?call\('(?!PUBLISH)\w+', (?!KEYS)\w")


def test_every_script_that_finds_further_keys_is_held_back() -> None:
    """Among the keys that it is given is one that is not there, while it does anything."""
    scripts = {path.stem: path.read_text() for path in SCRIPTS.glob("*.lua")}
    further = {name: text for name, text in scripts.items() if FURTHER.search(text)}
    assert {"begin", "finish", "shelve", "unowned", "versions"} <= further.keys()
    never_there = re.compile(r"\b(absent|halted|documents' keys)\b")
    assert not [name for name, text in further.items() if not never_there.search(text.partition("ARGV:")[0])]


async def test_a_stream_that_moves_is_read_on(cluster: RedisCluster) -> None:
    """Whoever waits for its next entry is told to look elsewhere, and misses none."""
    stream = KEYS.events("one")

    async def say(text: str) -> None:
        await connections.batcher("XADD", stream, "*", "e", encode(Token(run="one", channel="answer", text=text)))

    async with open_connections(cluster.url) as connections, listening(connections) as hub, hub.watch("one") as queue:
        await say("before")
        heard = [(await queue.get()).event]
        moved(cluster, *move(cluster, stream), stream)
        await say("after")
        heard.append((await queue.get()).event)
        await connections.batcher("DEL", stream)
    assert [event.text for event in heard if isinstance(event, Token)] == ["before", "after"]


async def refused(url: str, kind: type[Exception]) -> str:
    with pytest.raises(kind) as caught:
        async with open_connections(url):
            pass
    return str(caught.value)


async def test_one_server_of_a_cluster_alone(cluster: RedisCluster) -> None:
    """It has a part of everything only."""
    said = await refused(f"redis://127.0.0.1:{cluster.servers[0].port}", ConfigurationError)
    assert said == "This Redis is one of a cluster; REDIS_URL has to begin with redis+cluster://."


@needs_valkey
async def test_one_server_of_a_cluster_of_valkeys_alone() -> None:
    """It says so in another word."""
    with tempfile.TemporaryDirectory(prefix="rt-") as folder:
        server = RedisServer(Path(folder), "--cluster-enabled", "yes", port=free_port(), program=VALKEY)
        server.start()
        try:
            said = await refused(f"redis://127.0.0.1:{server.port}", ConfigurationError)
        finally:
            server.close()
    assert said == "This Redis is one of a cluster; REDIS_URL has to begin with redis+cluster://."


async def test_a_server_that_belongs_to_no_cluster() -> None:
    """It has everything, and nobody needs to ask where."""
    with tempfile.TemporaryDirectory(prefix="rt-") as folder:
        server = RedisServer(Path(folder), port=free_port())
        server.start()
        try:
            said = await refused(f"redis+cluster://127.0.0.1:{server.port}", ConfigurationError)
        finally:
            server.close()
    assert said == "This Redis is no cluster; REDIS_URL has to begin with redis:// or rediss://."


async def test_a_cluster_that_is_away() -> None:
    """It may be there in a moment."""
    said = await refused("redis+cluster://127.0.0.1:1,127.0.0.1:2", EngineUnavailable)
    assert said.startswith("Redis does not answer: ")


async def test_what_was_acknowledged_is_not_lost_with_its_master(cluster: RedisCluster) -> None:
    """Its replicas are behind when it dies, and one takes its place: what they do not have never counted as done."""
    elsewhere = (key for key in one_at_each(cluster) if cluster.master_of(key) is not cluster.master_of(PROBE))
    key = next(elsewhere) + ":numbers"
    dying = cluster.master_of(key)
    replicas = cluster.add_replicas(dying, dying)

    async with open_connections(cluster.url, Durability(replicas=1)) as connections:
        assert await asyncio.gather(*(connections.batcher("SADD", key, number) for number in range(20))) == [1] * 20
        for replica in replicas:
            replica.kill()
        adding = (connections.batcher("SADD", key, number) for number in range(20, 40))
        assert {type(done) for done in await asyncio.gather(*adding, return_exceptions=True)} == {NotDurable}
        assert dying.ask("SCARD", key) == 40
        assert not connections.batcher.available
        cluster.kill(dying)
        for replica in replicas:
            replica.start()

        async def probed() -> bool:
            with suppress(*TROUBLE):
                await connections.batcher.probe(PROBE)
            return connections.batcher.available

        await eventually(probed, "the new master takes writes, and the other replica has them")
        assert await connections.batcher("SCARD", key) == 20
        assert await connections.batcher("SADD", key, 40) == 1
        assert cluster.master_of(key) in replicas


async def test_a_master_that_dies_in_the_middle_of_a_run(cluster: RedisCluster, tmp_path: Path) -> None:
    """Its replica takes its place; the run goes on there, and whoever follows it is told the end of it."""
    gate = Gate()
    dying = cluster.master_of(PROBE)
    (replica,) = cluster.add_replicas(dying)
    async with world(tmp_path, cluster.url, "test", answerer=gate.answerer(), lease_seconds=3.0) as orchestrator:
        run = await orchestrator.submit(Task(question=BOTH))

        async def end() -> Answer:
            return [one.event async for one in orchestrator.follow(run, person="local")][-1]  # type: ignore[return-value]

        following = asyncio.create_task(end())
        async with asyncio.timeout(PATIENCE_SECONDS):
            await gate.arrived.wait()
            cluster.kill(dying)
            assert orchestrator.outage is not None
            await orchestrator.outage.begins()
            gate.opened.set()
            await orchestrator.outage.ends()
            ended = await following
        assert ended.result.state == "answered"
        assert cluster.master_of(PROBE) is replica


async def test_a_master_that_is_a_replica_now(cluster: RedisCluster) -> None:
    """It says where its successor is, though it cannot say who has what was written: that is written there."""
    key = next(key for key in one_at_each(cluster) if not cluster.master_of(key).ask("ROLE")[2])
    before = cluster.master_of(key)
    (after,) = cluster.add_replicas(before)

    async def is_replica() -> bool:
        return bool(before.ask("ROLE")[0] == b"slave" and before.ask("ROLE")[3] == b"connected")

    async with open_connections(cluster.url, Durability(replicas=1)) as connections:
        assert await connections.batcher("SET", key, "before")
        after.ask("CLUSTER", "FAILOVER")
        await eventually(is_replica, "they have changed places")
        assert await connections.batcher("SET", key, "after")
    assert after.ask("GET", key) == b"after"
