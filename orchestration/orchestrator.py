"""The one door to orchestration: ask, watch, stop."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

from agents import Usage
from agents.models import Models
from orchestration.editing import PlanEdit
from orchestration.load import Load
from orchestration.log import RunLog, Standing
from orchestration.messages import Recorded, Task, TaskResult
from orchestration.outage import Outage
from orchestration.presence import AgentHealth, Presence


class Orchestrator(RunLog, Protocol):
    """What the chat, the command line and the HTTP API use."""

    @property
    def usage(self) -> tuple[Usage, ...]:
        """What language models were asked for tasks that ended in this process, by model."""
        ...

    @property
    def models(self) -> Models:
        """The language models of this process, and which of them may be wished."""
        ...

    @property
    def outage(self) -> Outage | None:
        """Whether Redis is away; None in a process that has not reached it yet."""
        ...

    @property
    def halted(self) -> str:
        """Why all agents stand still, in a sentence; empty while they work."""
        ...

    async def placed(self, task: Task) -> Task:
        """The task under an id by which it finds room: for whoever is free to choose one, before anybody knows it."""
        ...

    async def submit(self, task: Task) -> str:
        """Take a task in and return its run's id at once; the run goes on by itself.

        Raises InvalidTask for a question that cannot be asked, agents.UnknownAgent for an agent that does not
        exist, Overloaded, Halted, and EngineUnavailable when a council is asked for and Redis is known to be away.
        When Redis goes away meanwhile, this waits until it is back.
        """
        ...

    async def dispatch_task(self, task: Task) -> TaskResult:
        """Ask and wait for the end."""
        ...

    def stream(self, task: Task) -> AsyncIterator[Recorded]:
        """Ask and watch until the end."""
        ...

    async def answer_alone(self, run: str, *, person: str) -> str:
        """Let the single agent answer in place of a council that stands still without Redis; returns its run.

        From then on nothing of the council is shown here, and it is ended as soon as Redis is back. When Redis is
        back already the council goes on, and its own run is returned. Raises UnknownRun and Halted.
        """
        ...

    async def approve(self, run: str, edit: PlanEdit | None = None, *, person: str) -> None:
        """Let the plan of a run that awaits approval run, as the person has edited it or as it is; exactly once.

        Raises UnknownRun, NotAwaiting when it was approved before or is over, InvalidPlan with what to change, and
        EngineUnavailable.
        """
        ...

    async def health(self) -> Mapping[str, AgentHealth]:
        """How each agent is doing; raises EngineUnavailable. Nothing in a process that has not reached Redis yet."""
        ...

    async def standing(self, run: str, *, person: str) -> Standing:
        """Where a run is on its way. Raises UnknownRun and EngineUnavailable."""
        ...

    async def load(self) -> tuple[Load, Sequence[Presence]]:
        """How much is going on, of all people, and the processes that do it; for whoever watches the server.

        Raises EngineUnavailable.
        """
        ...

    async def cancel(self, run: str, *, person: str) -> bool:
        """Stop a run, wherever its agents are; False when it had ended already. Raises UnknownRun."""
        ...

    def forget(self, run: str) -> None:
        """Nothing of a run stays in this process; one of the single agent that goes on does until it has ended."""
        ...
