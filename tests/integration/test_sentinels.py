"""Several servers of which Sentinels say which is the master; it may be another one a moment later."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration import AgentOrchestrator, Task
from orchestration.batching import Batcher
from orchestration.connections import TROUBLE, open_connections
from orchestration.errors import ConfigurationError, EngineUnavailable
from orchestration.messages import Answer, TaskResult
from tests.integration.replicated import SENTINEL_PASSWORD, SERVICE, Replicated, replicated
from tests.orchestration.waiting import PATIENCE_SECONDS, eventually, in_time
from tests.orchestration.worlds import Gate, world

BOTH = "@garden @kitchen When do I prune roses, and how long do I bake rye bread?"


@pytest.fixture
def group() -> Iterator[Replicated]:
    """For tests after which another server is the master."""
    with replicated() as group:
        yield group


@pytest.fixture(scope="module")
def quiet() -> Iterator[Replicated]:
    """For tests that leave everything as it is."""
    with replicated() as group:
        yield group


async def end_of(orchestrator: AgentOrchestrator, run: str) -> TaskResult:
    seen: list[str] = []
    async with in_time("the run ends", lambda: seen):
        async for recorded in orchestrator.follow(run, person="local"):
            seen.append(recorded.event.kind)
            if isinstance(recorded.event, Answer):
                return recorded.event.result
    raise AssertionError("its events ended without an answer")


async def test_a_master_that_dies_in_the_middle_of_a_run(group: Replicated, tmp_path: Path) -> None:
    """The run goes on at the new master, and whoever follows it is told the end of it."""
    gate = Gate()
    async with world(tmp_path, group.url, answerer=gate.answerer(), lease_seconds=3.0) as orchestrator:
        run = await orchestrator.submit(Task(question=BOTH))
        following = asyncio.create_task(end_of(orchestrator, run))
        async with asyncio.timeout(PATIENCE_SECONDS):
            await gate.arrived.wait()
        before = group.master
        before.kill()
        assert orchestrator.outage is not None
        await orchestrator.outage.begins()
        gate.opened.set()
        await orchestrator.outage.ends()
        result = await following
        assert group.master is not before
    assert result.state == "answered"
    assert not [step.agent for step in result.steps if step.state == "failed"]


async def taken(batcher: Batcher, key: str) -> bool:
    try:
        return bool(await batcher("SET", key, "1"))
    except TROUBLE:
        return False


async def test_a_master_that_is_demoted(group: Replicated) -> None:
    """It is there, and refuses what is written: what was refused is done by the new one."""
    async with open_connections(group.url) as connections:
        # By hand, and not by the Sentinel, which would cut the connections: only the refusal tells.
        before, (after, _) = group.master, group.replicas
        assert await taken(connections.batcher, "before")
        after.ask("REPLICAOF", "NO", "ONE")
        before.ask("REPLICAOF", "127.0.0.1", str(after.port))
        with pytest.raises(TROUBLE):
            await connections.batcher.script("beat", ["presence", "seen"], ["process", "{}", 1000])
        assert not connections.batcher.available
        group.ask("SENTINEL", "RESET", SERVICE)
        group.ask("SENTINEL", "REMOVE", SERVICE)
        group.ask("SENTINEL", "MONITOR", SERVICE, "127.0.0.1", str(after.port), "1")
        await eventually(lambda: taken(connections.batcher, "after"), "the new master is written to")
        assert after.ask("GET", "after") == b"1"


async def refused(url: str, kind: type[Exception]) -> str:
    with pytest.raises(kind) as caught:
        async with open_connections(url):
            pass
    assert SENTINEL_PASSWORD not in str(caught.value)
    return str(caught.value)


async def test_a_service_that_nobody_watches(quiet: Replicated) -> None:
    """A slip of the pen in the address."""
    said = await refused(quiet.url.replace(f"/{SERVICE}", "/counsel"), ConfigurationError)
    assert said == "Redis refused to be used: its Sentinels know no service 'counsel'."


async def test_a_sentinel_that_is_taken_for_a_server(quiet: Replicated) -> None:
    """It knows neither keys nor slots, and answers to little else."""
    place = f":{SENTINEL_PASSWORD}@127.0.0.1:{quiet.sentinel_port}"
    said = await refused(f"redis://{place}", ConfigurationError)
    assert said == "This is a Sentinel; its address is redis+sentinel://HOST:PORT,HOST:PORT/SERVICE."
    said = await refused(f"redis+cluster://{place}", ConfigurationError)
    assert said.startswith("This Redis is no cluster; ")


@pytest.mark.parametrize("password", ["", "?sentinel_password=wrong"])
async def test_sentinels_with_another_password(quiet: Replicated, password: str) -> None:
    """Not that of the servers: they have two."""
    said = await refused(quiet.url.partition("?")[0] + password, ConfigurationError)
    assert said.startswith("Redis refused the user name or password in REDIS_URL: its Sentinels want others (sentinel_")


async def test_sentinels_that_are_away() -> None:
    """They may be there in a moment."""
    said = await refused("redis+sentinel://127.0.0.1:1,127.0.0.1:2/council", EngineUnavailable)
    assert said == "Redis does not answer: none of its Sentinels answers."
