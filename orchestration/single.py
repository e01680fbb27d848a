"""The rollback: one agent over all the knowledge, in this process, without Redis.

The same events in the same order, in a log that lives and dies with the process.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing

from agents import Agent, AgentError, AgentRegistry, Budget, Usage, together
from agents.runner import Runner
from agents.tally import begin_tally
from knowledge import KnowledgeError, KnowledgeStatus
from orchestration.aggregation import Aggregate, Aggregator, nothing_found
from orchestration.council import BROKEN
from orchestration.errors import AskedBefore
from orchestration.keeping import Keeper
from orchestration.log import MemoryLog
from orchestration.messages import (
    Accepted,
    Answer,
    AnyEvent,
    CoordinationPlan,
    Failed,
    Finished,
    Planned,
    Preparing,
    RunState,
    Selected,
    Selection,
    Started,
    StepResult,
    Task,
    TaskResult,
)
from orchestration.metrics import Metrics
from orchestration.path import ended, written
from orchestration.planning import make_plan
from orchestration.selector import Selector
from orchestration.settings import RunSettings
from orchestration.steps import failure, perform
from orchestration.terms import terms_of
from orchestration.tracing import about

log = logging.getLogger(__name__)

ALONE = "The other agents cannot be reached, so the single agent answers alone"
UNASKED = "The single agent makes no plan that could be approved, so it answers at once"
STOPPED = "Stopped."
HALTED = "All agents were stopped."
TOO_LATE = "The time for this question ran out before anything was found."
SINGLE = Agent(
    name="single_agent",
    title="Single agent",
    description="Answers alone, from the documents of all agents together.",
    precedence=50,
)


class SingleAgent:
    """Answers tasks of mode "single"."""

    def __init__(
        self,
        bases: Sequence[str],
        runner: Runner,
        selector: Selector,
        aggregator: Aggregator,
        preparation: Callable[[], AsyncIterator[KnowledgeStatus]],
        settings: RunSettings,
        budget: Budget,
        metrics: Metrics,
        keeper: Keeper | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.log = MemoryLog(clock=clock)
        self._bases = tuple(bases)
        self._registry = AgentRegistry([SINGLE])
        self._runner = runner
        self._selector = selector
        self._aggregator = aggregator
        self._preparation = preparation
        self._settings = settings
        self._budget = budget
        self._metrics = metrics
        self._keeper = keeper
        self._clock = clock
        self._taking_in: dict[str, asyncio.Event] = {}
        """What the keeper is being told of: it is not answered yet."""
        self._running: dict[str, asyncio.Task[None]] = {}
        self._tasks: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Answer until cancelled; what is running then ends as failed, visibly."""
        async with asyncio.TaskGroup() as group:
            self._tasks = group
            await asyncio.Event().wait()

    async def submit(self, task: Task) -> str:
        """Begin to answer a checked task."""
        if task.id in self.log or task.id in self._taking_in:
            raise AskedBefore
        taken_in = self._taking_in[task.id] = asyncio.Event()
        try:
            await self.log.append(Accepted(run=task.id, task=task))
            if self._keeper is not None:
                await self._keeper.accepted(task)
            assert self._tasks is not None, "the single agent is not running"
            self._running[task.id] = self._tasks.create_task(self._drive(task))
        finally:
            del self._taking_in[task.id]
            taken_in.set()
        return task.id

    async def cancel(self, task: Task) -> bool:
        """Stop answering; what is just being taken in as soon as it is."""
        if task.id in self._taking_in:
            await self._taking_in[task.id].wait()
        running = self._running.get(task.id)
        if running is None:
            return False
        await self._stop(task.id, running, STOPPED)
        return True

    async def halt(self) -> None:
        """Stop answering everything: the operator stopped all agents."""
        await asyncio.gather(*(taken_in.wait() for taken_in in list(self._taking_in.values())))
        await asyncio.gather(*(self._stop(run, running, HALTED) for run, running in list(self._running.items())))

    async def _stop(self, run: str, running: asyncio.Task[None], reason: str) -> None:
        running.cancel(reason)
        await asyncio.wait([running])
        if not self.log.ended(run):  # Stopped before its first line ran.
            await self._end(TaskResult(task=run, mode="single", state="cancelled", reason=reason))

    async def _drive(self, task: Task) -> None:
        about(task=task.id)
        begun, spent = self._clock(), begin_tally()
        state: RunState
        try:
            await self._prepare(task)
            result = await self._answer(task, begun)
        except asyncio.CancelledError as why:
            asked = next((arg for arg in why.args if arg in (STOPPED, HALTED)), "")
            state, reason = ("cancelled", asked) if asked else ("failed", "The server stopped.")
            await self._end(_without_answer(task, state, reason, spent))
            if state == "failed":
                raise
            return
        except TimeoutError:
            result = _without_answer(task, "expired", TOO_LATE, spent)
        except (AgentError, KnowledgeError) as error:
            result = _without_answer(task, "failed", str(error), spent)
        except Exception:
            # The boundary of one run, as in council.py.
            log.exception("run %s failed", task.id)
            result = _without_answer(task, "failed", BROKEN, spent)
        finally:
            self._running.pop(task.id, None)
        await self._end(result)

    async def _end(self, result: TaskResult) -> None:
        await self.log.append(Answer(run=result.task, result=result))
        if self._keeper is not None:
            await self._keeper.ended(self.log.events(result.task))
        self._metrics.task_ended(result)

    async def _prepare(self, task: Task) -> None:
        """What must be ready first does not count towards the deadline."""
        if task.instead_of_council or task.approval:
            said = [ALONE] if task.instead_of_council else []
            said += [UNASKED] if task.approval else []
            await self.log.append(Preparing(run=task.id, text="; ".join(said)))
        async for status in self._preparation():
            text = status.detail or "Reading the knowledge"
            await self.log.append(Preparing(run=task.id, text=text, done=status.done, total=status.total))

    async def _answer(self, task: Task, begun: float) -> TaskResult:
        """What was found until the deadline counts. Raises TimeoutError when it passes before there is a plan."""
        seconds = task.deadline_seconds or self._settings.deadline_seconds
        deadline = asyncio.get_running_loop().time() + seconds
        async with asyncio.timeout_at(deadline):
            selection = await self._selector.select_one(task, SINGLE, seconds)
        await self.log.append(Selected(run=task.id, selection=selection.shown()))
        plan = make_plan(selection)
        await self.log.append(Planned(run=task.id, plan=plan.shown()))
        results: list[StepResult] = []
        try:
            async with asyncio.timeout_at(deadline):
                await self._execute(task, plan, results, in_turn=bool(selection.planned_by))
        except TimeoutError:
            if not any(result.state == "answered" for result in results):
                seconds = self._clock() - begun
                return ended(task, "expired", tuple(results), selection, None, TOO_LATE, seconds)
            there = {result.step for result in results}
            results += [failure(step, "it ran out of time.") for step in plan.steps if step.id not in there]
        return await self._aggregate(task, selection, tuple(results), begun, deadline)

    async def _execute(self, task: Task, plan: CoordinationPlan, results: list[StepResult], *, in_turn: bool) -> None:
        """`results` is filled in. `in_turn`: a step is asked with what those it depends on have found."""
        terms = terms_of(task, plan, self._budget, self._settings.step_seconds, one_by_one=True)
        for step in plan.steps:
            found = tuple(r.text for r in results if r.step in step.depends_on and r.text) if in_turn else ()
            await self.log.append(
                Started(run=task.id, step=step.id, agent=SINGLE.name, worker="here", attempt=1, fence=1)
            )
            try:
                result = await perform(
                    self._runner,
                    SINGLE,
                    step,
                    run=task.id,
                    person=task.person,
                    bases=self._bases,
                    context=found,
                    terms=terms,
                    emit=self._tell,
                )
                results.append(result)
            except (AgentError, KnowledgeError) as error:
                results.append(failure(step, str(error)))
            except Exception as error:
                # The boundary of one step, as in worker.py: what the others found is not lost.
                log.exception("a step of run %s failed", task.id)
                results.append(failure(step, f"{SINGLE.title} failed while answering ({type(error).__name__})."))
            kind = Failed if results[-1].state == "failed" else Finished
            await self.log.append(kind(run=task.id, step=step.id, attempt=1, fence=1, result=results[-1]))

    async def _tell(self, event: AnyEvent) -> None:
        """What a step's first and only attempt emits."""
        await self.log.append(event.model_copy(update={"attempt": 1, "fence": 1}))

    async def _aggregate(
        self, task: Task, selection: Selection, results: tuple[StepResult, ...], begun: float, deadline: float
    ) -> TaskResult:
        failed = [r for r in results if r.state == "failed"]
        if any(r.state == "answered" for r in results):
            left = deadline - asyncio.get_running_loop().time()
            pieces = self._aggregator.aggregate(task, selection, results, self._registry, left)
            async with aclosing(pieces):
                async for piece in pieces:
                    if isinstance(piece, Aggregate):
                        return ended(task, "answered", results, selection, piece, "", self._clock() - begun)
                    await self.log.append(written(task.id, piece))
        if failed:
            return ended(task, "failed", results, selection, None, failed[0].error or "", self._clock() - begun)
        found = nothing_found(task.id, selection, self._registry)
        return ended(task, "nothing_found", results, selection, found, "", self._clock() - begun)


def _without_answer(task: Task, state: RunState, reason: str, spent: Sequence[Usage]) -> TaskResult:
    return TaskResult(task=task.id, mode=task.mode, state=state, reason=reason, usage=together(spent))
