"""The time of a run is over when a test says so: on a busy machine any that is short would be over before its turn."""

from dataclasses import dataclass, field

import pytest
from redis.asyncio import Redis

from orchestration import path
from orchestration.deadline import Deadline
from orchestration.keys import Keys
from orchestration.messages import Token, encode
from orchestration.records import OwnedRun
from orchestration.store import RunStore


@dataclass
class Deadlines:
    """Those of all runs that are driven here."""

    redis: Redis
    keys: Keys
    driven: dict[str, Deadline] = field(default_factory=dict)

    async def pass_by(self, run: str) -> None:
        """The run's time is over."""
        await self.redis.hset(self.keys.run(run), "deadline", "1")
        await self.seem_to_pass(run)

    async def seem_to_pass(self, run: str) -> None:
        """Whoever drives the run takes its time to be over, and asks Redis."""
        self.driven[run].at = 0.0
        news = encode(Token(run=run, channel="answer", text=""))  # With an event they look at the clock.
        await self.redis.xadd(self.keys.events(run), {"e": news})


def watched_deadlines(monkeypatch: pytest.MonkeyPatch, redis: Redis, keys: Keys) -> Deadlines:
    """From now on."""
    deadlines = Deadlines(redis, keys)

    def made(store: RunStore, run: OwnedRun) -> Deadline:
        deadlines.driven[run.task.id] = deadline = Deadline(store, run)
        return deadline

    monkeypatch.setattr(path, "Deadline", made)
    return deadlines
