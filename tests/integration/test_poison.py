"""A question that kills whoever works on it."""

import asyncio
import sys
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from orchestration import Task
from orchestration.keys import Keys
from orchestration.messages import Answer
from orchestration.step_store import ALONE_AFTER, MOST_DEATHS
from tests.integration.processes import REPOSITORY
from tests.orchestration.poisoned import KILLED, POISON
from tests.orchestration.waiting import PATIENCE_SECONDS, eventually
from tests.orchestration.worlds import SHORT_LEASE, index_once, kinds, world

INNOCENT = 3
TEN_MINUTES = 600
"""Processes start and die one after the other meanwhile."""


async def die(folder: Path, redis_url: str, prefix: str, together: int) -> int:
    """A worker process of its own; returns how it ended."""
    command = [sys.executable, "-m", "tests.orchestration.poisoned", str(folder), redis_url, prefix, str(together)]
    child = await asyncio.create_subprocess_exec(*command, cwd=REPOSITORY)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await child.wait()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


async def test_a_poisonous_step_takes_no_other_along(tmp_path: Path, redis_url: str, keys: Keys) -> None:
    """It kills two workers together with its neighbours' attempts, the third one alone; then it is given up.

    The neighbours are answered, and the step is a dead letter and a failure with a reason.
    """
    async with world(
        tmp_path / "a", redis_url, keys.prefix, workers=False, lease_seconds=SHORT_LEASE, deadline_seconds=TEN_MINUTES
    ) as orchestrator:
        poison = Task(question=f"@garden Is there {POISON} in it?")
        innocent = [Task(question=f"@garden Number {n}?") for n in range(INNOCENT)]
        for task in (poison, *innocent):
            await orchestrator.submit(task)
        await index_once(tmp_path / "b")
        together = [await die(tmp_path / "b", redis_url, keys.prefix, 1 + INNOCENT) for _ in range(ALONE_AFTER)]
        alone = [await die(tmp_path / "b", redis_url, keys.prefix, 1) for _ in range(MOST_DEATHS - ALONE_AFTER)]
        last = world(
            tmp_path / "c",
            redis_url,
            keys.prefix,
            workers=["garden"],
            lease_seconds=SHORT_LEASE,
            deadline_seconds=TEN_MINUTES,
        )
        async with last as survivor:
            told = [
                [recorded.event async for recorded in orchestrator.follow(task.id, person="local")]
                for task in (poison, *innocent)
            ]

            async def is_a_failure() -> bool:
                return (await survivor.health())["garden"].failed == 1

            await eventually(is_a_failure, "what it killed speaks against the agent")
    async with Redis.from_url(redis_url) as redis:
        letters: Any = await redis.xrange(keys.dead("garden"))

    assert together + alone == [KILLED] * MOST_DEATHS
    poisoned, *others = told
    assert isinstance(poisoned[-1], Answer)
    assert poisoned[-1].result.reason == "Gardener was tried 3 times and its worker died each time."
    assert (kinds(poisoned).count("started"), kinds(poisoned).count("restarted")) == (1, MOST_DEATHS - 1)
    assert [fields[b"reason"] for _, fields in letters] == [
        b"3 workers died while they worked on it, the last one alone"
    ]
    for events in others:
        assert isinstance(events[-1], Answer)
        assert events[-1].result.state == "answered"
        assert kinds(events).count("finished") == 1
