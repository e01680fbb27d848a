"""Who is alive is judged by heartbeats. Nothing here blocks, so an imitation of Redis will do."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from fakeredis import FakeAsyncRedis
from redis.exceptions import ResponseError

from orchestration.alarms import UNREADABLE, read_alarm
from orchestration.batching import Batcher
from orchestration.breaker import FAILURES, MOST_COUNTED, MOST_SECONDS, Breaker, read_breakers
from orchestration.keys import Keys
from orchestration.messages import encode
from orchestration.presence import GONE_SECONDS, AgentWork, Heartbeat, Presence, PresenceReader, health_of
from orchestration.round_trips import Argument, Command

KEYS = Keys("test")


def imitated() -> Batcher:
    """Commands go to an imitation of Redis, one after the other; what it refuses stands in the place of its reply."""
    redis: Any = FakeAsyncRedis()

    async def reply(command: Command) -> Any:
        try:
            return await redis.execute_command(*command)
        except ResponseError as refusal:
            return refusal

    async def one_by_one(commands: Sequence[Command]) -> list[Any]:
        return [await reply(command) for command in commands]

    return Batcher(one_by_one)


def heartbeat(batcher: Batcher, name: str) -> Heartbeat:
    return Heartbeat(batcher, KEYS, name=name, kind="web", orchestrates=True, worker=None)


async def test_a_process_is_alive_while_it_beats() -> None:
    """Silence for some beats, and it does not count any more."""
    batcher = imitated()
    await heartbeat(batcher, "one").beat()
    await heartbeat(batcher, "two").beat()
    reader = PresenceReader(batcher, KEYS, ())
    assert [presence.id for presence in await reader.alive()] == ["one", "two"]

    await batcher("ZINCRBY", KEYS.seen, -1000 * (GONE_SECONDS + 1), "one")
    assert [presence.id for presence in await reader.alive()] == ["two"]


async def test_a_process_that_is_long_gone_is_forgotten() -> None:
    """Whoever beats next clears it away."""
    batcher = imitated()
    await heartbeat(batcher, "one").beat()
    await batcher("ZADD", KEYS.seen, 0, "one")
    await heartbeat(batcher, "two").beat()
    assert await batcher("HKEYS", KEYS.presence) == [b"two"]


async def test_a_beat_that_is_on_its_way_does_not_outlive_the_goodbye() -> None:
    """Two round trips may overtake each other, so the goodbye waits for the last beat."""
    told: list[Argument] = []
    begun, arrives = asyncio.Event(), asyncio.Event()

    async def slow_at_first(commands: Sequence[Command]) -> list[Any]:
        if not begun.is_set():
            begun.set()
            await arrives.wait()
        told.extend(command[0] for command in commands)
        return [1 for _ in commands]

    beating = asyncio.create_task(heartbeat(Batcher(slow_at_first), "one").run())
    await begun.wait()
    beating.cancel()
    asyncio.get_running_loop().call_later(0.05, arrives.set)
    with pytest.raises(asyncio.CancelledError):
        await beating
    assert told == [b"EVALSHA", b"HDEL", b"ZREM"]


async def test_what_another_version_says_is_left_alone() -> None:
    """It is not counted, and removed only when it falls silent."""
    batcher = imitated()
    for name, about in (("newer", b'{"v":"2.0"}'), ("damaged", b"?")):
        await batcher.script("beat", [KEYS.presence, KEYS.seen], [name, about, 60_000])
    assert await PresenceReader(batcher, KEYS, ()).alive() == []
    assert await batcher("HLEN", KEYS.presence) == 2


def test_an_agents_health_is_that_of_all_its_workers() -> None:
    """Load, success and speed over all processes; an agent that nobody runs is not fit to be asked."""
    fast = AgentWork(busy=2, answered=30, failed=10, median_seconds=0.1)
    slow = AgentWork(answered=10, failed=0, median_seconds=0.5)
    alive = [
        Presence(id="a", kind="web", host="h", pid=1, slots=8, busy=4, work={"garden": fast}),
        Presence(id="b", kind="worker", host="h", pid=2, slots=8, busy=0, work={"garden": slow}),
    ]
    breakers = {"garden": Breaker(failures=FAILURES, seconds=12.0)}
    garden, kitchen = health_of(("garden", "kitchen"), alive, breakers)

    assert (garden.workers, garden.slots, garden.free, garden.busy) == (2, 16, 12, 2)
    assert garden.success_rate == 0.8
    assert garden.median_seconds == 0.5
    assert garden.breaker.state == "open"
    assert 0 < garden.fitness < 1
    assert (kitchen.workers, kitchen.success_rate, kitchen.fitness) == (0, None, 0.0)


async def test_a_sign_of_life_that_cannot_be_reckoned_with_counts_for_nothing() -> None:
    """Any worker can write one: numbers of hundreds of digits must not stop everybody's questions."""
    batcher = imitated()
    good = Presence(id="good", kind="worker", host="here", pid=1, work={"garden": AgentWork()}, slots=8)
    await beats(batcher, "good", encode(good).decode())
    await beats(batcher, "huge", encode(good).decode().replace('"slots":8', f'"slots":{"9" * 400}'))
    await beats(batcher, "less", encode(good).decode().replace('"slots":8', '"slots":-8'))
    reader = PresenceReader(batcher, KEYS, ["garden"])
    assert [presence.id for presence in await reader.alive()] == ["good"]
    health = (await reader.health())["garden"]
    assert (health.workers, health.slots, health.fitness) == (1, 8, 1.0)


async def beats(batcher: Batcher, name: str, said: str) -> None:
    await batcher.script("beat", [KEYS.presence, KEYS.seen], [name, said, 60_000])


async def test_an_agents_spoilt_breaker_is_its_own_affair() -> None:
    """Its workers can write there; the other agents are judged all the same."""
    batcher = imitated()
    for failures, until, read in (
        ("x", "1", Breaker()),
        ("9" * 400, "nan", Breaker(MOST_COUNTED)),
        ("5", "inf", Breaker(5, MOST_SECONDS)),
    ):
        await batcher("HSET", KEYS.breaker("garden"), "failures", failures, "until", until)
        await batcher("HSET", KEYS.breaker("kitchen"), "failures", 2)
        found = await read_breakers(batcher, KEYS, ["garden", "kitchen"])
        assert found == {"garden": read, "kitchen": Breaker(2)}
    await batcher("DEL", KEYS.breaker("garden"))
    await batcher("SETRANGE", KEYS.breaker("garden"), 0, "no breaker")
    assert await read_breakers(batcher, KEYS, ["garden", "kitchen"]) == {"garden": Breaker(), "kitchen": Breaker(2)}


async def test_a_spoilt_alarm_is_one() -> None:
    """Its agent's workers can write there."""
    batcher = imitated()
    for messages, at in (("x", "1"), ("1", "nan"), ("1", "9" * 400)):
        await batcher("HSET", KEYS.alarm("garden"), "messages", messages, "at", at, "why", "?")
        alarm = await read_alarm(batcher, KEYS, "garden")
        assert alarm is not None and alarm.why == UNREADABLE
    await batcher("DEL", KEYS.alarm("garden"))
    await batcher("SETRANGE", KEYS.alarm("garden"), 0, "no alarm")
    alarm = await read_alarm(batcher, KEYS, "garden")
    assert alarm is not None and alarm.why == UNREADABLE
