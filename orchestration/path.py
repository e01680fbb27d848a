"""The path of a question, from the task to its one end. Each step of it is named in `answer_question`.

What was decided is journalled before it is acted on, so that another process can go on from any line of it.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from agents import AgentError, AgentRegistry, Budget, together
from knowledge import KnowledgeStatus
from orchestration.aggregation import Aggregate, Aggregator, Anew, nothing_found
from orchestration.alarms import Alarms
from orchestration.approvals import TOO_LATE, Approvals, Proposal
from orchestration.backoff import MOST_RETRIES
from orchestration.brake import Brake
from orchestration.crash import Crash, CrashPoint, survive
from orchestration.deadline import Deadline
from orchestration.dispatch import Dispatcher
from orchestration.emitter import Emitter
from orchestration.errors import Forgotten, Superseded
from orchestration.hub import EventHub
from orchestration.interruption import undisturbed
from orchestration.keys import Keys
from orchestration.messages import (
    Aggregating,
    Answer,
    AnyEvent,
    Begun,
    ConflictFound,
    CoordinationPlan,
    Failed,
    Finished,
    Planned,
    Planning,
    Preparing,
    Recorded,
    Refused,
    Retrying,
    RunState,
    Selected,
    Selection,
    StepResult,
    Task,
    TaskResult,
    Token,
    encode,
)
from orchestration.metrics import Metrics
from orchestration.planning import make_plan
from orchestration.records import Fenced, OwnedRun, RunRecord
from orchestration.selector import Selector
from orchestration.settings import RunSettings
from orchestration.signing import Signing
from orchestration.steps import failure
from orchestration.store import RunStore
from orchestration.streams import Streams
from orchestration.terms import terms_of
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
    approvals: Approvals
    metrics: Metrics
    signing: Signing
    alarms: Alarms
    hub: EventHub
    streams: Streams
    keys: Keys
    preparation: Callable[[], AsyncIterator[KnowledgeStatus]]
    """What is still being made ready; ends at once when everything is."""
    settings: RunSettings
    budget: Budget
    """How much language models may be asked for one task."""
    brake: Brake | None = None
    """Where there are language models: a halt stops them here as well."""
    clock: Callable[[], float] = time.time
    crash: Crash = survive


async def answer_question(council: Council, run: OwnedRun) -> TaskResult | None:
    """Drive a run that this process owns to its end, from wherever its journal stands; returns that end.

    None when the person is asked first: nobody drives it until the plan is approved. Raises Superseded when somebody
    ended it (Stop) or took it over; there is nothing left to do then.
    """
    results = dict(run.record.results)
    selection, plan = run.selection, run.plan
    deadline = Deadline(council.store, run)
    async with council.hub.watch(run.task.id, fresh=run.fence == 1 and selection is None) as events:
        try:
            await _until_begun(council, run, events, deadline)
            if selection is None or plan is None:
                deadline.at += await _until_prepared(council, run)
                decided: tuple[Selection, CoordinationPlan] = await undisturbed(
                    events, council.brake, deadline, lambda again: _decide(council, run, deadline)
                )
                selection, plan = decided
            if run.awaiting or (run.task.approval and run.plan is None):
                await _ask_first(council, run, Proposal(selection, plan), deadline)
                return None
            await _execute(council, run, plan, results, events, deadline)
        except TimeoutError:
            return await _end_late(council, run, selection, plan, results, events, deadline)
        return await _aggregate(council, run, selection, plan, results, events, deadline)


async def _until_begun(council: Council, run: OwnedRun, events: asyncio.Queue[Recorded], deadline: Deadline) -> None:
    """Wait for the run's turn. Whoever ends a run lets the next one begin; we look as well, should they have died.

    One that awaits its approval has no turn yet.
    """
    loop = asyncio.get_running_loop()
    while not run.begun and not run.awaiting:
        await deadline.check()
        await council.store.begin_waiting(run.task.id)
        if await council.store.begun(run.task.id):
            return
        pause = min(council.settings.renew_seconds, deadline.at - loop.time())
        if isinstance(await _next(events, pause), Begun):
            return


async def _until_prepared(council: Council, run: OwnedRun) -> float:
    """At the first start the knowledge is still being read: say so, with figures; the deadline waits as well.

    Returns the seconds that it took.
    """
    loop = asyncio.get_running_loop()
    begun = loop.time()
    async for status in council.preparation():
        text = status.detail or "Reading the knowledge"
        event = Preparing(run=run.task.id, text=text, done=status.done, total=status.total)
        deadline = int((run.record.now + run.seconds_left + loop.time() - begun) * 1000)
        await council.store.journal(run, {"deadline": str(deadline)}, [event])
    return loop.time() - begun


async def _decide(council: Council, run: OwnedRun, deadline: Deadline) -> tuple[Selection, CoordinationPlan]:
    """Choose the agents and who does what; journalled, with the first steps marked as queued, before any is sent.

    A plan that the person wants to see first is written down when it is offered.
    """

    async def tell(planning: Planning) -> None:
        await council.store.journal(run, {}, [planning])

    async with asyncio.timeout_at(deadline.at):
        selection = await council.selector.select(run.task, seconds=deadline.left, tell=tell)
    plan = make_plan(selection)
    council.crash(CrashPoint.AFTER_SELECT)
    if run.task.approval:
        return selection, plan
    first = _first(council, plan)
    states = {f"{step.id}.state": "queued" if step.id in first else "waiting" for step in plan.steps}
    states |= {f"{step}.sent": f"{run.fence}.1" for step in first}
    seal, name = council.signing.seal, run.task.id
    decided: dict[str, bytes | str] = {
        "selection": seal("selection", name, encode(selection)),
        "plan": seal("plan", name, encode(plan)),
        **states,
    }
    events = Selected(run=run.task.id, selection=selection.shown()), Planned(run=run.task.id, plan=plan.shown())
    await council.store.journal(run, decided, events)
    council.crash(CrashPoint.AFTER_DECIDE)
    return selection, plan


def _first(council: Council, plan: CoordinationPlan) -> set[str]:
    """The steps that a plan begins with; never more of one run at a time than the settings allow."""
    return {step.id for step in plan.ready((), ())[: council.settings.run_steps]}


async def _ask_first(council: Council, run: OwnedRun, proposal: Proposal, deadline: Deadline) -> None:
    """Offer the plan to the person, and let go of the run until it is approved; somebody else may begin meanwhile."""
    await deadline.check()
    await council.approvals.propose(run, proposal)
    council.crash(CrashPoint.AFTER_PROPOSE)
    await council.store.begin_waiting(run.task.id)


async def _execute(
    council: Council,
    run: OwnedRun,
    plan: CoordinationPlan,
    results: dict[str, StepResult],
    events: asyncio.Queue[Recorded],
    deadline: Deadline,
) -> None:
    """Send what is ready, wait for results, send what became ready, until every step has ended.

    `results` is filled in, so that what was found is kept when the time runs out: then it raises TimeoutError.
    """
    loop = asyncio.get_running_loop()
    terms = terms_of(run.task, plan, council.budget, council.settings.step_seconds)
    dispatcher = Dispatcher(
        council.streams, council.keys, council.store, council.metrics, council.signing, run, plan, terms
    )
    if run.plan is None:
        begun, retries = _first(council, plan), dict[str, float]()
        await dispatcher.send_first([plan.step(step) for step in begun])
    else:
        begun, retries = await _pick_up(council, run, dispatcher, results)
    council.crash(CrashPoint.AFTER_SEND)
    lease = council.settings.lease_seconds
    look_at = loop.time() + lease
    while len(results) < len(plan.steps):
        await deadline.check()
        due = {step for step, at in retries.items() if at <= loop.time()}
        room = max(0, council.settings.run_steps - len(begun - results.keys()))
        ready = (*plan.ready(results, begun)[:room], *(plan.step(step) for step in due - results.keys()))
        retries = {step: at for step, at in retries.items() if step not in due}
        begun |= {step.id for step in ready}
        await dispatcher.send(ready, results)
        event = await _next(events, min([look_at, deadline.at, *retries.values()]) - loop.time())
        if isinstance(event, Finished | Failed):
            results[event.result.step] = event.result
        elif isinstance(event, Retrying):
            retries[event.step] = loop.time() + event.seconds
        elif isinstance(event, Refused):
            record = await council.store.record(run.task.id)
            results.update(record.results)
            await _refuse_forged(council, run, plan, record, event)
        if look_at <= loop.time():
            # However much is to be heard of the others: something may have got lost.
            record = await council.store.record(run.task.id)
            _still_there(record, begun, results)
            results.update(record.results)
            await _refuse_forged(council, run, plan, record)
            retries = _retries(record)
            await dispatcher.sweep(record, results, lease)
            look_at = loop.time() + lease


async def _pick_up(
    council: Council, run: OwnedRun, dispatcher: Dispatcher, results: dict[str, StepResult]
) -> tuple[set[str], dict[str, float]]:
    """After a takeover: send again what was queued. Returns the steps that were begun, and when to retry which."""
    # Between the takeover and the first event watched, a worker may have committed.
    record = await council.store.record(run.task.id)
    results.update(record.results)
    assert run.plan is not None, "a run is picked up when its plan is journalled"
    await _refuse_forged(council, run, run.plan, record)
    await dispatcher.send([run.plan.step(s) for s, step in record.steps.items() if step.state == "queued"], results)
    begun = {name for name, step in record.steps.items() if step.state != "waiting"}
    return begun, _retries(record)


async def _refuse_forged(
    council: Council, run: OwnedRun, plan: CoordinationPlan, record: RunRecord, told: Refused | None = None
) -> None:
    """Results that nobody who has the signing keys wrote raise the alarm, and count as failed attempts. What becomes of
    their steps comes as an event. One may have been `told` of and not be there: then nothing else is to be done.
    """
    for step in plan.steps:
        found = record.forged.get(step.id)
        if found is not None:
            await council.alarms.rise(step.agent, "result", found.why)
            title = council.registry[step.agent].title if step.agent in council.registry else step.agent
            reason = f"An answer in the name of {title} was refused, because nobody who may answer had signed it."
            again = Retrying(run=run.task.id, step=step.id, agent=step.agent, reason=reason, seconds=0.0)
            await council.store.refuse(run, step.id, record, again, failure(step, reason), MOST_RETRIES)
        elif told is not None and told.step == step.id:
            await council.alarms.rise(step.agent, "result", told.reason)


def _still_there(record: RunRecord, begun: Iterable[str], results: Iterable[str]) -> None:
    """Raise Forgotten when Redis does not know what this process saw there: it would wait for that in vain."""
    known = {name for name, step in record.steps.items() if step.state != "waiting"}
    ended = record.results.keys() | record.forged.keys()
    if lost := sorted({*begun} - known | {*results} - ended):
        raise Forgotten(f"Redis lost what it had acknowledged of {', '.join(lost)}")


def _retries(record: RunRecord) -> dict[str, float]:
    """When to send which step again, by the loop's clock."""
    now = asyncio.get_running_loop().time()
    return {s: now + step.until - record.now for s, step in record.steps.items() if step.state == "retrying"}


async def _next(events: asyncio.Queue[Recorded], seconds: float) -> AnyEvent | None:
    """The next event; None when there was none for so long."""
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            event = (await events.get()).event
    except TimeoutError:
        return None
    _go_on(event)
    return event


def _go_on(event: AnyEvent) -> None:
    if isinstance(event, Answer):
        raise Superseded(f"ended as {event.result.state}")


async def _aggregate(
    council: Council,
    run: OwnedRun,
    selection: Selection,
    plan: CoordinationPlan,
    results: Mapping[str, StepResult],
    events: asyncio.Queue[Recorded],
    deadline: Deadline,
) -> TaskResult:
    """Combine the findings, stream the answer, end the run."""
    ordered = tuple(results[step.id] for step in plan.steps if step.id in results)
    answered = [r for r in ordered if r.state == "answered"]
    failed = [r for r in ordered if r.state == "failed"]
    if not answered and failed:
        reason = " ".join(dict.fromkeys(r.error or "An agent failed." for r in failed))
        return await _end(council, run, "failed", ordered, selection, reason=reason)
    if not answered:
        found = nothing_found(run.task.id, selection, council.registry)
        return await _end(council, run, "nothing_found", ordered, selection, found)
    whole, last = await undisturbed(
        events, council.brake, deadline, lambda again: _write(council, run, selection, plan, ordered, deadline, again)
    )
    return await _end(council, run, "answered", ordered, selection, whole, events=last)


async def _write(
    council: Council,
    run: OwnedRun,
    selection: Selection,
    plan: CoordinationPlan,
    results: Sequence[StepResult],
    deadline: Deadline,
    again: bool,
) -> tuple[Aggregate, Sequence[AnyEvent]]:
    """Stream the answer; returns the whole, and what was not sent of it."""
    answered = sum(result.state == "answered" for result in results)
    pieces = council.aggregator.aggregate(run.task, selection, results, council.registry, deadline.left)

    async def send(events: Sequence[AnyEvent]) -> None:
        await council.store.journal(run, {}, events)

    async with aclosing(pieces), Emitter(send, linger=LINGER_SECONDS) as emitter:
        emitter.emit(Aggregating(run=run.task.id, answered=answered, asked=len(plan.steps)))
        if again:
            emitter.emit(written(run.task.id, Anew()))
        whole = None
        async for piece in pieces:
            if isinstance(piece, Aggregate):
                whole = piece
                for conflict in piece.conflicts:
                    emitter.emit(ConflictFound(run=run.task.id, conflict=conflict))
            else:
                emitter.emit(written(run.task.id, piece))
        last = await emitter.close()
    if whole is None:
        raise AgentError("The findings could not be put together.")
    return whole, last


def written(run: str, piece: str | Anew) -> Token:
    """A piece of the final answer."""
    if isinstance(piece, Anew):
        return Token(run=run, channel="answer", text="", fresh=True)
    return Token(run=run, channel="answer", text=piece)


async def _end_late(
    council: Council,
    run: OwnedRun,
    selection: Selection | None,
    plan: CoordinationPlan | None,
    results: dict[str, StepResult],
    events: asyncio.Queue[Recorded],
    deadline: Deadline,
) -> TaskResult:
    """The deadline passed: what was found counts, and the answer says who is missing."""
    if run.awaiting:
        return await _end(council, run, "expired", (), selection, reason=TOO_LATE)
    if plan is not None:
        # What was found in time may not have been heard of yet.
        results.update((await council.store.record(run.task.id)).results)
    if selection is None or plan is None or not any(r.state == "answered" for r in results.values()):
        reason = "The time for this question ran out before anything was found."
        return await _end(council, run, "expired", tuple(results.values()), selection, reason=reason)
    for step in plan.steps:
        results.setdefault(step.id, failure(step, "it ran out of time."))
    return await _aggregate(council, run, selection, plan, results, events, deadline)


async def _end(
    council: Council,
    run: OwnedRun,
    state: RunState,
    steps: tuple[StepResult, ...],
    selection: Selection | None,
    aggregate: Aggregate | None = None,
    reason: str = "",
    events: Sequence[AnyEvent] = (),
) -> TaskResult:
    result = ended(run.task, state, steps, selection, aggregate, reason, run.seconds_since_accepted(council.clock))
    council.crash(CrashPoint.BEFORE_FINISH)
    answer = Answer(run=run.task.id, result=result)
    status = await council.store.finish(run.task.id, result, [*events, answer], fence=run.fence)
    council.crash(CrashPoint.AFTER_FINISH)
    if status is not Fenced.OK:
        raise Superseded(status)
    return result


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
    told = [part for part in (selection, *steps, aggregate) if part is not None]
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
        usage=together(usage for part in told for usage in part.usage),
        notes=tuple(dict.fromkeys(part.note for part in told if part.note is not None)),
        total_seconds=round(max(0.0, seconds), 4),
        coordination_seconds=round(coordination_seconds(max(0.0, seconds), busy), 4),
    )
