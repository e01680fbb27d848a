"""The fixture `keys` fails a test that leaves something behind for ever. Here it does."""

from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis

from orchestration.keys import Keys
from tests.orchestration.leftovers import checked_keys


def ended_run_that_stays(redis: Any, keys: Keys) -> None:
    redis.hset(keys.run("r"), "state", "answered")
    redis.xadd(keys.events("r"), {"e": "x"})
    redis.expire(keys.events("r"), 60)


def events_that_stay(redis: Any, keys: Keys) -> None:
    redis.hset(keys.run("r"), "state", "answered")
    redis.expire(keys.run("r"), 60)
    redis.xadd(keys.events("r"), {"e": "x"})


def halt_that_nobody_ended(redis: Any, keys: Keys) -> None:
    redis.set(keys.shards[0].halted, "x")


def count_of_nobodys_runs(redis: Any, keys: Keys) -> None:
    redis.hset(keys.shards[0].people, "ada", 1)


def turn_of_nobodys_runs(redis: Any, keys: Keys) -> None:
    redis.hset(keys.shards[0].turns, mapping={"": 3, ":ada": 4})


def thread_that_stays(redis: Any, keys: Keys) -> None:
    redis.rpush(keys.shards[0].conversation("ada", "thread"), "r")


def failures_that_stay(redis: Any, keys: Keys) -> None:
    redis.hset(keys.breaker("garden"), "failures", 1)


def something_new(redis: Any, keys: Keys) -> None:
    redis.set(f"{keys.prefix}:new", "x")


@pytest.mark.parametrize(
    ("leave", "said"),
    [
        (ended_run_that_stays, "run:r stays for ever"),
        (events_that_stay, "run:r:events stays for ever"),
        (halt_that_nobody_ended, "nobody has listed"),
        (count_of_nobodys_runs, "although every run has ended"),
        (turn_of_nobodys_runs, "still knows :ada"),
        (thread_that_stays, "stays for ever"),
        (failures_that_stay, "breaker stays for ever"),
        (something_new, "nobody has listed"),
    ],
)
def test_what_must_not_stay_is_found(redis_url: str, leave: Callable[[Any, Keys], None], said: str) -> None:
    """Each of these makes the fixture fail, with the key's name; and it is removed all the same."""
    with Redis.from_url(redis_url, decode_responses=True) as redis:
        with pytest.raises(AssertionError, match=said), checked_keys(redis_url) as keys:
            leave(redis, keys)
        assert not list(redis.scan_iter(f"{keys.prefix}:*"))


def test_what_may_stay_is_left_in_peace(redis_url: str) -> None:
    """A run in the middle of its work, an agent's stream, a dead letter, the turn that began last."""
    with Redis.from_url(redis_url, decode_responses=True) as redis, checked_keys(redis_url) as keys:
        redis.hset(keys.run("r"), "state", "running")
        redis.xadd(keys.events("r"), {"e": "x"})
        redis.zadd(keys.shards[0].active, {"r": 0})
        redis.hset(keys.shards[0].people, "ada", 1)
        redis.hset(keys.shards[0].turns, mapping={"": 3, ":ada": 4})
        redis.xadd(keys.tasks("garden"), {"m": "x"})
        redis.xadd(keys.dead("garden"), {"reason": "x"})
