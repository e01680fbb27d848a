"""Which faults happen, and after how many tasks: a pure function of a seed."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Fault(StrEnum):
    """Something that goes wrong."""

    KILL_WORKER = "kill a worker"
    KILL_ORCHESTRATOR = "kill an orchestrator"
    KILL_SERVER = "kill Redis"
    FREEZE = "stop a process for longer than its lease"
    LEAVE = "end a process in good order"
    CUT = "cut a process's connections"
    DELAY = "delay a process's connections"
    DROP_REPLY = "lose a reply"
    DUPLICATE = "send a message again"
    GARBAGE = "send a message nobody can read"
    FAIL_OVER = "kill a master that another server takes over from"
    VANISH = "delete a message before its work is done"


KILLS = (Fault.KILL_WORKER, Fault.KILL_ORCHESTRATOR, Fault.KILL_SERVER)


@dataclass(frozen=True)
class Due:
    """A fault and the number of tasks after which it happens."""

    after: int
    fault: Fault


def counts(tasks: int, kills: int) -> Mapping[Fault, int]:
    """How many faults of each kind; of the kills about an eighth hits Redis and a quarter orchestrators."""
    servers = min(kills, max(1, kills // 8))
    orchestrators = min(kills - servers, max(1, kills // 4))
    return {
        Fault.KILL_WORKER: kills - servers - orchestrators,
        Fault.KILL_ORCHESTRATOR: orchestrators,
        Fault.KILL_SERVER: servers,
        Fault.FREEZE: max(1, kills // 4),
        Fault.LEAVE: max(1, kills // 8),
        Fault.CUT: kills,
        Fault.DELAY: max(1, kills // 2),
        Fault.DROP_REPLY: 2 * kills,
        Fault.DUPLICATE: max(1, tasks // 20),
        Fault.GARBAGE: max(1, tasks // 50),
        Fault.VANISH: max(1, tasks // 50),
    }


def make_schedule(tasks: int, kills: int, random: Random) -> list[Due]:
    """Spread over the tasks, but for the first and the last few: the end must be reached under load as well."""
    kinds = [fault for fault, count in counts(tasks, kills).items() for _ in range(count)]
    return sorted((Due(random.randint(tasks // 20, tasks), fault) for fault in kinds), key=lambda due: due.after)
