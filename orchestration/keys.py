"""Every Redis key, group and channel is named here and nowhere else.

The keys of all runs share one hash tag, so that one script may touch them together; an agent's stream has its own.
"""

from urllib.parse import quote

PREFIX = "roundtable"
GROUP = "workers"


class Keys:
    """Key names under one prefix; a test or a second installation on the same server takes another."""

    def __init__(self, prefix: str = PREFIX) -> None:
        self.prefix = prefix
        self.active = f"{prefix}:{{run}}:active"
        """Sorted set: run id -> until when (server ms) its owner holds it; 0 while nobody does."""
        self.hints = f"{prefix}:hints"
        """Pub/sub channel: a run id for which something urgent happened (asked, cancelled)."""
        self.presence = f"{prefix}:{{presence}}:processes"
        """Hash: process id -> JSON of what it is and does, with the time it was last seen."""

    def run(self, run: str) -> str:
        """Hash: everything about a run, its steps included."""
        return f"{self.prefix}:{{run}}:run:{run}"

    def events(self, run: str) -> str:
        """Stream: what can be watched of a run."""
        return f"{self.prefix}:{{run}}:run:{run}:events"

    def conversation(self, person: str, conversation: str) -> str:
        """List: the runs of one chat thread, in order."""
        return f"{self.prefix}:{{run}}:conversation:{quote(person, safe='')}:{conversation}"

    def conversations(self, person: str) -> str:
        """Sorted set: one person's chat threads by the time of their newest run (server ms)."""
        return f"{self.prefix}:{{run}}:conversations:{quote(person, safe='')}"

    def tasks(self, agent: str) -> str:
        """Stream: steps on their way to an agent."""
        return f"{self.prefix}:{{agent:{agent}}}:tasks"

    def dead(self, agent: str) -> str:
        """Stream: messages that no worker could take, with the reason."""
        return f"{self.prefix}:{{agent:{agent}}}:dead"
