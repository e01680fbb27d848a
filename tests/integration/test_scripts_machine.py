"""Whatever orchestrators, workers, people and an operator do, in any order: the scripts keep their promises.

Hypothesis makes up the orders: many short runs that come, wait and end, and two long ones whose steps pass through
many hands. Everything is done on a real Redis and on a model in plain Python (tests/orchestration/model.py), what is
answered is compared, and then all that is in Redis. In the end a healthy orchestrator and a healthy worker tidy up,
and every run must come to its end.

The examples are the same at every run. To look for others, for some minutes:

    python -m pytest --hypothesis-profile=long tests/integration/test_scripts_machine.py
"""

import asyncio
import json
from collections import Counter
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from agents import Agent
from orchestration import brake
from orchestration.approvals import Approvals, Proposal
from orchestration.brake import Halt
from orchestration.connections import Connections
from orchestration.errors import Halted, NotAwaiting, Overloaded, Superseded, UnknownRun
from orchestration.inbox import Delivery, Inbox
from orchestration.keys import GROUP
from orchestration.messages import (
    Answer,
    CoordinationPlan,
    Planned,
    PlanStep,
    Retrying,
    Returned,
    RunState,
    Selection,
    Sent,
    Started,
    StepMessage,
    StepResult,
    Task,
    TaskResult,
    Token,
    decode,
    encode,
)
from orchestration.records import Fenced, OwnedRun
from orchestration.settings import RunSettings
from orchestration.step_store import Claim, Claimed, StepStore
from orchestration.store import RunStore
from orchestration.streams import adding, take
from tests.orchestration.leftovers import checked_keys
from tests.orchestration.model import FINAL, Model

PLACES, WAITING = 2, 3
PLAN = CoordinationPlan(
    steps=(
        PlanStep(id="s1", agent="garden", question="What?"),
        PlanStep(id="s2", agent="garden", question="And then?", depends_on=("s1",)),
    )
)
PROPOSAL = Proposal(Selection(parts=(), threshold=0.0), PLAN)
GARDENER = Agent(name="garden", title="Gardener", description="Knows all about the garden.")
PEOPLE = st.sampled_from(["ada", "bob", "cyd"])
ORCHESTRATORS = st.sampled_from(["", "north", "south"])
WORKERS = st.sampled_from(["ann", "ben", "cat", "dan"])
STEPS = st.sampled_from(["s1", "s2"])
RECENT = st.integers(0, 3)
"""One of the latest of something: 0 is the newest."""

T = TypeVar("T")


@dataclass(frozen=True)
class Taken:
    """A message in a worker's hands, or one that was."""

    worker: str
    delivery: Delivery
    message: StepMessage


@dataclass(frozen=True)
class Hold:
    """A claim that was granted, or one that was."""

    taken: Taken
    claim: Claim

    @property
    def step(self) -> tuple[str, str]:
        return self.taken.message.run, self.taken.message.step.id


class Dying(RunStore):
    """Of a process that dies as soon as a run has ended."""

    async def begin_waiting(self, beside: str) -> None:
        """It does not come to that."""


@dataclass(frozen=True)
class Server:
    """A real Redis, and how the machines talk to it."""

    url: str
    runner: asyncio.Runner
    connections: Connections


class Coordination(RuleBasedStateMachine):
    """What both machines can do, and what must be true after everything they do."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self.server = server
        self.checked = checked_keys(server.url)
        self.keys = self.checked.__enter__()
        self.settings = RunSettings(lease_seconds=600, deadline_seconds=3600, places=PLACES, waiting=WAITING)
        self.batcher = server.connections.batcher
        self.store = RunStore(self.batcher, self.keys, self.settings)
        self.steps = StepStore(self.batcher, self.keys, self.settings)
        self.approvals = Approvals(self.batcher, self.keys, self.settings)
        self.model = Model(PLACES, WAITING)
        self.stream = self.keys.tasks("garden")
        self.names: list[str] = []
        self.owned: list[OwnedRun] = []
        self.taken: list[Taken] = []
        self.holds: list[Hold] = []
        self.pending: dict[bytes, str] = {}
        """Messages that were delivered and not acknowledged -> who has them."""
        self.sent: dict[tuple[str, str], Sent] = {}
        """Step of a run -> when it was queued last, by whoever took himself for the owner: what a message says."""
        self.attempts: Counter[tuple[str, int, str]] = Counter()
        """Step of a run under a fence -> how often it was queued."""
        self.changed: set[str] = set()
        """Runs that may have changed since the last look; no other run may have."""
        self.before: dict[str, tuple[dict[str, str], int]] = {}
        """Run -> its fields and the number of its events, as they were."""
        for stream in (self.stream, self.keys.tasks("garden", "background")):
            self.do(server.connections.streams.make_group(stream, GROUP))

    def do(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.server.runner.run(coroutine)

    def inbox(self, worker: str) -> Inbox:
        return Inbox(worker, {"garden": GARDENER}, self.server.connections, self.keys)

    # Runs

    def accept(self, person: str, orchestrator: str) -> None:
        name = f"r{len(self.names)}"
        expected = self.model.accept(name, person, orchestrator)
        task = Task(id=name, question="What?", person=person, asked_at=0.0)
        try:
            run = self.do(self.store.accept(task, orchestrator))
        except Halted:
            assert expected == "HALTED"
        except Overloaded as refusal:
            assert expected == ("YOURS" if "yours" in str(refusal) else "FULL")
        else:
            assert expected == "NEW"
            assert run is not None
            assert run.begun == self.model.runs[name].begun
            self.names.append(name)
            self.changed.add(name)
            if orchestrator:
                self.owned.append(run)

    @precondition(lambda self: self.names)
    @rule(recent=RECENT, orchestrator=ORCHESTRATORS)
    def ask_again(self, recent: int, orchestrator: str) -> None:
        """The same task, once more: it is one run, driven by one owner, who decides once."""
        name = _recent(self.names, recent)
        task = Task(id=name, question="What?", person=self.model.runs[name].person, asked_at=0.0)
        again = self.do(self.store.accept(task, orchestrator))
        assert (again is not None) == self.model.is_new_to(name, orchestrator)

    def adopt(self, name: str, orchestrator: str) -> None:
        adopted = self.do(self.store.adopt(name, orchestrator))
        assert (adopted is not None) == self.model.adopt(name, orchestrator)
        if adopted is not None:
            self.changed.add(name)
            self.owned.append(adopted)
            assert adopted.fence == self.model.runs[name].fence
            assert adopted.begun == self.model.runs[name].begun
            assert {step: one.state for step, one in adopted.record.steps.items()} == self.states(name)

    def begin(self) -> None:
        self.changed |= set(self.model.begin())
        self.do(self.store.begin_waiting(beside=""))

    def journalled(self, run: OwnedRun, change: Coroutine[Any, Any, object]) -> bool:
        """Whether an owner could change a run; only the one that holds it can."""
        name = run.task.id
        try:
            self.do(change)
        except Superseded:
            assert not self.model.owns(name, run.fence)
            return False
        assert self.model.owns(name, run.fence)
        self.model.runs[name].held = True
        self.changed.add(name)
        return True

    def hold(self, run: OwnedRun, keep: bool) -> None:
        if self.journalled(run, self.store.journal(run, {}, hold=keep)):
            self.model.runs[run.task.id].held = keep

    def decide(self, run: OwnedRun) -> None:
        """The plan is written down, with the first step queued."""
        fields: dict[str, bytes | str] = {"plan": encode(PLAN), "s1.state": "queued", "s2.state": "waiting"}
        fields["s1.sent"] = "{}.{}".format(*self.attempt(run, "s1"))
        if self.journalled(run, self.store.journal(run, fields, [Planned(run=run.task.id, plan=PLAN)])):
            self.model.decide(run.task.id, self.sent[run.task.id, "s1"])

    def attempt(self, run: OwnedRun, step: str) -> Sent:
        """An owner is about to send a step."""
        self.attempts[run.task.id, run.fence, step] += 1
        sent = Sent(run.fence, self.attempts[run.task.id, run.fence, step])
        self.sent[run.task.id, step] = sent
        return sent

    def propose(self, run: OwnedRun) -> None:
        """The plan is offered to its person, or once more."""
        expected = self.model.propose(run.task.id, run.fence)
        try:
            self.do(self.approvals.propose(run, PROPOSAL))
        except Superseded as refusal:
            assert str(refusal) == expected
        else:
            assert expected is Fenced.OK
            self.changed.add(run.task.id)

    def approve(self, name: str, person: str) -> None:
        """Somebody approves a plan as it is."""
        expected = self.model.approve(name, person)
        try:
            self.do(self.approvals.approve(name, person, PROPOSAL, edited=False))
        except UnknownRun:
            assert expected == "UNKNOWN"
        except NotAwaiting as refusal:
            words = {"ENDED": "is over", "APPROVED": "already", "EARLY": "no plan"}
            assert words[expected] in str(refusal)
        else:
            assert expected == "OK"
            self.changed.add(name)

    def queue(self, run: OwnedRun, step: str) -> None:
        sent = self.attempt(run, step)
        if self.journalled(run, self.store.queue(run, {step: sent.attempt})):
            self.model.queue(run.task.id, step, sent)

    def send(self, run: str, step: str) -> None:
        """The message of a step, or a copy of it."""
        sent = self.sent.get((run, step), Sent(1, 1))
        message = StepMessage(run=run, person="", step=PLAN.step(step), fence=sent.fence, attempt=sent.attempt)
        self.do(self.server.connections.streams.send([adding(self.stream, {"m": encode(message)})]))

    def end(self, name: str, fence: int | None, state: RunState, lives: bool = True) -> None:
        """End a run; whoever does it may die before those that wait are let in."""
        result = TaskResult(task=name, mode="council", state=state)
        expected = self.model.finish(name, fence, state)
        store = self.store if lives else Dying(self.batcher, self.keys, self.settings)
        status = self.do(store.finish(name, result, [Answer(run=name, result=result)], fence=fence))
        assert status is expected
        if status is Fenced.OK:
            self.changed |= {name, *(self.model.begin() if lives else ())}

    def silence_owner(self, name: str) -> None:
        """The hold on a run lapses."""
        if self.model.runs[name].running:
            self.do(self.batcher("HSET", self.keys.run(name), "until", 0))
            self.do(self.batcher("ZADD", self.keys.shards[0].active, 0, name))
            self.model.runs[name].held = False
            self.changed.add(name)

    def switch(self, halted: bool) -> None:
        self.do(brake.pull(self.batcher, self.keys, Halt()) if halted else brake.release(self.batcher, self.keys))
        self.model.halted = halted

    # Steps

    def receive(self, worker: str) -> bool:
        """A worker reads its next message; False when there is none."""
        reader = self.server.connections.reader()
        reply = self.do(take(reader, GROUP, worker, [self.stream], ">", 1, None))
        self.do(reader.aclose())
        return self.hands(
            worker, [Delivery(GARDENER, self.stream, entry, fields) for _, found in reply for entry, fields in found]
        )

    def recover(self, worker: str) -> bool:
        """A worker takes the oldest message that somebody holds, as if that one were dead; False when there is none."""
        found = self.do(self.inbox(worker).recover(0, 1))
        assert [one.entry for one in found] == sorted(self.pending, key=_order)[:1]
        return self.hands(worker, found)

    def hands(self, worker: str, found: list[Delivery]) -> bool:
        for delivery in found:
            self.pending[delivery.entry] = worker
            self.taken.append(Taken(worker, delivery, decode(StepMessage, delivery.fields[b"m"])))
        return bool(found)

    def claim(self, taken: Taken, alone: bool, lives: bool) -> Claimed:
        """A worker wants the step of a message that it has, or had; it may die after that."""
        run, step = taken.message.run, taken.message.step.id
        sent = taken.message.sent
        expected = self.model.claim(run, step, taken.worker, taken.delivery.entry, sent, alone)
        claim = self.do(
            self.steps.claim(
                run,
                step,
                worker=taken.worker,
                message=taken.delivery.entry,
                sent=sent,
                alone=alone,
                started=Started(run=run, step=step, agent="garden", worker=taken.worker),
            )
        )
        assert claim.status is expected
        if claim.status in (Claimed.OK, Claimed.EXHAUSTED):
            known = self.model.runs[run].steps[step]
            assert (claim.fence, claim.attempt) == (known.fence, known.attempt)
            assert claim.status is Claimed.EXHAUSTED or claim.failures == known.failures
            self.changed.add(run)
            self.holds.append(Hold(taken, claim))
        elif lives and claim.status in (Claimed.DONE, Claimed.OLD, Claimed.BUSY, Claimed.UNKNOWN):
            self.acknowledge(taken)
        elif lives and claim.status is Claimed.HALTED:
            self.do(self.inbox(taken.worker).give_back(taken.delivery))
        return claim.status

    def speak(self, hold: Hold) -> None:
        run, step = hold.step
        expected = self.model.speaks(run, step, hold.claim.fence)
        token = Token(run=run, step=step, channel="answer", text="Well, ")
        try:
            self.do(self.steps.append(run, step, hold.claim.fence, [token]))
        except Superseded as refusal:
            assert str(refusal) == expected
        else:
            assert expected is Fenced.OK
            self.changed.add(run)

    def renew(self, hold: Hold) -> None:
        run, step = hold.step
        status = self.do(self.steps.renew(run, step, hold.claim.fence))
        assert status is self.model.speaks(run, step, hold.claim.fence)
        if status is Fenced.OK:
            self.model.runs[run].steps[step].held = True
            self.changed.add(run)
        elif status is Fenced.STALE:
            self.absolve(hold)

    def release(self, hold: Hold, state: Literal["queued", "retrying"], lives: bool) -> None:
        run, step = hold.step
        event = (
            Returned(run=run, step=step, agent="garden", reason="It leaves.")
            if state == "queued"
            else Retrying(run=run, step=step, agent="garden", reason="It failed.", seconds=0.5)
        )
        expected = self.model.release(run, step, hold.claim.fence, state)
        status = self.do(self.steps.release(run, step, hold.claim.fence, state, 0.5, event, []))
        assert status is expected
        if status is Fenced.OK:
            self.changed.add(run)
        if lives and status is Fenced.STALE:
            self.absolve(hold)
        elif lives and state == "queued":
            self.do(self.inbox(hold.taken.worker).give_back(hold.taken.delivery))
        elif lives:
            self.acknowledge(hold.taken)

    def commit(self, hold: Hold, state: Literal["answered", "nothing_found", "failed"], lives: bool) -> None:
        run, step = hold.step
        result = StepResult(step=step, agent="garden", question="What?", state=state)
        expected = self.model.commit(run, step, hold.claim.fence, state)
        message = self.inbox(hold.taken.worker).with_result(
            hold.taken.delivery, "failed" if state == "failed" else "ok"
        )
        assert self.do(self.steps.commit(run, result, [], hold.claim.fence, [], message)) is expected
        if expected is Fenced.OK:
            self.changed.add(run)
        if message is not None and expected is not Fenced.STALE:
            self.pending.pop(hold.taken.delivery.entry, None)
        if lives and expected is Fenced.STALE:
            self.absolve(hold)
        elif lives and message is None:
            self.acknowledge(hold.taken)

    def absolve(self, hold: Hold) -> None:
        run, step = hold.step
        self.do(self.steps.absolve(run, step, hold.claim.fence))
        self.model.absolve(run, step, hold.claim.fence)
        self.changed.add(run)

    def acknowledge(self, taken: Taken) -> None:
        self.do(self.inbox(taken.worker).done(taken.delivery))
        self.pending.pop(taken.delivery.entry, None)

    def silence_worker(self, run: str, step: str) -> None:
        """The hold on a step lapses."""
        if self.model.runs[run].running:
            self.do(self.batcher("HSET", self.keys.run(run), f"{step}.until", 0))
            self.model.runs[run].steps[step].held = False
            self.changed.add(run)

    # What has to be true after every step

    @invariant()
    def redis_is_as_it_should_be(self) -> None:
        names = list(self.model.runs)
        found = self.do(self.found(names))
        runs = dict(zip(names, found[7:], strict=True))
        self.the_system_agrees_with_its_runs(found[:7], {name: fields for name, (fields, _, _, _) in runs.items()})
        for name, (fields, events, ttl, events_ttl) in runs.items():
            self.a_run_is_as_expected(name, fields, events)
            assert (ttl > 0, events_ttl > 0) == ((False, False) if self.model.runs[name].running else (True, True))
            was, told = self.before.get(name, (fields, 0))
            assert name in self.changed or (fields, len(events)) == (was, told), f"{name} changed"
            assert all(int(fields[field]) >= int(value) for field, value in was.items() if field.endswith("fence"))
            self.before[name] = fields, len(events)
        self.changed = set()

    async def found(self, names: list[str]) -> list[Any]:
        """The state of the system, then each run with its events and both times to live."""
        k, ask = self.keys, self.batcher

        async def run(name: str) -> tuple[dict[str, str], list[Any], int, int]:
            fields, entries, ttl, events_ttl = await asyncio.gather(
                ask("HGETALL", k.run(name)),
                ask("XRANGE", k.events(name), "-", "+"),
                ask("TTL", k.run(name)),
                ask("TTL", k.events(name)),
            )
            text = {field.decode(): value.decode() for field, value in fields.items()}
            return text, [json.loads(entry[b"e"]) for _, entry in entries], ttl, events_ttl

        return await asyncio.gather(
            ask("ZRANGE", k.shards[0].active, 0, -1, "WITHSCORES"),
            ask("ZRANGE", k.shards[0].waiting, 0, -1, "WITHSCORES"),
            ask("HGETALL", k.shards[0].people),
            ask("HGETALL", k.shards[0].turns),
            ask("EXISTS", k.shards[0].halted),
            self.server.connections.commands.xpending_range(self.stream, GROUP, "-", "+", 1000),
            ask("ZRANGE", k.shards[0].awaiting, 0, -1),
            *map(run, names),
        )

    def the_system_agrees_with_its_runs(self, found: list[Any], runs: dict[str, dict[str, str]]) -> None:
        active, waiting, people, turns, halted, pending, awaiting = found
        model, unfinished = self.model, self.model.unfinished()
        assert {name.decode(): int(at) for name, at in active} == {n: int(runs[n]["until"]) for n in unfinished}
        assert {name.decode() for name in awaiting} == set(model.awaiting())
        assert [name.decode() for name, _ in waiting] == model.in_line()
        assert [int(turn) for _, turn in waiting] == [model.runs[name].turn for name in model.in_line()]
        assert sum(run.begun for run in unfinished.values()) <= PLACES
        assert {person.decode(): int(count) for person, count in people.items()} == model.people()
        assert max(model.people().values(), default=0) <= (PLACES + WAITING) // 2
        known = {person.decode().removeprefix(":"): int(turn) for person, turn in turns.items()}
        assert known.pop("", 0) == model.last_turn
        assert known == model.turns
        assert set(known) == set(model.people())
        assert bool(halted) == model.halted
        assert {one["message_id"]: one["consumer"].decode() for one in pending} == self.pending

    def a_run_is_as_expected(self, name: str, fields: dict[str, str], events: list[Any]) -> None:
        run = self.model.runs[name]
        assert fields["state"] == run.state
        assert int(fields["fence"]) == run.fence
        assert (fields["begun"] != "0") == run.begun
        kinds = [event["kind"] for event in events]
        assert kinds.count("accepted") == 1
        assert kinds.count("answer") == (0 if run.running else 1)
        assert run.running or kinds[-1] == "answer"
        assert kinds.count("approved") == run.approved
        assert kinds.count("proposed") == (run.awaiting or run.approved)
        assert ("left" in fields) == run.awaiting
        for step, known in run.steps.items():
            seen = {what: fields.get(f"{step}.{what}", "0") for what in ("fence", "attempt", "failures", "deaths")}
            assert fields[f"{step}.state"] == known.state
            assert {what: int(value) for what, value in seen.items()} == {
                "fence": known.fence,
                "attempt": known.attempt,
                "failures": known.failures,
                "deaths": len(known.suspects),
            }
            ends = [event for event in events if event.get("step") == step and event["kind"] in ("finished", "failed")]
            assert len(ends) == (1 if known.state in FINAL else 0)
            assert (f"{step}.result" in fields) == (known.state in FINAL)

    def states(self, run: str) -> dict[str, str]:
        return {name: step.state for name, step in self.model.runs[run].steps.items()}

    # The end: a healthy orchestrator and a healthy worker find what everybody else left

    def teardown(self) -> None:
        try:
            self.switch(halted=False)
            while unfinished := list(self.model.unfinished()):
                self.begin()
                for name in unfinished:
                    self.complete(name)
            self.work()
            self.redis_is_as_it_should_be()
            assert not self.pending
            assert self.do(self.batcher("XLEN", self.stream)) == 0
        finally:
            self.checked.__exit__(None, None, None)

    def complete(self, name: str) -> None:
        """Adopt a run and lead it to its end when its turn has come, as an orchestrator does.

        A plan that is offered is approved first.
        """
        if self.model.runs[name].awaiting:
            self.approve(name, self.model.runs[name].person)
        if not self.model.runs[name].begun:
            return
        self.silence_owner(name)
        self.adopt(name, "last")
        run = self.owned[-1]
        if run.plan is None:
            self.decide(run)
        for step in ("s1", "s2"):
            while self.states(name)[step] not in FINAL:
                self.queue(run, step)
                self.silence_worker(name, step)
                self.send(name, step)
                self.work()
        self.end(name, run.fence, "answered")

    def work(self) -> None:
        """Do all that lies on the stream, as a worker does."""
        for more in (self.recover, self.receive):
            while more("last"):
                status = self.claim(self.taken[-1], alone=True, lives=True)
                if status in (Claimed.OK, Claimed.EXHAUSTED):
                    self.commit(self.holds[-1], "failed" if status is Claimed.EXHAUSTED else "answered", lives=True)


class Coming(Coordination):
    """Many people ask; orchestrators come and go."""

    @rule(person=PEOPLE, orchestrator=ORCHESTRATORS)
    def ask(self, person: str, orchestrator: str) -> None:
        """In a process that drives runs, or one that only hands them in."""
        self.accept(person, orchestrator)

    @precondition(lambda self: self.names)
    @rule(recent=RECENT, lives=st.booleans())
    def stop(self, recent: int, lives: bool) -> None:
        """Whoever asked may end it, whoever owns it."""
        self.end(_recent(self.names, recent), None, "cancelled", lives)

    @precondition(lambda self: self.owned)
    @rule(recent=RECENT, state=st.sampled_from(["answered", "expired"]), lives=st.booleans())
    def finish(self, recent: int, state: RunState, lives: bool) -> None:
        """Its owner ends it, or one that has been its owner."""
        run = _recent(self.owned, recent)
        self.end(run.task.id, run.fence, state, lives)

    @precondition(lambda self: self.model.in_line())
    @rule(person=PEOPLE, orchestrator=ORCHESTRATORS)
    def ask_in_between(self, person: str, orchestrator: str) -> None:
        """A run has ended, and those that wait do not know it yet."""
        at_work = [name for name, run in self.model.unfinished().items() if run.begun]
        if at_work:
            self.end(at_work[0], None, "cancelled", lives=False)
        self.accept(person, orchestrator)

    @precondition(lambda self: self.names)
    @rule(recent=RECENT, silent=st.booleans())
    def take_over(self, recent: int, silent: bool) -> None:
        """Another orchestrator looks for runs that nobody holds."""
        name = _recent(self.names, recent)
        if silent:
            self.silence_owner(name)
        self.adopt(name, "south")

    @precondition(lambda self: self.owned)
    @rule(recent=RECENT, keep=st.booleans())
    def hold_on(self, recent: int, keep: bool) -> None:
        """An owner renews its hold, or leaves in good order."""
        self.hold(_recent(self.owned, recent), keep)

    @rule()
    def look(self) -> None:
        """An owner of a run that waits looks whether it may begin."""
        self.begin()

    @precondition(lambda self: self.owned)
    @rule(recent=RECENT, lives=st.booleans())
    def offer(self, recent: int, lives: bool) -> None:
        """An owner, or one that was, offers the plan; it may die before it has let anybody in."""
        self.propose(_recent(self.owned, recent))
        if lives:
            self.begin()

    @precondition(lambda self: self.names)
    @rule(recent=RECENT, person=PEOPLE, lives=st.booleans())
    def agree(self, recent: int, person: str, lives: bool) -> None:
        """Somebody approves a plan, whoever's it is, early, late or twice."""
        self.approve(_recent(self.names, recent), person)
        if lives:
            self.begin()

    @precondition(lambda self: self.model.awaiting())
    @rule()
    def agree_in_time(self) -> None:
        """The person approves a plan that is offered."""
        name = self.model.awaiting()[0]
        self.approve(name, self.model.runs[name].person)

    @rule(halted=st.sampled_from([False, False, True]))
    def order(self, halted: bool) -> None:
        """The operator stops all agents, or lets them work."""
        self.switch(halted)


class Working(Coordination):
    """Two runs whose steps pass through many hands; orchestrators and workers die, come back, and do not know it."""

    @initialize()
    def two_runs(self) -> None:
        for person in ("ada", "bob"):
            self.accept(person, "north")
            self.decide(self.owned[-1])
            self.send(self.owned[-1].task.id, "s1")
            self.receive("ann")

    @rule(recent=RECENT, worker=WORKERS, alone=st.booleans(), lives=st.booleans())
    def work_on(self, recent: int, worker: str, alone: bool, lives: bool) -> None:
        """A worker wants a step whose message it has, or has recovered, or once had."""
        taken = _recent(self.taken, recent)
        self.claim(Taken(worker, taken.delivery, taken.message), alone, lives)

    @precondition(lambda self: self.holds)
    @rule(worker=WORKERS, alone=st.booleans())
    def succeed(self, worker: str, alone: bool) -> None:
        """A worker has recovered the message of the one that claimed last."""
        taken = self.holds[-1].taken
        self.claim(Taken(worker, taken.delivery, taken.message), alone, lives=False)

    @precondition(lambda self: self.holds)
    @rule(worker=WORKERS, lives=st.booleans())
    def meet(self, worker: str, lives: bool) -> None:
        """A worker finds a second message of the step that was claimed last."""
        self.send(*self.holds[-1].step)
        if self.receive(worker):
            self.claim(self.taken[-1], alone=False, lives=lives)

    @rule(worker=WORKERS)
    def read(self, worker: str) -> None:
        """A worker reads a new message."""
        self.receive(worker)

    @rule(worker=WORKERS)
    def look(self, worker: str) -> None:
        """A worker looks for messages that somebody dead has."""
        self.recover(worker)

    @precondition(lambda self: self.holds)
    @rule(recent=RECENT)
    def tell(self, recent: int) -> None:
        """A worker tells how its work goes on."""
        self.speak(_recent(self.holds, recent))

    @precondition(lambda self: self.holds)
    @rule(recent=RECENT)
    def hold_on(self, recent: int) -> None:
        """A worker says that it lives; one that is told that it does not count any more is absolved."""
        self.renew(_recent(self.holds, recent))

    @precondition(lambda self: self.holds)
    @rule(recent=RECENT, state=st.sampled_from(["queued", "retrying"]), lives=st.booleans())
    def stop_working(self, recent: int, state: Literal["queued", "retrying"], lives: bool) -> None:
        """A worker gives a step back, or its attempt failed."""
        self.release(_recent(self.holds, recent), state, lives)

    @precondition(lambda self: self.holds)
    @rule(recent=RECENT, state=st.sampled_from(FINAL), lives=st.booleans())
    def deliver(self, recent: int, state: Literal["answered", "nothing_found", "failed"], lives: bool) -> None:
        """A worker has a result."""
        self.commit(_recent(self.holds, recent), state, lives)

    @precondition(lambda self: self.holds)
    @rule(recent=RECENT)
    def fall_silent(self, recent: int) -> None:
        """A worker was not heard of for too long."""
        self.silence_worker(*_recent(self.holds, recent).step)

    @rule(recent=RECENT, step=STEPS, sends=st.booleans(), worker=WORKERS)
    def dispatch(self, recent: int, step: str, sends: bool, worker: str) -> None:
        """An owner, or one that was, thinks that it is time for a step; it may die before it has sent it."""
        run = _recent(self.owned, recent)
        self.queue(run, step)
        if sends:
            self.send(run.task.id, step)
            self.receive(worker)

    @rule(recent=RECENT)
    def take_over(self, recent: int) -> None:
        """Another orchestrator finds that nobody holds a run."""
        name = _recent(self.names, recent)
        self.silence_owner(name)
        if self.model.runs[name].running:
            self.adopt(name, "south")

    @precondition(lambda self: len(self.model.unfinished()) > 1)
    @rule(recent=RECENT)
    def stop(self, recent: int) -> None:
        """Somebody stops one of them."""
        self.end(_recent(self.names, recent), None, "cancelled")

    @rule(halted=st.sampled_from([False, False, True]))
    def order(self, halted: bool) -> None:
        """The operator stops all agents, or lets them work."""
        self.switch(halted)


def _order(entry: bytes) -> tuple[int, ...]:
    return tuple(int(part) for part in entry.split(b"-"))


def _recent(found: Sequence[T], recent: int) -> T:
    return found[-1 - recent % len(found)]


@pytest.fixture
def server(redis_url: str) -> Iterator[Server]:
    """One loop and one connection for all examples."""
    with asyncio.Runner() as runner:

        async def connect() -> Connections:
            return Connections(redis_url)

        connections = runner.run(connect())
        yield Server(redis_url, runner, connections)
        runner.run(connections.close())


@pytest.mark.parametrize("machine", [Coming, Working])
def test_the_scripts_keep_their_promises(server: Server, machine: type[Coordination]) -> None:
    """Some dozen orders of some dozen steps each."""
    most = settings().max_examples
    example: Any = partial(machine, server)
    run_state_machine_as_test(example, settings=settings(max_examples=most // 3))
