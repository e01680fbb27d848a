"""Runs of several agents over Redis: takes tasks in, drives the ones it owns, adopts those whose owner is gone."""

import asyncio
import logging
from collections.abc import Mapping, Sequence

from redis.exceptions import ResponseError

from agents import AgentError, AgentRegistry, Usage
from knowledge import KnowledgeError
from orchestration.alarms import Alarms
from orchestration.approvals import Approvals
from orchestration.connections import TROUBLE
from orchestration.crash import Crash, CrashPoint, survive
from orchestration.editing import PlanEdit, Staffing, edited, unedited
from orchestration.errors import ForgedPart, Forgotten, InvalidPlan, Superseded, UnreadableRun
from orchestration.hints import Hints, ticks
from orchestration.keys import OF_RUNS
from orchestration.messages import Answer, Resumed, Task, TaskResult
from orchestration.metrics import Metrics
from orchestration.path import Council, answer_question
from orchestration.records import Fenced, OwnedRun
from orchestration.settings import RunSettings
from orchestration.store import RunStore
from orchestration.tracing import about

log = logging.getLogger(__name__)

UNREADABLE = "What was written down about this question is damaged; please ask it again."
CHANGED = "This plan was changed by somebody who may not, so it cannot run; please ask again."
BROKEN = "Something went wrong while this was being answered; the log of the server has the details."


class CouncilEngine:
    """One orchestrator process. Without a `council` it only hands tasks in, for others to drive."""

    def __init__(
        self,
        name: str,
        store: RunStore,
        approvals: Approvals,
        registry: AgentRegistry,
        settings: RunSettings,
        hints: Hints,
        metrics: Metrics,
        alarms: Alarms,
        council: Council | None,
        crash: Crash = survive,
    ) -> None:
        self.name = name
        self._store = store
        self._approvals = approvals
        self._registry = registry
        self._settings = settings
        self._hints = hints
        self._metrics = metrics
        self._alarms = alarms
        self._council = council
        self._crash = crash
        self._driving: dict[str, tuple[OwnedRun, asyncio.Task[None]]] = {}
        self._tasks: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Drive, hold and adopt until cancelled; then let go of what is still running."""
        held: list[OwnedRun] = []
        try:
            async with asyncio.TaskGroup() as group:
                self._tasks = group
                if self._council is not None:
                    group.create_task(self._hold())
                    group.create_task(self._adopt())
                try:
                    await asyncio.Event().wait()
                finally:
                    held = [run for run, _ in self._driving.values()]
        finally:
            self._tasks = None
            await self._let_go(held)

    async def submit(self, task: Task) -> str:
        """Take a checked task in; when this returns the task is stored and will reach exactly one end."""
        run = await self._store.accept(task, self.name if self._council is not None else "")
        self._crash(CrashPoint.AFTER_ACCEPT)
        if run is not None:
            self._drive(run)
        return task.id

    async def cancel(self, task: Task, usage: tuple[Usage, ...] = ()) -> bool:
        """End a run as cancelled, at once, whoever owns it; its workers notice within half a second. `usage` is what
        was spent on it.
        """
        result = TaskResult(task=task.id, mode=task.mode, state="cancelled", reason="Stopped.", usage=usage)
        status = await self._store.finish(task.id, result, [Answer(run=task.id, result=result)], fence=None)
        if status is Fenced.OK:
            self._metrics.task_ended(result)
        return status is Fenced.OK

    async def approve(self, run: str, person: str, edit: PlanEdit | None, staffing: Mapping[str, Staffing]) -> None:
        """Let the plan run as the person has edited it, or as it is; whichever process drives runs goes on with it."""
        try:
            offered = await self._approvals.proposal(run, person)
        except ForgedPart as error:
            await self._alarms.rise(OF_RUNS, error.part, str(error))
            raise InvalidPlan(CHANGED) from error
        approved, changed = edited(offered, edit or unedited(offered.plan), self._registry, staffing)
        await self._approvals.approve(run, person, approved, edited=changed)
        self._crash(CrashPoint.AFTER_APPROVE)
        await self._store.begin_waiting(run)

    def _drive(self, run: OwnedRun) -> None:
        if self._tasks is None or self._council is None:
            return  # Whoever drives runs adopts it.
        if run.task.id in self._driving:
            return  # Asked twice at the same time.
        task = self._tasks.create_task(self._answer(self._council, run), name=f"run {run.task.id}")
        self._driving[run.task.id] = (run, task)

    async def _answer(self, council: Council, run: OwnedRun) -> None:
        about(task=run.task.id)
        try:
            result = await answer_question(council, run)
            if result is not None:
                self._metrics.task_ended(result)
        except Superseded as why:
            self._count_if_lost(why)
            log.info("run %s is no longer driven here: %s", run.task.id, why)
        except TROUBLE as error:
            log.warning("run %s waits for Redis: %s", run.task.id, error)
        except Forgotten as why:
            # Whoever adopts it, when it was not held for a while, begins where Redis has it.
            log.warning("run %s is taken up again: %s", run.task.id, why)
        except (AgentError, KnowledgeError) as error:
            log.warning("run %s failed: %s", run.task.id, error)
            await self._fail(run.task.id, run.fence, str(error))
        except Exception:
            # The boundary of one run: the person gets an end with a reason, and the other runs go on.
            log.exception("run %s failed", run.task.id)
            await self._fail(run.task.id, run.fence, BROKEN)
        finally:
            if self._driving.get(run.task.id, (None,))[0] is run:
                del self._driving[run.task.id]

    async def _fail(self, run: str, fence: int, reason: str) -> None:
        result = TaskResult(task=run, mode="council", state="failed", reason=reason)
        events = [Answer(run=run, result=result)]
        try:
            if await self._store.finish(run, result, events, fence=fence) is Fenced.OK:
                self._metrics.task_ended(result)
        except TROUBLE as error:
            log.warning("run %s could not be ended: %s", run, error)

    async def _hold(self) -> None:
        """Keep other orchestrators from adopting what is driven here."""
        while True:
            await asyncio.sleep(self._settings.renew_seconds)
            await asyncio.gather(*(self._hold_one(run, task) for run, task in list(self._driving.values())))

    async def _hold_one(self, run: OwnedRun, task: asyncio.Task[None]) -> None:
        try:
            await self._store.journal(run, {})
        except Superseded as why:
            # One that has ended finds that out by itself, and may be at its last words.
            if str(why) == Fenced.STALE and task.cancel():
                self._metrics.run_lost()
        except TROUBLE as error:
            log.warning("holding run %s: %s", run.task.id, error)

    def _count_if_lost(self, why: Superseded) -> None:
        """A run that was ended, by Stop for instance, was not taken from anybody."""
        if str(why) == Fenced.STALE:
            self._metrics.run_lost()

    async def _adopt(self) -> None:
        with self._hints.listen() as hint:
            hint.set()  # Look once at the start, before the first second has passed.
            async for _ in ticks(hint, self._settings.look_seconds):
                try:
                    await self._adopt_unowned()
                except TROUBLE as error:
                    log.warning("looking for runs without an owner: %s", error)

    async def _adopt_unowned(self) -> None:
        for run_id in await self._store.unowned():
            if run_id in self._driving:
                continue
            try:
                run = await self._store.adopt(run_id, self.name)
                if run is not None:
                    await self._take_over(run)
            except UnreadableRun as error:
                # Somebody else's to read, perhaps, and it stops nobody here; but it must not stay for ever.
                log.warning("run %s: %s", run_id, error)
                if error.forged is not None:
                    await self._alarms.rise(OF_RUNS, error.forged.part, str(error.forged))
                if error.overdue:
                    await self._fail(run_id, error.fence, UNREADABLE)
            except Superseded as why:
                log.info("run %s is no longer driven here: %s", run_id, why)
            except ResponseError as error:
                log.warning("run %s cannot be adopted: %s", run_id, error)

    async def _take_over(self, run: OwnedRun) -> None:
        self._crash(CrashPoint.AFTER_ADOPT)
        if run.taken_over:
            self._metrics.taken_over()
            log.info("run %s adopted with fence %d", run.task.id, run.fence)
            await self._store.journal(run, {}, [Resumed(run=run.task.id, owner=self.name)])
        self._drive(run)

    async def _let_go(self, held: Sequence[OwnedRun]) -> None:
        """On the way out: give up the hold, so that the next process need not wait for the lease."""
        await asyncio.gather(*map(self._let_go_of, held))

    async def _let_go_of(self, run: OwnedRun) -> None:
        try:
            await self._store.journal(run, {}, hold=False)
        except (Superseded, *TROUBLE) as error:
            log.info("run %s was not handed over: %s", run.task.id, error)
