"""How this process talks to Redis: commands together, one reader for all runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from redis.exceptions import ResponseError

from orchestration.connections import Connections, open_connections
from orchestration.errors import ConfigurationError, EngineUnavailable
from orchestration.hub import EventHub
from orchestration.keys import Keys
from orchestration.messages import Token, encode


async def test_commands_that_wait_together_leave_together(redis_url: str, keys: Keys) -> None:
    """Each caller gets its own reply, also when a neighbour's command is wrong."""
    async with open_connections(redis_url) as connections:
        replies = await asyncio.gather(
            connections.batcher("INCR", keys.presence),
            connections.batcher("XADD", keys.presence, "*"),
            connections.batcher("INCR", keys.presence),
            return_exceptions=True,
        )
    assert replies[0] == 1
    assert isinstance(replies[1], ResponseError)
    assert replies[2] == 2


async def test_a_cancelled_caller_leaves_its_command_and_the_connection_alone(redis_url: str, keys: Keys) -> None:
    """The command runs, and the next one is answered with its own reply."""
    async with open_connections(redis_url) as connections:
        caller = asyncio.create_task(connections.batcher("INCR", keys.presence))
        await asyncio.sleep(0)
        caller.cancel()
        assert await connections.batcher("GET", keys.presence) == b"1"


async def test_scripts_are_loaded_again_after_a_restart(redis_url: str, keys: Keys) -> None:
    """A server that forgot its scripts is told them again."""
    async with open_connections(redis_url) as connections:
        assert await connections.batcher.script("renew", [keys.run("r")], ["s1", 1, 1000]) == b"ENDED"
        await connections.batcher("SCRIPT", "FLUSH")
        assert await connections.batcher.script("renew", [keys.run("r")], ["s1", 1, 1000]) == b"ENDED"


@asynccontextmanager
async def reading(connections: Connections, keys: Keys) -> AsyncIterator[EventHub]:
    """A hub whose reader runs."""
    hub = EventHub(connections, keys)
    reader = asyncio.create_task(hub.run())
    yield hub
    await hub.leave()
    reader.cancel()
    await asyncio.wait([reader])


async def say(connections: Connections, keys: Keys, run: str, text: str) -> None:
    event = encode(Token(run=run, channel="answer", text=text))
    await connections.batcher("XADD", keys.events(run), "*", "e", event)
    await connections.batcher("EXPIRE", keys.events(run), 60)


async def test_everybody_who_watches_a_run_hears_of_it(redis_url: str, keys: Keys) -> None:
    """Two watchers of one run and one of another share a single reader; a run joins while it waits."""
    async with (
        open_connections(redis_url) as connections,
        reading(connections, keys) as hub,
        hub.watch("one") as first,
        hub.watch("one") as second,
    ):
        await say(connections, keys, "one", "a")
        heard = [(await queue.get()).event for queue in (first, second)]
        async with hub.watch("two") as third:
            await say(connections, keys, "two", "b")
            heard.append((await third.get()).event)
    assert [event.text for event in heard if isinstance(event, Token)] == ["a", "a", "b"]


async def test_an_event_that_cannot_be_read_is_left_out(redis_url: str, keys: Keys) -> None:
    """Garbage in a run's stream stops no reader."""
    async with (
        open_connections(redis_url) as connections,
        reading(connections, keys) as hub,
        hub.watch("one") as queue,
    ):
        await connections.batcher("XADD", keys.events("one"), "*", "e", b"\xff")
        await connections.batcher("XADD", keys.events("one"), "*", "other", "field")
        await say(connections, keys, "one", "good")
        event = (await queue.get()).event
    assert isinstance(event, Token)
    assert event.text == "good"


@pytest.mark.parametrize(
    ("url", "error", "said"),
    [
        ("redis://127.0.0.1:1", EngineUnavailable, "does not answer"),
        ("nonsense", ConfigurationError, "REDIS_URL"),
    ],
)
async def test_a_server_that_cannot_be_used(url: str, error: type[Exception], said: str) -> None:
    """One sentence, of the right kind."""
    with pytest.raises(error, match=said):
        async with open_connections(url):
            pass


async def test_watchers_come_and_go_at_the_same_time(redis_url: str, keys: Keys) -> None:
    """However they overlap, whoever still watches is told, and nothing is left behind."""
    async with open_connections(redis_url) as connections, reading(connections, keys) as hub:

        async def pass_by() -> None:
            async with hub.watch("one"):
                await connections.batcher("TIME")

        async with hub.watch("one") as queue:
            hasty = asyncio.create_task(pass_by())
            passing = [asyncio.create_task(pass_by()) for _ in range(20)]
            await asyncio.sleep(0)
            hasty.cancel()
            await asyncio.wait([hasty, *passing])
            await say(connections, keys, "one", "still here")
            event = (await queue.get()).event
        assert not any(task.exception() for task in passing)
    assert isinstance(event, Token)
    assert event.text == "still here"
