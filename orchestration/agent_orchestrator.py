"""The orchestrator that everybody talks to: councils over Redis and the single agent behind one door."""

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing, contextmanager

from agents import AgentRegistry
from knowledge import Knowledge
from orchestration.asking import checked
from orchestration.brake import Brake
from orchestration.connections import TROUBLE, Connections
from orchestration.council import CouncilEngine
from orchestration.errors import ConfigurationError, EngineUnavailable, UnknownRun
from orchestration.log import MemoryLog
from orchestration.messages import Answer, Recorded, Task, TaskResult
from orchestration.presence import AgentHealth, Presence, PresenceReader
from orchestration.redis_log import RedisLog
from orchestration.single import SingleAgent

log = logging.getLogger(__name__)

AWAY = "Redis does not answer; nothing is lost, please try again in a moment."


@contextmanager
def _translated() -> Iterator[None]:
    """What redis-py raises becomes one sentence for a person."""
    try:
        yield
    except TROUBLE as error:
        log.warning("Redis: %s", error)
        raise EngineUnavailable(AWAY) from error


class AgentOrchestrator:
    """Ask, watch, stop: councils over Redis and the single agent behind one door."""

    def __init__(
        self,
        registry: AgentRegistry,
        knowledge: Knowledge | None,
        single: SingleAgent | None,
        engine: CouncilEngine | None,
        council_log: RedisLog | None,
        presences: PresenceReader | None,
        connections: Connections | None,
        brake: Brake | None,
    ) -> None:
        self.registry = registry
        self._knowledge = knowledge
        self._single = single
        self._engine = engine
        self._council_log = council_log
        self._presences = presences
        self.connections = connections
        self._brake = brake

    @property
    def knowledge(self) -> Knowledge:
        """This process's knowledge; a process that only hands tasks in has none."""
        if self._knowledge is None:
            raise ConfigurationError("This process holds no knowledge; the running server does.")
        return self._knowledge

    @property
    def redis_available(self) -> bool:
        """Whether Redis answered last."""
        return self.connections is not None and self.connections.batcher.available

    async def submit(self, task: Task) -> str:
        task = checked(task, self.registry)
        if task.mode == "council" and not self.redis_available and self._single is not None:
            # Known to be away before anything is sent, so that nothing is answered twice.
            task = task.model_copy(update={"mode": "single", "instead_of_council": True})
        if self._brake is not None:
            self._brake.check()
        if task.mode == "single":
            if self._single is None:
                raise ConfigurationError("The single agent does not run in this process.")
            return await self._single.submit(task)
        if self._engine is None:
            raise EngineUnavailable(AWAY)
        with _translated():
            return await self._engine.submit(task)

    async def dispatch_task(self, task: Task) -> TaskResult:
        async with aclosing(self.stream(task)) as events:
            async for recorded in events:
                if isinstance(recorded.event, Answer):
                    return recorded.event.result
        raise EngineUnavailable("The run's events ended without an answer.")

    async def stream(self, task: Task) -> AsyncGenerator[Recorded, None]:
        if task.mode == "single" or self._council_log is None or not self.redis_available:
            run = await self.submit(task)
            async for recorded in self.follow(run, person=task.person):
                yield recorded
            return
        async with self._council_log.begin(task.id) as events:
            await self.submit(task)
            async for recorded in events:
                yield recorded

    async def follow(self, run: str, *, person: str, after: str = "") -> AsyncIterator[Recorded]:
        with _translated():
            async for recorded in self._log_of(run).follow(run, person=person, after=after):
                yield recorded

    async def cancel(self, run: str, *, person: str) -> bool:
        task = await self.task(run, person)
        if self._single is not None and run in self._single.log:
            return await self._single.cancel(task)
        assert self._engine is not None, "a run that was found is somebody's"
        with _translated():
            return await self._engine.cancel(task)

    async def task(self, run: str, person: str) -> Task:
        with _translated():
            return await self._log_of(run).task(run, person)

    async def runs(self, person: str, conversation: str) -> list[str]:
        found = await self._runs_in_redis(person, conversation)
        if self._single is None:
            return found
        alone = await self._single.log.runs(person, conversation)
        if not found or not alone:
            return found + alone
        asked = {run: (await self.task(run, person)).asked_at for run in found + alone}
        return sorted(asked, key=lambda run: asked[run])

    async def _runs_in_redis(self, person: str, conversation: str) -> list[str]:
        """None of them while Redis is away: a conversation with the single agent is there all the same."""
        if self._council_log is None:
            return []
        try:
            return await self._council_log.runs(person, conversation)
        except TROUBLE as error:
            log.warning("the runs of a conversation cannot be read: %s", error)
            return []

    async def conversations(self, person: str, most: int = 50) -> list[tuple[str, float]]:
        newest: dict[str, float] = {}
        for log_ in self._logs():
            with _translated():
                for thread, at in await log_.conversations(person, most):
                    newest[thread] = max(at, newest.get(thread, 0.0))
        return sorted(newest.items(), key=lambda item: -item[1])[:most]

    async def processes(self) -> list[Presence]:
        """Every process that is alive on this Redis."""
        return await self._presences.alive() if self._presences is not None else []

    async def health(self) -> Mapping[str, AgentHealth]:
        """How each agent is doing, in all processes together; nothing without Redis."""
        if self._presences is None:
            return {}
        with _translated():
            return await self._presences.health()

    def _logs(self) -> list[MemoryLog | RedisLog]:
        logs: list[MemoryLog | RedisLog] = []
        if self._council_log is not None:
            logs.append(self._council_log)
        if self._single is not None:
            logs.append(self._single.log)
        return logs

    def _log_of(self, run: str) -> MemoryLog | RedisLog:
        if self._single is not None and run in self._single.log:
            return self._single.log
        if self._council_log is None:
            raise UnknownRun("There is no such run.")
        return self._council_log
