"""What may stay in Redis when everything is over: the one list of keys that do not expire, and why."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis import Redis

from orchestration.keys import Keys

PERMANENT = {
    r"\{agent:[\w-]+\}:tasks:\d+(:background)?": "two streams for each agent; messages leave when acknowledged",
    r"\{agent:[\w-]+\}:dead": "an operator decides about dead letters; the newest 1,000 are kept",
    r"\{[^}]+\}:probe": "a dot at each server, where writes are waited for",
    "shards": "among how many the runs are divided",
    r"\{presence\}:processes": "entries leave with their process, or when it was silent for long",
    r"\{presence\}:seen": "the same",
    r"\{run(:\d+)?\}:pace": "how long the latest 100 runs took",
    r"\{run(:\d+)?\}:looked": "when an orchestrator last looked for runs without an owner",
    r"\{knowledge\}:record": "the id of the record, and a field for each shelf that came from an earlier one",
    r"\{knowledge\}:shelves": "one entry for each shelf that was ever used",
    r"\{knowledge\}:shelf:[\w-]+:[^:]*": "the documents that are on it; it is gone with the last of them",
    r"\{knowledge\}:unwanted:[\w-]+": "names out of the catalog",
    r"\{run(:\d+)?\}:histories": "one entry for each history, until it was silent for 30 days",
    r"\{run(:\d+)?\}:ended": "what no history has taken over yet; none without a history",
    r"\{run(:\d+)?\}:turns": "the turn that began last; a person's turn leaves with the person's last run",
}
"""Kinds of keys that stay, without the prefix, each with what bounds it."""

WHILE_RUNS_GO_ON = {
    r"\{run(:\d+)?\}:active": "unfinished runs",
    r"\{run(:\d+)?\}:waiting": "those of them that wait for their turn",
    r"\{run(:\d+)?\}:awaiting": "those of them that await their person's approval",
    r"\{run(:\d+)?\}:people": "how many of them each person has",
}
"""Kinds of keys that are gone when no run is unfinished."""

EXPIRING = {
    r"\{run(:\d+)?\}:run:\w+": "a run, from its end on",
    r"\{run(:\d+)?\}:run:\w+:events": "its events, the same",
    r"\{run(:\d+)?\}:conversation:[^:]+:.*": "the runs of a thread",
    r"\{agent:[\w-]+\}:breaker": "an agent's failures",
    r"\{agent:[\w-]+\}:alarm": "messages that were forged lately",
    r"\{run(:\d+)?\}:alarm": "parts of runs that were forged lately",
    r"\{knowledge\}:document:\w+": "files that are not on a shelf yet",
}
"""Kinds of keys that must have a time to live; unfinished runs and the documents that are on a shelf are exceptions."""


def leftovers(redis: Any, keys: Keys) -> list[str]:
    """One sentence for each key that should not be there, or not for ever. The client decodes replies."""
    found = sorted(redis.scan_iter(f"{keys.prefix}:*", count=1000))
    unfinished = {_run_of(key) for key in found if _is_run(key) and redis.hget(key, "state") == "running"}
    shelved = {keys.document(upload) for upload in _uploads(redis, keys)}
    wrong = [f"{key} is listed and not there" for key in sorted(shelved - set(found))]
    for key in found:
        kind = key.removeprefix(f"{keys.prefix}:")
        if _matches(kind, EXPIRING):
            if redis.ttl(key) < 0 and _run_of(key) not in unfinished and key not in shelved:
                wrong.append(f"{key} stays for ever")
        elif _matches(kind, WHILE_RUNS_GO_ON):
            if not unfinished:
                wrong.append(f"{key} is there although every run has ended")
        elif not _matches(kind, PERMANENT):
            wrong.append(f"{key} is of a kind that nobody has listed")
    for turns in (key for key in found if key.endswith("}:turns") and not unfinished):
        if left := sorted(set(redis.hkeys(turns)) - {"", "background"}):
            wrong.append(f"{turns} still knows {', '.join(left)} although every run has ended")
    return wrong


@contextmanager
def checked_keys(redis_url: str) -> Iterator[Keys]:
    """Names under a prefix of their own; afterwards nothing may be left but what may stay, and all of it is removed."""
    keys = Keys(f"test-{uuid.uuid4().hex[:8]}")
    yield keys
    with Redis.from_url(redis_url, decode_responses=True) as redis:
        wrong = leftovers(redis, keys)
        if found := list(redis.scan_iter(f"{keys.prefix}:*", count=1000)):
            redis.delete(*found)
    assert not wrong, "; ".join(wrong)


def _uploads(redis: Any, keys: Keys) -> Iterator[str]:
    """Of all documents that are on a shelf."""
    for shelf in redis.scan_iter(f"{keys.shelf('*', '')}*", count=1000):
        yield from (value.split(" ", 2)[1] for value in redis.hvals(shelf))


def _matches(kind: str, kinds: dict[str, str]) -> bool:
    return any(re.fullmatch(pattern, kind) for pattern in kinds)


def _is_run(key: str) -> bool:
    return ":run:" in key and not key.endswith(":events")


def _run_of(key: str) -> str:
    """The id in a run's keys; "" for other keys."""
    return key.rpartition(":run:")[2].removesuffix(":events") if ":run:" in key else ""
