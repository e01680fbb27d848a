"""The path of a question, from the task to its one end. Each step of it is named in `answer_question`.

What was decided is journalled before it is acted on, so that another process can go on from any line of it.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from agents import AgentError, AgentRegistry
from knowledge import KnowledgeStatus
from orchestration.aggregation import Aggregate, Aggregator, nothing_found
from orchestration.dispatch import Dispatcher
from orchestration.emitter import Emitter
from orchestration.errors import Superseded
from orchestration.hub import EventHub
from orchestration.messages import (
    Aggregating,
    Answer,
    AnyEvent,
    ConflictFound,
    CoordinationPlan,
    Failed,
    Finished,
    Planned,
    Preparing,
    Recorded,
    RunState,
    Selected,
    Selection,
    StepResult,
    Task,
    TaskResult,
    Token,
    encode,
)
from orchestration.planning import make_plan
from orchestration.selector import Selector
from orchestration.settings import RunSettings
from orchestration.steps import failure
from orchestration.store import OwnedRun, RunStore
from orchestration.timing import coordination_seconds

log = logging.getLogger(__name__)

LINGER_SECONDS = 0.02
"""An aggregation that takes less than this is written in one go."""


@dataclass(frozen=True)
class Council:
    """Everything the path needs; put together in runtime.py."""

    registry: AgentRegistry
    selector: Selector
    aggregator: Aggregator
    store: RunStore
    hub: EventHub
    dispatcher: Dispatcher
    preparation: Callable[[], AsyncIterator[KnowledgeStatus]]
    """What is still being made ready; ends at once when everything is."""
    settings: RunSettings
    clock: Callable[[], float] = time.time


async def answer_question(council: Council, run: OwnedRun) -> None:
    """Drive a run that this process owns to its end, from wherever its journal stands.

    Raises Superseded when somebody ended it (Stop) or took it over; there is nothing left to do then.
    """
    results = dict(run.results)
    selection, plan = run.selection, run.plan
    if selection is None or plan is None:
        await _until_prepared(council, run)
    try:
        async with asyncio.timeout(max(0.0, run.seconds_left)):
            if selection is None or plan is None:
                selection, plan = await _decide(council, run)
                run = replace(run, queued=tuple(step.id for step in plan.ready((), ())))
            await _execute(council, run, plan, results)
    except TimeoutError:
        await _end_late(council, run, selection, plan, results)
        return
    await _aggregate(council, run, selection, plan, results)


async def _until_prepared(council: Council, run: OwnedRun) -> None:
    """At the first start the knowledge is still being read: say so, with figures; the deadline waits as well."""
    begun = council.clock()
    async for status in council.preparation():
        text = status.detail or "Reading the knowledge"
        event = Preparing(run=run.task.id, text=text, done=status.done, total=status.total)
        waited = council.clock() - begun
        deadline = int((run.owned + waited + run.seconds_left) * 1000)
        await _journal(council, run, {"deadline": str(deadline)}, event)


async def _decide(council: Council, run: OwnedRun) -> tuple[Selection, CoordinationPlan]:
    """Choose the agents and who does what; journalled, with the first steps marked as sent, before any is sent."""
    selection = await council.selector.select(run.task)
    plan = make_plan(selection)
    first = {step.id for step in plan.ready((), ())}
    states = {f"{step.id}.state": "queued" if step.id in first else "waiting" for step in plan.steps}
    decided: dict[str, bytes | str] = {"selection": encode(selection), "plan": encode(plan), **states}
    events = Selected(run=run.task.id, selection=selection.shown()), Planned(run=run.task.id, plan=plan.shown())
    await _journal(council, run, decided, *events)
    return selection, plan


async def _execute(council: Council, run: OwnedRun, plan: CoordinationPlan, results: dict[str, StepResult]) -> None:
    """Send what is ready, wait for results, send what became ready, until every step has ended."""
    async with council.hub.watch(run.task.id, fresh=run.fence == 1) as events:
        if run.fence > 1:
            # Between the takeover and the first event watched, a worker may have committed.
            results.update(await council.store.results(run.task.id))
        begun = results.keys() | await council.dispatcher.resume(run, plan, results)
        while len(results) < len(plan.steps):
            ready = plan.ready(results, begun)
            begun |= {step.id for step in ready}
            await council.dispatcher.send(run, ready, results)
            result = _result_in(await events.get())
            if result is not None:
                results[result.step] = result


def _result_in(recorded: Recorded) -> StepResult | None:
    event = recorded.event
    if isinstance(event, Answer):
        raise Superseded(f"ended as {event.result.state}")
    return event.result if isinstance(event, Finished | Failed) else None


async def _aggregate(
    council: Council,
    run: OwnedRun,
    selection: Selection,
    plan: CoordinationPlan,
    results: Mapping[str, StepResult],
) -> None:
    """Combine the findings, stream the answer, end the run."""
    ordered = tuple(results[step.id] for step in plan.steps if step.id in results)
    answered = [r for r in ordered if r.state == "answered"]
    failed = [r for r in ordered if r.state == "failed"]
    if not answered and failed:
        reason = " ".join(dict.fromkeys(r.error or "An agent failed." for r in failed))
        await _end(council, run, "failed", ordered, selection, reason=reason)
        return
    if not answered:
        await _end(council, run, "nothing_found", ordered, selection, nothing_found(run.task.id, selection))
        return
    begun = Aggregating(run=run.task.id, answered=len(answered), asked=len(plan.steps))
    pieces = council.aggregator.aggregate(run.task.id, selection, ordered, council.registry)

    async def send(events: Sequence[AnyEvent]) -> None:
        await _journal(council, run, {}, *events)

    async with aclosing(pieces), Emitter(send, linger=LINGER_SECONDS) as emitter:
        emitter.emit(begun)
        async for piece in pieces:
            if isinstance(piece, str):
                emitter.emit(Token(run=run.task.id, channel="answer", text=piece))
            else:
                for conflict in piece.conflicts:
                    emitter.emit(ConflictFound(run=run.task.id, conflict=conflict))
                last = await emitter.close()
                await _end(council, run, "answered", ordered, selection, piece, events=last)
                return
    raise AgentError("The findings could not be put together.")


async def _end_late(
    council: Council,
    run: OwnedRun,
    selection: Selection | None,
    plan: CoordinationPlan | None,
    results: dict[str, StepResult],
) -> None:
    """The deadline passed: what was found counts, and the answer says who is missing."""
    if selection is None or plan is None or not any(r.state == "answered" for r in results.values()):
        reason = "The time for this question ran out before anything was found."
        await _end(council, run, "expired", tuple(results.values()), selection, reason=reason)
        return
    for step in plan.steps:
        results.setdefault(step.id, failure(step, "it ran out of time."))
    await _aggregate(council, run, selection, plan, results)


async def _end(
    council: Council,
    run: OwnedRun,
    state: RunState,
    steps: tuple[StepResult, ...],
    selection: Selection | None,
    aggregate: Aggregate | None = None,
    reason: str = "",
    events: Sequence[AnyEvent] = (),
) -> None:
    result = ended(run.task, state, steps, selection, aggregate, reason, council.clock() - run.accepted)
    answer = Answer(run=run.task.id, result=result)
    retention = council.settings.retention_ms
    await council.store.finish(run.task.id, result, [*events, answer], fence=run.fence, retention_ms=retention)


def ended(
    task: Task,
    state: RunState,
    steps: tuple[StepResult, ...],
    selection: Selection | None,
    aggregate: Aggregate | None,
    reason: str,
    seconds: float,
) -> TaskResult:
    """The result of a run that took so many seconds."""
    found = aggregate or Aggregate("", (), (), (), ())
    busy = [span for step in steps for span in step.busy] + list(selection.busy if selection else ())
    return TaskResult(
        task=task.id,
        mode=task.mode,
        state=state,
        answer=found.text,
        citations=found.citations,
        conflicts=found.conflicts,
        contributed=found.contributed,
        missing=found.missing or tuple(dict.fromkeys(s.agent for s in steps if s.state == "failed")),
        reason=reason,
        steps=steps,
        total_seconds=round(max(0.0, seconds), 4),
        coordination_seconds=round(coordination_seconds(max(0.0, seconds), busy), 4),
    )


async def _journal(council: Council, run: OwnedRun, fields: Mapping[str, bytes | str], *events: AnyEvent) -> None:
    await council.store.journal(run, council.settings.lease_ms, fields, events)
