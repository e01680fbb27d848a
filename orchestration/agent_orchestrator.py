"""The orchestrator that everybody talks to: councils over Redis and the single agent behind one door."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Collection, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import TypeVar

from agents import AgentRegistry, Usage
from agents.models import Models
from knowledge import Knowledge
from orchestration.asking import checked, is_an_id
from orchestration.brake import Brake
from orchestration.connections import TROUBLE, Connections
from orchestration.council import CouncilEngine
from orchestration.editing import PlanEdit
from orchestration.errors import (
    AskedBefore,
    ConfigurationError,
    EngineUnavailable,
    NotAwaiting,
    RoundtableError,
    UnknownRun,
)
from orchestration.exposition import Exposition
from orchestration.gauges import Gauges
from orchestration.load import Load
from orchestration.log import Ending, Standing
from orchestration.messages import Answer, Recorded, Task, TaskResult, new_id
from orchestration.metrics import Metrics
from orchestration.outage import Outage
from orchestration.presence import AgentHealth, Presence, PresenceReader
from orchestration.redis_log import RedisLog
from orchestration.round_trips import UNREACHABLE
from orchestration.sharding import RunIds
from orchestration.single import SingleAgent
from orchestration.stopped import spent_until
from orchestration.trouble import AWAY, lacks_a_right, told

log = logging.getLogger(__name__)

KNOWN_RUNS = 500
AGAIN_SECONDS = 0.5

Reply = TypeVar("Reply")


@dataclass(frozen=True)
class Councils:
    """What councils need of Redis."""

    engine: CouncilEngine
    log: RedisLog
    presences: PresenceReader
    connections: Connections
    brake: Brake | None
    outage: Outage
    gauges: Gauges
    ids: RunIds

    async def answered(self, asking: Awaitable[Reply]) -> Reply:
        """Redis's answer; EngineUnavailable as soon as it is known to be away: a server that is stopped, not gone,
        keeps whoever asks it waiting for half a minute.
        """
        asked, away = asyncio.ensure_future(asking), asyncio.ensure_future(self.outage.begins())
        try:
            await asyncio.wait((asked, away), return_when=asyncio.FIRST_COMPLETED)
            # The outage may be over without having been seen to be.
            if not asked.done() and not self.connections.batcher.available:
                raise EngineUnavailable(self.outage.sentence)
            try:
                return await asked
            except TROUBLE as error:
                log.warning("Redis: %s", error)
                raise self.unavailable(error) from error
        finally:
            asked.cancel()
            away.cancel()

    def unavailable(self, error: Exception) -> EngineUnavailable:
        """For whoever asked: an outage ends by itself, and what the user of this process may not do it never may."""
        return EngineUnavailable(str(told(error)) if lacks_a_right(error) else self.outage.sentence)


class AgentOrchestrator:
    """Ask, watch, stop: councils over Redis and the single agent behind one door."""

    def __init__(
        self,
        registry: AgentRegistry,
        knowledge: Knowledge | None,
        single: SingleAgent | None,
        metrics: Metrics,
        models: Models,
        councils: Councils | None = None,
    ) -> None:
        self.registry = registry
        self.models = models
        self._knowledge = knowledge
        self._single = single
        self._metrics = metrics
        self._councils = councils
        self._unfinished: OrderedDict[str, Task] = OrderedDict()
        """Councils that were asked or watched here and have not ended as far as is known: they can be told of while
        Redis is away.
        """
        self._taking_in: dict[str, asyncio.Event] = {}
        """Councils that Redis has not accepted yet."""
        self._replaced: dict[str, str] = {}
        """Councils that stood still, and the run of the single agent that answers in place of each."""
        self._tasks: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Take back what was replaced, until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._tasks = group
            await asyncio.Event().wait()

    @contextmanager
    def with_councils(self, councils: Councils) -> Iterator[None]:
        """Ask councils as long as the block lasts."""
        self._councils = councils
        try:
            yield
        finally:
            self._councils = None

    @property
    def knowledge(self) -> Knowledge:
        """This process's knowledge; a process that only hands tasks in has none."""
        if self._knowledge is None:
            raise ConfigurationError("This process holds no knowledge; the running server does.")
        return self._knowledge

    @property
    def connections(self) -> Connections | None:
        return self._councils.connections if self._councils is not None else None

    @property
    def redis_available(self) -> bool:
        """Whether Redis answered last."""
        return self._councils is not None and self._councils.connections.batcher.available

    @property
    def outage(self) -> Outage | None:
        """Whether Redis is away; None in a process that has not reached it yet."""
        return self._councils.outage if self._councils is not None else None

    @property
    def halted(self) -> str:
        """Why all agents stand still, in a sentence; empty while they work."""
        halt = self._councils.brake.halt if self._councils is not None and self._councils.brake is not None else None
        return halt.sentence() if halt is not None else ""

    async def placed(self, task: Task) -> Task:
        councils = self._councils
        if task.mode == "single" or councils is None or not self.redis_available:
            return task
        try:
            return await councils.answered(councils.ids.given(task))
        except EngineUnavailable as error:
            log.warning("where there is room is not known: %s", error)
            return task

    async def submit(self, task: Task) -> str:
        task = checked(task, self.registry, self.models)
        if task.mode == "council" and not self.redis_available and self._single is not None:
            # Known to be away before anything is sent, so that nothing is answered twice.
            task = task.model_copy(update={"mode": "single", "instead_of_council": True})
        councils = self._councils
        if councils is not None and councils.brake is not None:
            councils.brake.check()
        if task.mode == "single":
            if self._single is None:
                raise ConfigurationError("The single agent does not run in this process.")
            return await self._single.submit(task)
        if councils is None or not self.redis_available:
            raise EngineUnavailable(AWAY if councils is None else councils.outage.sentence)
        return await self._take_in(councils, task)

    async def _take_in(self, councils: Councils, task: Task) -> str:
        """Hand a council's task to Redis, for as long as that takes: accepting it twice is accepting it once."""
        if self._unfinished.get(task.id, task) != task:
            raise AskedBefore
        self._remember(task)
        # The same question may come twice at the same time.
        over = self._taking_in.setdefault(task.id, asyncio.Event())
        try:
            while task.id not in self._replaced:
                try:
                    return await councils.engine.submit(task)
                except UNREACHABLE as error:
                    log.warning("run %s waits to be taken in: %s", task.id, error)
                    await councils.connections.batcher.until_available()
        except (RoundtableError, *TROUBLE) as error:
            self._unfinished.pop(task.id, None)
            if task.id not in self._replaced:
                if isinstance(error, RoundtableError):
                    raise
                raise councils.unavailable(error) from error
        finally:
            self._taking_in.pop(task.id, None)
            over.set()
        return task.id

    async def answer_alone(self, run: str, *, person: str) -> str:
        if self._single is not None and self._answered_alone(run):
            return (await self._single.log.task(self._replaced[run], person)).id
        task = await self.task(run, person)
        councils = self._councils
        if task.mode == "single" or councils is None or self.redis_available or self._single is None:
            return run
        if councils.brake is not None:
            councils.brake.check()
        assert self._tasks is not None, "the orchestrator is not running"
        changed = {"id": new_id(), "mode": "single", "instead_of_council": True, "replaces": run}
        alone = task.model_copy(update=changed)
        # Those whose answer is forgotten need not be remembered either.
        self._replaced = {council: answer for council, answer in self._replaced.items() if answer in self._single.log}
        self._replaced[run] = alone.id
        log.warning("run %s stands still without Redis; %s answers in its place", run, alone.id)
        self._tasks.create_task(self._withdraw(councils, task), name=f"withdraw {run}")
        return await self._single.submit(alone)

    async def _withdraw(self, councils: Councils, task: Task) -> None:
        """End a replaced council before it can say anything; one that had not arrived may not be accepted any more."""
        while True:
            try:
                await councils.engine.cancel(task)
            except UNREACHABLE:
                await councils.connections.batcher.until_available()
            except TROUBLE as error:
                log.warning("run %s cannot be taken back yet: %s", task.id, error)
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                log.info("run %s was taken back", task.id)
                self._unfinished.pop(task.id, None)
                return

    async def dispatch_task(self, task: Task) -> TaskResult:
        async with aclosing(self.stream(task)) as events:
            async for recorded in events:
                if isinstance(recorded.event, Answer):
                    return recorded.event.result
        raise EngineUnavailable("The run's events ended without an answer.")

    async def stream(self, task: Task) -> AsyncGenerator[Recorded, None]:
        councils = self._councils
        if task.mode == "single" or councils is None or not self.redis_available:
            run = await self.submit(task)
            async for recorded in self.follow(run, person=task.person):
                yield recorded
            return
        async with councils.log.begin(task.id) as events:
            await self.submit(task)
            async for recorded in events:
                if isinstance(recorded.event, Answer):
                    self._unfinished.pop(task.id, None)
                yield recorded

    async def follow(self, run: str, *, person: str, after: str = "") -> AsyncIterator[Recorded]:
        if self._single is not None and run in self._single.log:
            async for recorded in self._single.log.follow(run, person=person, after=after):
                yield recorded
            return
        councils = self._of_council(run)
        task = await self.task(run, person)
        if run in self._taking_in:
            await self._taking_in[run].wait()
        self._remember(task)
        while run not in self._replaced:
            try:
                async for recorded in councils.log.follow(run, person=person, after=after):
                    if run in self._replaced:
                        return
                    after = recorded.id
                    if isinstance(recorded.event, Answer):
                        self._unfinished.pop(run, None)
                    yield recorded
            except UNREACHABLE as error:
                log.warning("run %s is watched again when Redis answers: %s", run, error)
                await councils.connections.batcher.until_available()
            except TROUBLE as error:
                raise councils.unavailable(error) from error
            except UnknownRun:
                self._unfinished.pop(run, None)
                raise
            else:
                return

    async def cancel(self, run: str, *, person: str) -> bool:
        task = await self.task(run, person)
        if self._single is not None and run in self._single.log:
            return await self._single.cancel(task)
        councils = self._of_council(run)
        return await councils.answered(self._stop(councils, task))

    async def _stop(self, councils: Councils, task: Task) -> bool:
        """Without a model nothing was spent that would have to be looked for."""
        usage = spent_until(await councils.log.events(task.id), task, self.models) if self.models else ()
        return await councils.engine.cancel(task, usage)

    async def approve(self, run: str, edit: PlanEdit | None = None, *, person: str) -> None:
        task = await self.task(run, person)
        if task.mode == "single":
            raise NotAwaiting("The single agent makes no plan that could be approved.")
        councils = self._of_council(run)
        staffing = await councils.answered(councils.presences.health())
        await councils.answered(councils.engine.approve(run, person, edit, staffing))

    async def task(self, run: str, person: str) -> Task:
        if self._single is not None and run in self._single.log:
            return await self._single.log.task(run, person)
        known = self._unfinished.get(run)
        if known is not None and known.person == person:
            return known
        councils = self._of_council(run)
        return await councils.answered(councils.log.task(run, person))

    async def ending(self, run: str, person: str) -> Ending | None:
        if self._single is not None and run in self._single.log:
            return await self._single.log.ending(run, person)
        councils = self._of_council(run)
        return await councils.answered(councils.log.ending(run, person))

    async def runs(self, person: str, conversation: str, beside: Collection[str] = ()) -> list[str]:
        found = await self._runs_of_councils(person, conversation, beside)
        alone = await self._single.log.runs(person, conversation, beside) if self._single is not None else []
        there = [run for run in found if not self._answered_alone(run)] + alone
        if not found or not alone:
            return there
        asked = {run: (await self.task(run, person)).asked_at for run in there}
        return sorted(there, key=lambda run: asked[run])

    async def _runs_of_councils(self, person: str, conversation: str, beside: Collection[str]) -> list[str]:
        """While Redis is away, those that are known here: a conversation is there all the same."""
        here = [t.id for t in self._unfinished.values() if (t.person, t.conversation) == (person, conversation)]
        known = [run for run in here if run not in beside]
        if self._councils is None or not self.redis_available or not is_an_id(conversation):
            return known
        try:
            found = await self._councils.answered(self._councils.log.runs(person, conversation, beside))
        except EngineUnavailable as error:
            log.warning("the runs of a conversation cannot be read: %s", error)
            return known
        return found + [run for run in known if run in self._taking_in and run not in found]

    def _answered_alone(self, run: str) -> bool:
        """Whether the single agent stands for it, for as long as that run is known."""
        return self._single is not None and self._replaced.get(run, "") in self._single.log

    def forget(self, run: str) -> None:
        if self._single is not None:
            self._single.log.forget(run)
        if run not in self._taking_in:
            self._unfinished.pop(run, None)

    async def health(self) -> Mapping[str, AgentHealth]:
        """How each agent is doing, in all processes together; nothing without Redis."""
        if self._councils is None:
            return {}
        return await self._councils.answered(self._councils.presences.health())

    async def standing(self, run: str, *, person: str) -> Standing:
        if self._single is not None and run in self._single.log:
            return "ended" if await self._single.log.ending(run, person) else "at work"
        councils = self._of_council(run)
        return await councils.answered(councils.log.standing(run, person))

    async def load(self) -> tuple[Load, Sequence[Presence]]:
        councils = self._councils
        if councils is None:
            raise EngineUnavailable(AWAY)
        return await councils.answered(councils.gauges.load()), await councils.answered(councils.presences.alive())

    @property
    def usage(self) -> tuple[Usage, ...]:
        """What language models were asked for tasks that ended in this process, by model."""
        return self._metrics.usage

    async def metrics(self) -> bytes:
        """What this process has done and what Redis has, in Prometheus' text format; within two seconds."""
        gauges = self._councils.gauges if self._councils is not None else None
        return await Exposition(self._metrics, gauges).text()

    def _remember(self, task: Task) -> None:
        self._unfinished[task.id] = task
        self._unfinished.move_to_end(task.id)
        while len(self._unfinished) > KNOWN_RUNS:
            self._unfinished.popitem(last=False)

    def _of_council(self, run: str) -> Councils:
        """Where the runs of councils are; raises UnknownRun for one that may not be shown or that nobody can know."""
        if self._councils is None or self._answered_alone(run) or not is_an_id(run):
            raise UnknownRun("There is no such run.")
        return self._councils
