"""The one door to orchestration: ask, watch, stop."""

from collections.abc import AsyncIterator
from typing import Protocol

from orchestration.log import RunLog
from orchestration.messages import Recorded, Task, TaskResult


class Orchestrator(RunLog, Protocol):
    """What the chat, the command line and the HTTP API use."""

    async def submit(self, task: Task) -> str:
        """Take a task in and return its run's id at once; the run goes on by itself.

        Raises InvalidTask for a question that cannot be asked, agents.UnknownAgent for an agent that does not
        exist and EngineUnavailable when a council is asked for and Redis is away.
        """
        ...

    async def dispatch_task(self, task: Task) -> TaskResult:
        """Ask and wait for the end."""
        ...

    def stream(self, task: Task) -> AsyncIterator[Recorded]:
        """Ask and watch until the end."""
        ...

    async def cancel(self, run: str, *, person: str) -> bool:
        """Stop a run, wherever its agents are; False when it had ended already. Raises UnknownRun."""
        ...
