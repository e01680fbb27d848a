"""What an experiment found, in figures."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

MOST_ACCEPTED = 0.95
"""So many tasks must get through to say anything about what becomes of them."""


@dataclass(frozen=True)
class Report:
    """All figures count; `good` says whether every promise was kept."""

    seed: int
    topology: str
    replicas: int
    """So many had to have what counts as done."""
    fsync: bool
    """On their disks, and on the master's."""
    server: str
    submitted: int
    planned_kills: int
    stalled: bool
    """Nothing ended for so long that the rest was not handed in."""
    accepted: int
    """Tasks that were taken in, whether or not whoever handed them in heard of it."""
    ended: Mapping[str, int]
    """Accepted runs by the state they ended in."""
    lost: int
    """Accepted runs without an end."""
    double_commits: int
    """Steps and runs that ended more than once."""
    disagreements: int
    """Places where hash, events and answer do not say the same."""
    undelivered: int
    pending: int
    active: int
    counted: int
    """Messages, runs and entries of the waiting list that were left over when everything should have ended."""
    orphans: int
    """Deleted messages that still count as being worked on; workers tidy them up once a minute."""
    crashes: int
    """Processes that ended by themselves though nobody meant them to."""
    kills: Mapping[str, int]
    failovers: int
    """Masters that were killed besides, and from which another server took over."""
    poisoned: int
    """Workers that a step killed."""
    stops: int
    """Processes that were stopped for longer than a lease."""
    leaves: int
    cuts: int
    delays: int
    lost_replies: int
    duplicates: int
    garbage: int
    vanished: int
    """Messages that were deleted before their work was done."""
    poison: int
    """Accepted tasks with a step that kills its worker."""
    takeovers: int
    restarts: int
    retries: int
    resends: int
    dead_letters: int
    innocent_failures: int
    """Steps that failed though nothing was wrong with them: too many of their workers were killed."""
    recovery_seconds: Mapping[str, float] = field(default_factory=dict)
    """From a kill until somebody went on with what the dead process held: p50 and max."""
    seconds: float = 0.0
    """From the first task to the end of the last run."""
    throughput: float = 0.0
    """Ended runs each second."""
    evidence: str = ""
    """A folder with everything that is known, when something is wrong or it was asked for."""

    @property
    def good(self) -> bool:
        """The experiment took place, and nothing was lost or done twice, everything ended and nothing was left over."""
        took_place = not self.stalled and sum(self.kills.values()) >= self.planned_kills
        took_place &= self.failovers > 0 or self.topology == "single"
        took_place &= self.accepted >= MOST_ACCEPTED * self.submitted
        wrong = self.lost + self.double_commits + self.disagreements
        left = self.undelivered + self.pending + self.active + self.counted + self.crashes
        return took_place and not wrong and not left and sum(self.ended.values()) == self.accepted

    def as_json(self) -> str:
        return json.dumps({**asdict(self), "good": self.good})

    def table(self) -> str:
        """For people."""
        rows = [(name.replace("_", " "), _text(value)) for name, value in asdict(self).items() if value != ""]
        return "\n".join(f"{name:20}{value}" for name, value in [*rows, ("good", "yes" if self.good else "NO")])


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(number)}" for name, number in value.items()) or "-"
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
