"""Reads what is in Redis at the end, as plain JSON and past all code that is under test, and judges it. Mostly pure."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import Redis

from benchmarks.chaos.faults import Death
from benchmarks.chaos.questions import Trick, trick_for
from orchestration.keys import GROUP, Keys

TOGETHER = 200
MOST_PENDING = 1_000
FINAL_RUN = frozenset({"answered", "nothing_found", "failed", "cancelled", "expired"})
FINAL_STEP = {"answered": "finished", "nothing_found": "finished", "failed": "failed"}
"""State of a step -> the kind of its one last event."""


@dataclass(frozen=True)
class Happening:
    """An event of a run."""

    id: str
    kind: str
    body: Mapping[str, Any]

    @property
    def at(self) -> float:
        """Epoch seconds, by the server's clock."""
        return int(self.id.partition("-")[0]) / 1000

    @property
    def step(self) -> str:
        return str(self.body.get("step", ""))


@dataclass(frozen=True)
class Record:
    """Everything that Redis has of a run."""

    id: str
    fields: Mapping[str, str]
    events: tuple[Happening, ...]
    expires: bool = True

    @property
    def state(self) -> str:
        return self.fields.get("state", "")

    def of(self, kind: str) -> list[Happening]:
        """Its events of one kind."""
        return [event for event in self.events if event.kind == kind]

    def steps(self) -> dict[str, Mapping[str, Any]]:
        """The steps of its plan by their ids; none while there is no plan."""
        plan = json.loads(self.fields.get("plan", '{"steps": []}'))
        return {step["id"]: step for step in plan["steps"]}

    def ends_of(self, step: str) -> list[Happening]:
        """The events that say how a step ended; there should be one."""
        return [event for event in self.events if event.step == step and event.kind in ("finished", "failed")]


@dataclass(frozen=True)
class Judgement:
    """What is wrong with a run; nothing, mostly."""

    run: str
    lost: tuple[str, ...] = ()
    twice: tuple[str, ...] = ()
    otherwise: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        return not (self.lost or self.twice or self.otherwise)


@dataclass(frozen=True)
class Leftovers:
    """What should be empty once everything has ended."""

    undelivered: int
    """Messages that are still on task streams."""
    pending: int
    """Messages that workers took and never acknowledged."""
    orphans: int
    """Not wrong: the same, but the message was deleted; Redis 6.2 keeps these until a worker tidies up."""
    active: int
    """Runs that count as not ended."""
    counted: int
    """Runs that still wait or that count against a person's share."""
    dead_letters: int
    """Not wrong: messages that were given up, for people to look at."""

    @property
    def settled(self) -> bool:
        return not (self.undelivered or self.pending or self.active or self.counted)


@dataclass
class Tally:
    """Figures of all runs together."""

    ended: dict[str, int] = field(default_factory=dict)
    lost: int = 0
    double_commits: int = 0
    disagreements: int = 0
    takeovers: int = 0
    restarts: int = 0
    retries: int = 0
    resends: int = 0
    innocent_failures: int = 0
    """Steps that failed though their question told them nothing of the kind."""


def judge(record: Record) -> Judgement:
    """What is wrong with a run that was accepted, when everything should have ended."""
    lost: list[str] = []
    twice: list[str] = []
    otherwise: list[str] = []
    if not record.fields:
        return Judgement(record.id, lost=("it is not in Redis",))
    answers = record.of("answer")
    if record.state not in FINAL_RUN:
        lost.append(f"its state is {record.state}")
    if not answers:
        lost.append("it has no answer event")
    if len(answers) > 1:
        twice.append(f"it has {len(answers)} answer events")
    for answer in answers[:1]:
        otherwise += _about_answer(record, answer)
    for step in record.steps():
        state = record.fields.get(f"{step}.state", "")
        ends = record.ends_of(step)
        if len(ends) > 1:
            twice.append(f"step {step} ended {len(ends)} times")
        otherwise += _about_step(record, step, state, ends)
    if record.state in FINAL_RUN and not record.expires:
        otherwise.append("it never expires")
    return Judgement(record.id, tuple(lost), tuple(twice), tuple(otherwise))


def _about_answer(record: Record, answer: Happening) -> Iterator[str]:
    result = answer.body["result"]
    if result["state"] != record.state:
        yield f"its answer event says {result['state']} and its hash {record.state}"
    if record.events[-1] is not answer:
        yield f"after its answer came {record.events[-1].kind}"
    if json.loads(record.fields["result"]) != result | {"v": json.loads(record.fields["result"])["v"]}:
        yield "its answer event and the result in its hash differ"
    if record.state != "answered":
        return
    told = {step["step"]: step["state"] for step in result["steps"]}
    for step in record.steps():
        state = record.fields.get(f"{step}.state", "")
        if state in FINAL_STEP and told.get(step) != state:
            yield f"its answer says that step {step} is {told.get(step)} and its hash {state}"


def _about_step(record: Record, step: str, state: str, ends: Sequence[Happening]) -> Iterator[str]:
    if state not in FINAL_STEP:
        if ends:
            yield f"step {step} is {state} and has ended"
        if record.state == "answered":
            yield f"step {step} is {state} in a run that was answered"
        return
    if not ends:
        yield f"step {step} is {state} and has no event that says so"
        return
    if ends[0].kind != FINAL_STEP[state]:
        yield f"step {step} is {state} and its event says {ends[0].kind}"
    stored = json.loads(record.fields[f"{step}.result"])
    if stored != ends[0].body["result"] | {"v": stored["v"]}:
        yield f"the result of step {step} in the hash is not the one of its event"


def tally(records: Sequence[Record], judgements: Sequence[Judgement]) -> Tally:
    """Count what happened to all accepted runs."""
    figures = Tally()
    for record, judgement in zip(records, judgements, strict=True):
        if record.state in FINAL_RUN:
            figures.ended[record.state] = figures.ended.get(record.state, 0) + 1
        figures.lost += bool(judgement.lost)
        figures.double_commits += len(judgement.twice)
        figures.disagreements += len(judgement.otherwise)
        figures.takeovers += len(record.of("resumed"))
        figures.restarts += len(record.of("restarted"))
        figures.retries += len(record.of("retrying"))
        figures.resends += sum(int(value) for name, value in record.fields.items() if name.endswith(".resent"))
        figures.innocent_failures += len(failed_without_reason(record))
    return figures


def failed_without_reason(record: Record) -> list[str]:
    """Steps that failed though their question told them nothing of the kind."""
    told = {step: trick_for(about["agent"], about["question"]) for step, about in record.steps().items()}
    failed = [step for step in told if record.fields.get(f"{step}.state") == "failed"]
    return [step for step in failed if told[step] not in (Trick.KILLS, Trick.FAILS)]


@dataclass(frozen=True, order=True)
class Recovery:
    """Somebody went on with what a killed process held."""

    seconds: float
    """Since the kill."""
    run: str
    step: str = ""
    """Empty when the run itself got another owner."""


def recoveries(records: Iterable[Record], deaths: Sequence[Death]) -> list[Recovery]:
    """How each step and each run that a killed process held was recovered, the quickest first.

    Only where there was somebody to do it: otherwise it is the start of a process that takes the time.
    """
    workers = [death for death in deaths if death.role == "worker" and death.survivors]
    driven = {run: death.at for death in deaths if death.survivors for run in death.runs}
    found: list[Recovery] = []
    for record in records:
        found += [recovery for death in workers for recovery in _steps_recovered(record, death)]
        if record.id in driven:
            later = [event.at for event in record.of("resumed") if event.at > driven[record.id]]
            found += [Recovery(round(at - driven[record.id], 3), record.id) for at in later[:1]]
    return sorted(found)


def _steps_recovered(record: Record, death: Death) -> Iterator[Recovery]:
    for step in record.steps():
        story = [event for event in record.events if event.step == step]
        before = [e for e in story if e.at <= death.at and e.kind in STEP_MOVES]
        holder = before[-1].body.get("worker", "") if before else ""
        if f"-{death.pid}-" not in holder:
            continue
        later = [event.at for event in story if event.at > death.at and event.kind in STEP_MOVES]
        if later:
            yield Recovery(round(later[0] - death.at, 3), record.id, step)


STEP_MOVES = frozenset({"started", "restarted", "retrying", "returned", "finished", "failed"})
"""Events after which a step has another holder, or none."""


# Reading


async def read_records(redis: Redis, keys: Keys, runs: Sequence[str]) -> list[Record]:
    """Everything that Redis has of these runs, in their order; a run that is not there has no fields."""
    records = []
    for start in range(0, len(runs), TOGETHER):
        some = runs[start : start + TOGETHER]
        async with redis.pipeline(transaction=False) as pipe:
            for run in some:
                pipe.hgetall(keys.run(run))
                pipe.xrange(keys.events(run))
                pipe.pttl(keys.run(run))
            replies = await pipe.execute()
        for run, fields, entries, ttl in zip(some, replies[::3], replies[1::3], replies[2::3], strict=True):
            events = tuple(_happening(entry, data) for entry, data in entries)
            text = {name.decode(): value.decode() for name, value in fields.items()}
            records.append(Record(run, text, events, expires=ttl >= 0))
    return records


def _happening(entry: bytes, data: Mapping[bytes, bytes]) -> Happening:
    body = json.loads(data[b"e"])
    return Happening(entry.decode(), body["kind"], body)


async def read_leftovers(redis: Redis, keys: Keys, agents: Sequence[str]) -> Leftovers:
    """What is left on the streams and among the active runs."""
    async with redis.pipeline(transaction=False) as pipe:
        for shard in keys.shards:
            pipe.zcard(shard.active)
            pipe.zcard(shard.waiting)
            pipe.hlen(shard.people)
        for agent in agents:
            pipe.xlen(keys.tasks(agent))
            pipe.xpending_range(keys.tasks(agent), GROUP, "-", "+", MOST_PENDING)
            pipe.xrange(keys.tasks(agent))
            pipe.xlen(keys.dead(agent))
        replies = await pipe.execute()
    counts, rest = replies[: 3 * len(keys.shards)], replies[3 * len(keys.shards) :]
    taken = [(agent, about["message_id"]) for agent, several in enumerate(rest[1::4]) for about in several]
    there = {(agent, entry) for agent, entries in enumerate(rest[2::4]) for entry, _ in entries}
    return Leftovers(
        undelivered=sum(rest[::4]),
        pending=sum(message in there for message in taken),
        orphans=sum(message not in there for message in taken),
        active=sum(counts[::3]),
        counted=sum(counts[1::3]) + sum(counts[2::3]),
        dead_letters=sum(rest[3::4]),
    )
