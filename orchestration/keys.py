"""Every Redis key, group and channel is named here and nowhere else.

The keys of all runs share one hash tag, so that one script may touch them together, and so do those of all documents;
an agent's keys have its own.
"""

from urllib.parse import quote

from orchestration.messages import MAJOR

PREFIX = "roundtable"
GROUP = "workers"


class Keys:
    """Key names under one prefix; a test or a second installation on the same server takes another."""

    def __init__(self, prefix: str = PREFIX) -> None:
        self.prefix = prefix
        self.active = f"{prefix}:{{run}}:active"
        """Sorted set: unfinished run -> until when (server ms) its owner holds it; 0 while nobody does."""
        self.waiting = f"{prefix}:{{run}}:waiting"
        """Sorted set: run that has not begun -> its turn; fairness between people decides it."""
        self.awaiting = f"{prefix}:{{run}}:awaiting"
        """Sorted set: run that awaits its person's approval -> until when (server ms); it holds no place."""
        self.people = f"{prefix}:{{run}}:people"
        """Hash: person -> number of unfinished runs."""
        self.turns = f"{prefix}:{{run}}:turns"
        """Hash: person -> turn of the newest run, and under "" the turn that began last."""
        self.pace = f"{prefix}:{{run}}:pace"
        """List: how long (ms) the latest runs took, newest first."""
        self.halted = f"{prefix}:{{run}}:halted"
        """String: JSON of who stopped all agents, when and why; absent while they work."""
        self.probe = f"{prefix}:{{run}}:probe"
        """Never there: what is written to it is empty."""
        self.looked = f"{prefix}:{{run}}:looked"
        """String: when (server ms) an orchestrator last looked for runs without an owner."""
        self.ended = f"{prefix}:{{run}}:ended"
        """Stream: runs that ended, and conversations that were deleted, until every history has gone past them."""
        self.histories = f"{prefix}:{{run}}:histories"
        """Hash: history -> the entry of `ended` that it has gone past, and when (server ms) it was last heard of."""
        self.hints = f"{prefix}:hints"
        """Pub/sub channel: a run id for which something urgent happened (asked, cancelled), or "" for all."""
        self.presence = f"{prefix}:{{presence}}:processes"
        """Hash: process id -> JSON of what it is and does."""
        self.seen = f"{prefix}:{{presence}}:seen"
        """Sorted set: process id -> when (server ms) it was last heard of."""
        self.record = f"{prefix}:{{knowledge}}:record"
        """Hash: id of the record of all documents, its generation, and what it took over from earlier ones."""
        self.shelves = f"{prefix}:{{knowledge}}:shelves"
        """Sorted set: shelf (base/person) -> the record's generation at its latest change."""
        self.documents = f"{prefix}:{{knowledge}}:document:"
        """Begins the key of each document's files."""

    def run(self, run: str) -> str:
        """Hash: everything about a run, its steps included."""
        return f"{self.prefix}:{{run}}:run:{run}"

    def events(self, run: str) -> str:
        """Stream: what can be watched of a run."""
        return f"{self.prefix}:{{run}}:run:{run}:events"

    def conversation(self, person: str, conversation: str) -> str:
        """List: the runs of one chat thread, in order."""
        return f"{self.prefix}:{{run}}:conversation:{quote(person, safe='')}:{conversation}"

    def tasks(self, agent: str) -> str:
        """Stream: steps on their way to an agent. A program reads only what its own major version wrote."""
        return f"{self.prefix}:{{agent:{agent}}}:tasks:{MAJOR}"

    def dead(self, agent: str) -> str:
        """Stream: messages that no worker could take, with the reason."""
        return f"{self.prefix}:{{agent:{agent}}}:dead"

    def breaker(self, agent: str) -> str:
        """Hash: an agent's failures in a row, and until when (server ms) it is left out; absent while it does well."""
        return f"{self.prefix}:{{agent:{agent}}}:breaker"

    def alarm(self, agent: str) -> str:
        """Hash: messages for an agent, or in its name, that were forged lately; absent while there are none."""
        return f"{self.prefix}:{{agent:{agent}}}:alarm"

    def shelf(self, base: str, person: str) -> str:
        """Hash: a document's name -> generation, upload and entry. The team's shelf is nobody's."""
        return f"{self.prefix}:{{knowledge}}:shelf:{base}:{quote(person, safe='')}"

    def unwanted(self, base: str) -> str:
        """Set: names of the catalog's documents that people took out of a base."""
        return f"{self.prefix}:{{knowledge}}:unwanted:{base}"

    def document(self, upload: str) -> str:
        """Hash: the parts of a document's files."""
        return f"{self.documents}{upload}"
