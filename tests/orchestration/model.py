"""What the scripts have to do, in plain Python: no clock, no Redis, one dictionary of runs.

Time is only "held" or "lapsed": leases last for hours in the tests that use this, and are set back by hand.
"""

from dataclasses import dataclass, field
from typing import Literal

from orchestration.messages import Sent
from orchestration.records import Fenced
from orchestration.step_store import ALONE_AFTER, MOST_DEATHS, Claimed

Admission = Literal["NEW", "HALTED", "FULL", "YOURS"]
Approval = Literal["OK", "UNKNOWN", "ENDED", "APPROVED", "EARLY"]

FINAL = ("answered", "nothing_found", "failed")

NEVER = Sent(0, 0)


@dataclass
class Step:
    """One step of a run."""

    state: str
    fence: int = 0
    attempt: int = 0
    worker: str = ""
    entry: bytes = b""
    held: bool = False
    failures: int = 0
    suspects: set[int] = field(default_factory=set)
    """Fences under which a worker was taken for dead and did not show that it lives."""
    sent: Sent = NEVER
    """When its owner sent it last."""


@dataclass
class Run:
    """One run."""

    person: str
    owner: str
    fence: int
    held: bool
    begun: bool
    turn: int
    state: str = "running"
    awaiting: bool = False
    """Its plan is offered to its person."""
    approved: bool = False
    steps: dict[str, Step] = field(default_factory=dict)

    @property
    def running(self) -> bool:
        return self.state == "running"


@dataclass
class Model:
    """The whole system."""

    places: int
    waiting: int
    runs: dict[str, Run] = field(default_factory=dict)
    turns: dict[str, int] = field(default_factory=dict)
    """Person -> turn of the newest run, while the person has one."""
    last_turn: int = 0
    halted: bool = False

    def unfinished(self) -> dict[str, Run]:
        return {name: run for name, run in self.runs.items() if run.running}

    def in_line(self) -> list[str]:
        """Runs that wait, in the order in which they have to begin."""
        line = [(run.turn, name) for name, run in self.unfinished().items() if not run.begun and not run.awaiting]
        return [name for _, name in sorted(line)]

    def awaiting(self) -> list[str]:
        """Runs whose plan nobody has approved yet."""
        return [name for name, run in self.unfinished().items() if run.awaiting]

    def occupying(self) -> int:
        """Runs that have a place, or wait for one."""
        return len(self.unfinished()) - len(self.awaiting())

    def people(self) -> dict[str, int]:
        """Person -> unfinished runs."""
        persons = [run.person for run in self.unfinished().values()]
        return {person: persons.count(person) for person in persons}

    # Runs

    def accept(self, name: str, person: str, owner: str) -> Admission:
        """Take a run in when there is a place."""
        unfinished, most = self.occupying(), self.places + self.waiting
        mine = self.people().get(person, 0)
        if self.halted:
            return "HALTED"
        if unfinished >= most:
            return "FULL"
        if mine and mine >= most // 2:
            return "YOURS"
        line = self.in_line()
        begun = not line and unfinished < self.places
        turn = max(self.last_turn, self.turns.get(person, 0)) + 1
        self.turns[person] = turn
        if begun:
            self.last_turn = max(self.last_turn, turn - 1)
        self.runs[name] = Run(person, owner, 1 if owner else 0, bool(owner), begun, turn)
        return "NEW"

    def begin(self) -> list[str]:
        """Runs whose turn has come."""
        line = self.in_line()
        free = self.places - (self.occupying() - len(line))
        begun = line[: max(0, free)]
        for name in begun:
            self.runs[name].begun = True
            self.last_turn = self.runs[name].turn
        return begun

    def propose(self, name: str, fence: int) -> Fenced:
        """Offer the plan; the run is nobody's then, and its place is free."""
        run = self.runs[name]
        if not run.running:
            return Fenced.ENDED
        if run.fence != fence or run.approved:
            return Fenced.STALE
        run.awaiting, run.begun, run.owner, run.held = True, False, "", True
        return Fenced.OK

    def approve(self, name: str, person: str) -> Approval:
        """The plan may run: the first step is ready, and the run gets a turn as if it were asked now."""
        run = self.runs[name]
        if run.person != person:
            return "UNKNOWN"
        if not run.running:
            return "ENDED"
        if not run.awaiting:
            return "APPROVED" if run.approved else "EARLY"
        run.awaiting, run.approved, run.owner, run.held = False, True, "", False
        run.fence += 1
        run.turn = max(self.last_turn, self.turns[person]) + 1
        self.turns[person] = run.turn
        run.steps = {"s1": Step("waiting"), "s2": Step("waiting")}
        return "OK"

    def is_new_to(self, name: str, owner: str) -> bool:
        """Whether its owner knows nothing of it yet: the reply that told it so may have been lost."""
        run = self.runs[name]
        new = not run.steps and not run.awaiting
        return run.running and run.owner == owner and run.fence == 1 and new

    def adopt(self, name: str, owner: str) -> bool:
        """Whether this owner owns the run now; who holds it already is told so once more."""
        run = self.runs[name]
        if not run.running or (run.held and run.owner != owner):
            return False
        if run.held:
            return True
        run.owner = owner
        run.fence += 1
        run.held = True
        return True

    def owns(self, name: str, fence: int) -> bool:
        """Whether this owner still decides about the run; nobody does while its plan is offered."""
        run = self.runs[name]
        return run.running and run.fence == fence and run.owner != ""

    def decide(self, name: str, sent: Sent) -> None:
        """The plan: the second step waits for the first."""
        self.runs[name].steps = {"s1": Step("queued", sent=sent), "s2": Step("waiting")}

    def queue(self, name: str, step: str, sent: Sent) -> None:
        """A step is to be sent, unless somebody has it or it has a result; older messages count no more then."""
        one = self.runs[name].steps[step]
        if one.state not in FINAL and not (one.state == "running" and one.held):
            one.sent = sent
        if one.state in ("waiting", "retrying"):
            one.state = "queued"

    def finish(self, name: str, fence: int | None, state: str) -> Fenced:
        """End a run; who ended it so already is told so once more."""
        run = self.runs[name]
        if not run.running:
            return Fenced.OK if (run.fence, run.state) == (fence, state) else Fenced.ENDED
        if fence is not None and run.fence != fence:
            return Fenced.STALE
        run.state = state
        if run.person not in self.people():
            del self.turns[run.person]
        return Fenced.OK

    # Steps

    def claim(self, name: str, step: str, worker: str, entry: bytes, sent: Sent, alone: bool) -> Claimed:
        """A worker wants a step."""
        run = self.runs.get(name)
        one = run.steps.get(step) if run else None
        if run is None or one is None:
            return Claimed.UNKNOWN
        if not run.running or one.state not in ("queued", "running"):
            return Claimed.DONE
        if sent < one.sent:
            return Claimed.OLD
        if one.state == "running" and one.entry != entry and one.held:
            return Claimed.BUSY
        if self.halted:
            return Claimed.HALTED
        suspects = one.suspects | ({one.fence} if one.state == "running" and one.worker != worker else set())
        if ALONE_AFTER <= len(suspects) < MOST_DEATHS and not alone:
            return Claimed.ALONE
        one.suspects = suspects
        one.state, one.worker, one.entry, one.held = "running", worker, entry, True
        one.fence += 1
        one.attempt += 1
        return Claimed.EXHAUSTED if len(suspects) >= MOST_DEATHS else Claimed.OK

    def speaks(self, name: str, step: str, fence: int) -> Fenced:
        """What a worker hears that appends, renews or releases."""
        run = self.runs[name]
        one = run.steps[step]
        if not run.running:
            return Fenced.ENDED
        return Fenced.OK if one.state == "running" and one.fence == fence else Fenced.STALE

    def release(self, name: str, step: str, fence: int, state: str) -> Fenced:
        """A worker lets go of a step."""
        status = self.speaks(name, step, fence)
        if status is Fenced.OK:
            one = self.runs[name].steps[step]
            one.state = state
            one.failures += state == "retrying"
        return status

    def commit(self, name: str, step: str, fence: int, state: str) -> Fenced:
        """A worker has a result."""
        run = self.runs[name]
        one = run.steps[step]
        if run.running and one.state == "queued":
            return Fenced.STALE
        if run.running and one.state != "running":
            return Fenced.DONE
        status = self.speaks(name, step, fence)
        if status is Fenced.OK:
            one.state = state
        return status

    def absolve(self, name: str, step: str, fence: int) -> None:
        """A worker that was taken for dead lives."""
        self.runs[name].steps[step].suspects.discard(fence)
