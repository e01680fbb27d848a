"""An orchestrator that does nothing by itself: a test tells what happens, event by event."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import aclosing

from agents import Usage
from agents.models import Models
from chat.story import Story, tell
from orchestration.editing import PlanEdit
from orchestration.load import Load
from orchestration.log import Ending, MemoryLog, Standing
from orchestration.messages import Accepted, Answer, AnyEvent, Recorded, Task, TaskResult, new_id
from orchestration.outage import Outage
from orchestration.presence import AgentHealth, Presence


class ScriptedRedis:
    """Answers, or does not."""

    def __init__(self) -> None:
        self._there = asyncio.Event()
        self._there.set()

    @property
    def available(self) -> bool:
        return self._there.is_set()

    def goes_away(self) -> None:
        self._there.clear()

    def is_back(self) -> None:
        self._there.set()

    takes_writes = True

    def look(self) -> None:
        """Its silence is told by the tests, not noticed."""

    async def probe(self, key: str) -> None:
        await self._there.wait()


class ScriptedOrchestrator:
    """Takes tasks in, keeps their events and stops them, over the same log that runs in one process use."""

    def __init__(self) -> None:
        self.log = MemoryLog()
        self.submitted: asyncio.Queue[Task] = asyncio.Queue()
        self.refusal: Exception | None = None
        """Raised by the next submit."""
        self.redis = ScriptedRedis()
        self.outage = Outage(self.redis, "probe")
        """Looks when a test runs it."""
        self.halted = ""
        self.models = Models()
        self.usage: tuple[Usage, ...] = ()
        self.agents: Mapping[str, AgentHealth] | Exception = {}
        """How the agents are, or why that is not known."""
        self.everybody = Load()
        self.replaced: dict[str, str] = {}
        self.approved: list[tuple[str, PlanEdit | None]] = []
        """Runs with the plan as it was approved."""
        self.unreadable: Exception | None = None
        """Raised where it is asked how a run ended."""
        self._happened: dict[str, int] = {}

    async def placed(self, task: Task) -> Task:
        return task

    async def submit(self, task: Task) -> str:
        refusal, self.refusal = self.refusal, None
        if refusal is not None:
            raise refusal
        await self.happens(Accepted(run=task.id, task=task))
        await self.submitted.put(task)
        return task.id

    async def happens(self, *events: AnyEvent) -> None:
        for event in events:
            self._happened[event.run] = self._happened.get(event.run, 0) + 1
            await self.log.append(event)

    async def so_far(self, run: str, person: str = "local") -> list[Recorded]:
        """Everything that has happened in a run."""
        found: list[Recorded] = []
        async with aclosing(self.log.follow(run, person=person)) as events:
            while len(found) < self._happened[run]:
                found.append(await anext(events))
        return found

    async def answer_alone(self, run: str, *, person: str) -> str:
        task = await self.log.task(run, person)
        changed = {"id": new_id(), "mode": "single", "instead_of_council": True, "replaces": run}
        alone = task.model_copy(update=changed)
        self.replaced[run] = alone.id
        return await self.submit(alone)

    async def approve(self, run: str, edit: PlanEdit | None = None, *, person: str) -> None:
        await self.log.task(run, person)
        refusal, self.refusal = self.refusal, None
        if refusal is not None:
            raise refusal
        self.approved.append((run, edit))

    async def health(self) -> Mapping[str, AgentHealth]:
        if isinstance(self.agents, Exception):
            raise self.agents
        return self.agents

    async def standing(self, run: str, *, person: str) -> Standing:
        if isinstance(self.agents, Exception):
            raise self.agents
        await self.log.task(run, person)
        story = Story(run)
        for recorded in await self.so_far(run, person):
            story = tell(story, recorded)
        return "ended" if story.result else "awaiting approval" if story.awaiting else "at work"

    async def load(self) -> tuple[Load, Sequence[Presence]]:
        return self.everybody, ()

    async def cancel(self, run: str, *, person: str) -> bool:
        task = await self.log.task(run, person)
        if self.log.ended(run):
            return False
        result = TaskResult(task=run, mode=task.mode, state="cancelled", reason="Stopped.")
        await self.happens(Answer(run=run, result=result))
        return True

    async def dispatch_task(self, task: Task) -> TaskResult:
        async for recorded in self.stream(task):
            if isinstance(recorded.event, Answer):
                return recorded.event.result
        raise AssertionError("a run ends with its answer")

    async def stream(self, task: Task) -> AsyncIterator[Recorded]:
        run = await self.submit(task)
        async for recorded in self.follow(run, person=task.person):
            yield recorded

    def follow(self, run: str, *, person: str, after: str = "") -> AsyncIterator[Recorded]:
        return self.log.follow(run, person=person, after=after)

    async def runs(self, person: str, conversation: str, beside: Collection[str] = ()) -> list[str]:
        return [run for run in await self.log.runs(person, conversation, beside) if run not in self.replaced]

    async def task(self, run: str, person: str) -> Task:
        return await self.log.task(run, person)

    def forget(self, run: str) -> None:
        self.log.forget(run)

    async def ending(self, run: str, person: str) -> Ending | None:
        if self.unreadable is not None:
            raise self.unreadable
        return await self.log.ending(run, person)
