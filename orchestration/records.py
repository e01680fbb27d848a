"""What is known of a run and its steps at one moment, as Redis keeps it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import cast

from orchestration.batching import Batcher
from orchestration.errors import Forged
from orchestration.keys import Keys
from orchestration.messages import CoordinationPlan, Selection, StepResult, StepState, Task, decode
from orchestration.signing import Signing


class Fenced(StrEnum):
    """What became of a change under a fence."""

    OK = "OK"
    DONE = "DONE"
    STALE = "STALE"
    ENDED = "ENDED"


@dataclass(frozen=True)
class StepRecord:
    """What is known of a step."""

    state: StepState
    attempt: int
    fence: int
    deaths: int
    """Workers that died while they worked on it."""
    failures: int
    entry: bytes
    """The message under which a worker claimed it last; empty before that."""
    until: float
    """When its hold ends, or when it is sent again, epoch seconds by the server's clock."""
    resent: int
    """How often its message was lost and sent again."""


@dataclass(frozen=True)
class RunRecord:
    """A run at one moment."""

    now: float
    """That moment, epoch seconds by the server's clock."""
    steps: Mapping[str, StepRecord]
    results: Mapping[str, StepResult]
    forged: Mapping[str, "ForgedResult"] = field(default_factory=dict)
    """Step -> a result that nobody who has the signing keys wrote for it."""


@dataclass(frozen=True)
class ForgedResult:
    """What stands where a step's result should be."""

    found: bytes
    why: str
    """As a clause."""


@dataclass(frozen=True)
class OwnedRun:
    """A run that this process drives, as far as it was journalled."""

    task: Task
    fence: int
    accepted: float
    """Epoch seconds, by the server's clock."""
    seconds_left: float
    """Until its deadline, from `record.now` on."""
    begun: bool
    """False while it waits for its turn, or for its person's approval: it holds no place."""
    awaiting: bool
    """The plan is offered and not approved."""
    waited: float
    """Seconds that it waited for the approval."""
    taken_over: bool
    """From somebody who drove it before."""
    selection: Selection | None
    plan: CoordinationPlan | None
    record: RunRecord
    read_at: float
    """When this process read it, by its own clock, in seconds."""

    def seconds_since_accepted(self, clock: Callable[[], float]) -> float:
        """By the server's clock up to when it was read, then by ours: they need not agree. The time that it waited for
        an approval does not count.
        """
        return self.record.now - self.accepted - self.waited + clock() - self.read_at


def read_record(signing: Signing, run: str, now: float, fields: Mapping[bytes, bytes]) -> RunRecord:
    """From the fields of a run's hash; `now` is epoch seconds by the server's clock."""

    def number(step: str, name: str) -> int:
        return int(fields.get(f"{step}.{name}".encode(), 0))

    results, forged = dict[str, StepResult](), dict[str, ForgedResult]()
    for name, value in fields.items():
        if name.endswith(b".result"):
            step = name.decode().removesuffix(".result")
            try:
                result = decode(StepResult, signing.open_result(run, number(step, "fence"), value))
                if result.step != step:
                    raise Forged("it is of another step")
            except Forged as error:
                forged[step] = ForgedResult(value, str(error))
            else:
                results[step] = result
    steps = [name.decode().removesuffix(".state") for name in fields if name.endswith(b".state")]
    return RunRecord(
        now=now,
        steps={
            step: StepRecord(
                state=cast(StepState, fields[f"{step}.state".encode()].decode()),
                attempt=number(step, "attempt"),
                fence=number(step, "fence"),
                deaths=number(step, "deaths"),
                failures=number(step, "failures"),
                entry=fields.get(f"{step}.entry".encode(), b""),
                until=number(step, "until") / 1000,
                resent=number(step, "resent"),
            )
            for step in steps
        },
        results=results,
        forged=forged,
    )


async def ended_runs(batcher: Batcher, keys: Keys, runs: Sequence[str]) -> set[str]:
    """Which of these are over, or gone, in one round trip."""
    states = await asyncio.gather(*(batcher("HGET", keys.run(run), "state") for run in runs))
    return {run for run, state in zip(runs, states, strict=True) if state != b"running"}
