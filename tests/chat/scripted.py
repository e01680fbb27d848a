"""An orchestrator that does nothing by itself: a test tells what happens, event by event."""

import asyncio
from collections.abc import AsyncIterator

from orchestration.log import MemoryLog
from orchestration.messages import Accepted, Answer, AnyEvent, Recorded, Task, TaskResult


class ScriptedOrchestrator:
    """Takes tasks in, keeps their events and stops them, over the same log that runs in one process use."""

    def __init__(self) -> None:
        self.log = MemoryLog()
        self.submitted: asyncio.Queue[Task] = asyncio.Queue()
        self.refusal: Exception | None = None
        """Raised by the next submit."""

    async def submit(self, task: Task) -> str:
        refusal, self.refusal = self.refusal, None
        if refusal is not None:
            raise refusal
        await self.log.append(Accepted(run=task.id, task=task))
        await self.submitted.put(task)
        return task.id

    async def happens(self, *events: AnyEvent) -> None:
        for event in events:
            await self.log.append(event)

    async def cancel(self, run: str, *, person: str) -> bool:
        task = await self.log.task(run, person)
        if self.log.ended(run):
            return False
        result = TaskResult(task=run, mode=task.mode, state="cancelled", reason="Stopped.")
        await self.log.append(Answer(run=run, result=result))
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

    async def runs(self, person: str, conversation: str) -> list[str]:
        return await self.log.runs(person, conversation)

    async def task(self, run: str, person: str) -> Task:
        return await self.log.task(run, person)

    async def conversations(self, person: str, most: int = 50) -> list[tuple[str, float]]:
        return await self.log.conversations(person, most)
