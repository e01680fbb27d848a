"""Every Redis key, group and channel is named here and nowhere else.

The keys of all runs of one shard share one hash tag, so that one script may touch them together, and so do those of all
documents; an agent's keys have its own. What shares a tag lies on one server of a cluster.
"""

from urllib.parse import quote
from zlib import crc32

from orchestration.messages import MAJOR, Priority

PREFIX = "roundtable"
GROUP = "workers"
OF_RUNS = ""
"""Stands where an agent's name does for what concerns runs and no agent."""


class Shard:
    """Key names of the runs that are kept together, and of what is said about all of those."""

    def __init__(self, prefix: str, tag: str) -> None:
        self._runs = f"{prefix}:{{{tag}}}"
        runs = self._runs
        self.active = f"{runs}:active"
        """Sorted set: unfinished run -> until when (server ms) its owner holds it; 0 while nobody does."""
        self.waiting = f"{runs}:waiting"
        """Sorted set: run that has not begun -> its turn; fairness between people decides it."""
        self.awaiting = f"{runs}:awaiting"
        """Sorted set: run that awaits its person's approval -> until when (server ms); it holds no place."""
        self.people = f"{runs}:people"
        """Hash: person -> number of unfinished runs."""
        self.turns = f"{runs}:turns"
        """Hash: person -> turn of the newest run, and under "" the turn that began last."""
        self.pace = f"{runs}:pace"
        """List: how long (ms) the latest runs took, newest first."""
        self.halted = f"{runs}:halted"
        """String: JSON of who stopped all agents, when and why; absent while they work."""
        self.alarm = f"{runs}:alarm"
        """Hash: tasks, selections and plans that were forged lately."""
        self.probe = f"{runs}:probe"
        """String: a dot where writes are waited for (durability.py); else never there, for what is written is empty."""
        self.absent = f"{runs}:absent"
        """Never there. A script that finds names of further keys has it among its own, so a cluster refuses it while
        the slot moves, when some of those are there no more, or not yet.
        """
        self.looked = f"{runs}:looked"
        """String: when (server ms) an orchestrator last looked for runs without an owner."""
        self.ended = f"{runs}:ended"
        """Stream: runs that ended, and conversations that were deleted, until every history has gone past them."""
        self.histories = f"{runs}:histories"
        """Hash: history -> the entry of `ended` that it has gone past, and when (server ms) it was last heard of."""

    def run(self, run: str) -> str:
        """Hash: everything about a run, its steps included. Without an id it is what all these keys begin with."""
        return f"{self._runs}:run:{run}"

    def events(self, run: str) -> str:
        """Stream: what can be watched of a run."""
        return f"{self._runs}:run:{run}:events"

    def conversation(self, person: str, conversation: str) -> str:
        """List: the runs of one chat thread that are kept here, in order."""
        return f"{self._runs}:conversation:{quote(person, safe='')}:{conversation}"


def probe_beside(key: str) -> str:
    """The probe at the same server as a key: a shard's, or as such a one."""
    beginning, tagged, _ = key.partition("}")
    if tagged:
        return f"{beginning}}}:probe"
    prefix, _, _ = key.rpartition(":")
    return f"{prefix}:{{{key}}}:probe"


class Keys:
    """Key names under one prefix; a test or a second installation on the same server takes another."""

    def __init__(self, prefix: str = PREFIX, shards: int = 1) -> None:
        self.prefix = prefix
        tags = ["run"] if shards == 1 else [f"run:{number}" for number in range(shards)]
        self.shards = tuple(Shard(prefix, tag) for tag in tags)
        self.layout = f"{prefix}:shards"
        """String: among how many shards the runs are divided, once and for all."""
        self.probes = f"{prefix}:{{[0-9]*}}:probe"
        """Pattern: what is written to, as to a shard's probe, at a server of a cluster that has no shard."""
        self.hints = f"{prefix}:hints"
        """Pub/sub channel: something urgent happened. Of what run it was is not said: workers of all agents listen, and
        whoever knows the id of a run can read it.
        """
        self.presence = f"{prefix}:{{presence}}:processes"
        """Hash: process id -> JSON of what it is and does."""
        self.seen = f"{prefix}:{{presence}}:seen"
        """Sorted set: process id -> when (server ms) it was last heard of."""
        self.record = f"{prefix}:{{knowledge}}:record"
        """Hash: id of the record of all documents, its generation, and what it took over from earlier ones."""
        self.shelves = f"{prefix}:{{knowledge}}:shelves"
        """Sorted set: shelf (base/person) -> the record's generation at its latest change."""
        self.documents = f"{prefix}:{{knowledge}}:document:"
        """Begins the key of each document's files; itself it is never there, as a shard's `absent`."""

    def shard(self, run: str) -> Shard:
        """Where a run is kept; its id decides that."""
        return self.shards[crc32(run.encode()) % len(self.shards)]

    def run(self, run: str) -> str:
        """Hash: everything about a run, its steps included."""
        return self.shard(run).run(run)

    def events(self, run: str) -> str:
        """Stream: what can be watched of a run."""
        return self.shard(run).events(run)

    def tasks(self, agent: str, priority: Priority = "interactive") -> str:
        """Stream: steps on their way to an agent. A program reads only what its own major version wrote."""
        stream = f"{self.prefix}:{{agent:{agent}}}:tasks:{MAJOR}"
        return stream if priority == "interactive" else f"{stream}:{priority}"

    def dead(self, agent: str) -> str:
        """Stream: messages that no worker could take, with the reason."""
        return f"{self.prefix}:{{agent:{agent}}}:dead"

    def breaker(self, agent: str) -> str:
        """Hash: an agent's failures in a row, and until when (server ms) it is left out; absent while it does well."""
        return f"{self.prefix}:{{agent:{agent}}}:breaker"

    def alarm(self, agent: str) -> str:
        """Hash: messages for an agent, or in its name, that were forged lately; absent while there are none.
        Those OF_RUNS are tasks, selections and plans.
        """
        return f"{self.prefix}:{{agent:{agent}}}:alarm" if agent else self.shards[0].alarm

    def shelf(self, base: str, person: str) -> str:
        """Hash: a document's name -> generation, upload and entry. The team's shelf is nobody's."""
        return f"{self.prefix}:{{knowledge}}:shelf:{base}:{quote(person, safe='')}"

    def unwanted(self, base: str) -> str:
        """Set: names of the catalog's documents that people took out of a base."""
        return f"{self.prefix}:{{knowledge}}:unwanted:{base}"

    def document(self, upload: str) -> str:
        """Hash: the parts of a document's files."""
        return f"{self.documents}{upload}"
