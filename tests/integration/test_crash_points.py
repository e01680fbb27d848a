"""A process may die between any two writes: somebody else goes on, and the run comes to its one end.

Every member of CrashPoint is here. A real process dies at each of them, all at the beginning and some at the same
time; then each run is finished by another one.
"""

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from redis import Redis as SyncRedis
from redis.asyncio import Redis

from orchestration import AgentOrchestrator
from orchestration.batching import Batcher
from orchestration.crash import CrashPoint
from orchestration.keys import GROUP, Keys
from orchestration.messages import Answer, AnyEvent
from tests.integration.processes import REPOSITORY
from tests.orchestration.crashing import DEADLINE_SECONDS, KILLED, LEASE_SECONDS, Death, Story
from tests.orchestration.leftovers import checked_keys, leftovers
from tests.orchestration.speaking import QUESTION, SILENCES, speaker
from tests.orchestration.waiting import PATIENCE_SECONDS, eventually
from tests.orchestration.worlds import events_until, index_once, world

BOTH = "@garden @kitchen What is best in March?"
ONE = "@garden What is best in March?"
AT_ONCE = 3
"""Processes that start and die at the same time."""


@dataclass(frozen=True)
class Case:
    """What happens before somebody dies at a point, and what is seen after it."""

    point: CrashPoint | None
    story: Story = "asks"
    happens: tuple[str, ...] = ()
    """Events that tell of it."""
    silent: str = ""
    """What a language model is at while somebody dies."""
    one_server: bool = True
    """False: results and messages are written one after the other, as in a cluster."""

    @property
    def name(self) -> str:
        return f"{self.silent or self.point}, {self.story}" + ("" if self.one_server else ", in a cluster")


CASES = (
    Case(CrashPoint.AFTER_ACCEPT, happens=("resumed",)),
    Case(CrashPoint.AFTER_SELECT, happens=("resumed",)),
    Case(CrashPoint.AFTER_DECIDE, happens=("resumed",)),
    Case(CrashPoint.AFTER_SELECT, "asks first", ("resumed", "proposed")),
    Case(CrashPoint.AFTER_PROPOSE, "asks first", ("proposed", "approved")),
    Case(CrashPoint.AFTER_APPROVE, "asks first", ("proposed", "approved")),
    Case(CrashPoint.AFTER_SEND, happens=("resumed",)),
    Case(CrashPoint.AFTER_SEND, "asks first", ("approved", "resumed")),
    Case(CrashPoint.BEFORE_FINISH, happens=("resumed",)),
    Case(CrashPoint.AFTER_FINISH),
    Case(CrashPoint.AFTER_ADOPT, "adopts", ("resumed",)),
    Case(CrashPoint.AFTER_CLAIM, happens=("resumed", "restarted")),
    Case(CrashPoint.BEFORE_COMMIT, happens=("resumed", "restarted")),
    Case(CrashPoint.AFTER_COMMIT, happens=("resumed",)),
    Case(CrashPoint.AFTER_ACKNOWLEDGE),
    Case(CrashPoint.AFTER_COMMIT, happens=("resumed",), one_server=False),
    Case(CrashPoint.AFTER_ACKNOWLEDGE, one_server=False),
    Case(CrashPoint.BEFORE_RELEASE, "fails", ("resumed", "restarted")),
    Case(CrashPoint.BEFORE_RELEASE, "is halted", ("resumed", "restarted")),
    Case(CrashPoint.AFTER_RELEASE, "fails", ("retrying", "resumed", "restarted")),
    Case(CrashPoint.AFTER_RELEASE, "is halted", ("returned", "resumed", "restarted")),
    Case(CrashPoint.BEFORE_BURY, "is poisoned", ("resumed",)),
    Case(CrashPoint.AFTER_BURY, "is poisoned", ("resumed",)),
    Case(None, "asks a model", ("resumed",), "planning"),
    Case(None, "asks a model", ("resumed", "restarted"), "answering"),
    Case(None, "asks a model", ("resumed", "restarted"), "completing"),
    Case(None, "asks a model", ("resumed",), "writing"),
    Case(CrashPoint.AFTER_SELECT, "asks a model", ("resumed",)),
)


@dataclass(frozen=True)
class Dead:
    """A process that has died."""

    death: Death
    code: int
    said: str


@pytest.fixture(scope="module")
def dead(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Case, Dead]]:
    """All of them die first, so that the leases of what they held are over when each case is looked at."""
    with ExitStack() as stack:
        deaths = [
            Death(
                folder=tmp_path_factory.mktemp("world"),
                redis_url=redis_url,
                prefix=stack.enter_context(checked_keys(redis_url)).prefix,
                point=case.point,
                story=case.story,
                question=_question(case),
                task="run",
                silent=SILENCES.get(case.silent, ""),
                one_server=case.one_server,
            )
            for case in CASES
        ]
        for death in deaths:
            asyncio.run(index_once(death.folder))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            yield dict(zip(CASES, pool.map(_die, deaths), strict=True))


def _question(case: Case) -> str:
    if case.story == "asks a model":
        return QUESTION
    return ONE if case.story == "is poisoned" else BOTH


def _die(death: Death) -> Dead:
    command = [sys.executable, "-m", "tests.orchestration.crashing", death.model_dump_json()]
    process = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )
    return Dead(death, process.returncode, process.stderr)


def test_every_point_has_its_case() -> None:
    """Whoever adds a point says here what happens when a process dies there."""
    assert {case.point for case in CASES} - {None} == set(CrashPoint)
    assert {case.silent for case in CASES} - {""} == set(SILENCES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_a_run_survives_it(
    redis_url: str, dead: dict[Case, Dead], case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One end, one result for each step, nothing left on the streams, and the events tell what happened."""
    one = dead[case]
    assert one.code == KILLED, f"it did not die at {case.name}: {one.said}"
    monkeypatch.setattr(Batcher, "one_server", case.one_server)
    keys = Keys(one.death.prefix)
    streams = [keys.tasks(agent) for agent in ("garden", "kitchen")]
    async with Redis.from_url(redis_url) as redis:
        await redis.delete(keys.shards[0].halted)
        if case.point is CrashPoint.AFTER_COMMIT and not case.one_server:
            assert any(await redis.hmget(keys.run("run"), "s1.result", "s2.result"))
            assert [await redis.xlen(stream) for stream in streams] == [1, 1], "what has done its work is there still"
        models = speaker().models() if case.story == "asks a model" else None
        async with world(
            one.death.folder,
            redis_url,
            keys.prefix,
            models=models,
            lease_seconds=LEASE_SECONDS,
            deadline_seconds=DEADLINE_SECONDS,
        ) as orchestrator:
            if case.point in (CrashPoint.AFTER_SELECT, CrashPoint.AFTER_PROPOSE) and case.story == "asks first":
                await events_until(orchestrator.follow("run", person="local"), "proposed")
                await orchestrator.approve("run", person="local")
            await _events(orchestrator)
            await eventually(lambda: _are_empty(redis, streams), "every message has done its work")
            events = await _events(orchestrator)
        letters = await redis.xlen(keys.dead("garden")) + await redis.xlen(keys.dead("kitchen"))

    seen = Counter[str](event.kind for event in events)
    poisoned = case.story == "is poisoned"
    assert seen["answer"] == 1
    assert isinstance(events[-1], Answer)
    assert events[-1].result.state == ("failed" if poisoned else "answered")
    ends = Counter(event.step for event in events if event.kind in ("finished", "failed"))
    steps = 1 if poisoned else 3 if case.story == "asks a model" else 2
    assert ends == {f"s{number}": 1 for number in range(1, steps + 1)}
    assert events[-1].result.notes == ()
    assert letters == poisoned
    assert seen["proposed"] == seen["approved"] == (case.story == "asks first")
    assert not Counter(case.happens) - seen, f"of {case.happens} only {dict(seen)} was told"
    with SyncRedis.from_url(redis_url, decode_responses=True) as client:
        assert leftovers(client, keys) == []


async def _events(orchestrator: AgentOrchestrator) -> list[AnyEvent]:
    """Of the whole run, when it has ended."""
    return [recorded.event async for recorded in orchestrator.follow("run", person="local")]


async def _are_empty(redis: Redis, streams: Sequence[str]) -> bool:
    """Whether there is neither a message nor one that somebody holds."""
    pending = [(await redis.xpending(stream, GROUP))["pending"] for stream in streams]
    return not any(pending) and not any([await redis.xlen(stream) for stream in streams])
