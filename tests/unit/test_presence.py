"""Who is alive is judged by heartbeats. Nothing here blocks, so an imitation of Redis will do."""

from fakeredis import FakeAsyncRedis

from orchestration.batching import Batcher
from orchestration.keys import Keys
from orchestration.presence import GONE_SECONDS, Heartbeat, PresenceReader

KEYS = Keys("test")


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def heartbeat(batcher: Batcher, clock: Clock, name: str) -> Heartbeat:
    return Heartbeat(batcher, KEYS, name=name, kind="web", orchestrates=True, worker=None, slots=8, clock=clock)


async def test_a_process_is_alive_while_it_beats() -> None:
    """Silence for some beats, and it does not count any more."""
    clock, batcher = Clock(), Batcher(FakeAsyncRedis())
    await heartbeat(batcher, clock, "one").beat()
    clock.now += GONE_SECONDS
    await heartbeat(batcher, clock, "two").beat()
    reader = PresenceReader(batcher, KEYS, clock)
    assert [presence.id for presence in await reader.alive()] == ["one", "two"]

    clock.now += 1
    assert [presence.id for presence in await reader.alive()] == ["two"]


async def test_what_a_newer_program_says_is_left_alone() -> None:
    """It is neither counted nor removed; damaged entries are removed."""
    clock, batcher = Clock(), Batcher(FakeAsyncRedis())
    await batcher("HSET", KEYS.presence, "newer", b'{"v":"2.0"}', "damaged", b"?")
    assert await PresenceReader(batcher, KEYS, clock).alive() == []
    assert await batcher("HKEYS", KEYS.presence) == [b"newer"]
