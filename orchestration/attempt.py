"""A step from its message to its result: claimed under a fence, performed, committed, acknowledged; or broken off."""

import asyncio
import logging
import statistics
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError

from agents import Agent, AgentError, Terms
from agents.runner import Runner
from knowledge import KnowledgeError
from orchestration.alarms import Alarms
from orchestration.backoff import MOST_RETRIES, backoff_seconds
from orchestration.connections import TROUBLE
from orchestration.crash import Crash, CrashPoint
from orchestration.emitter import Emitter
from orchestration.errors import Forged, Superseded, UnsupportedMessage
from orchestration.inbox import Delivery, Inbox, Outcome
from orchestration.messages import (
    AnyEvent,
    Retrieved,
    Retrying,
    Returned,
    Started,
    StepMessage,
    StepResult,
    Token,
    decode,
)
from orchestration.metrics import Metrics
from orchestration.records import Fenced
from orchestration.round_trips import UNREACHABLE
from orchestration.settings import RunSettings
from orchestration.signing import Signing
from orchestration.slots import Slots
from orchestration.step_store import MOST_DEATHS, Claim, Claimed, StepStore
from orchestration.steps import failure, perform
from orchestration.terms import within
from orchestration.tracing import about

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 0.05
"""A message that finds no free slot here for this long is given back for another worker."""


@dataclass
class Held:
    """A message in hand."""

    delivery: Delivery
    task: asyncio.Task[None] | None = None
    message: StepMessage | None = None
    """Set once the step was claimed."""
    fence: int = 0
    lost: bool = False
    """Its run ended or another worker has it: stop, and report nothing."""
    given_back: str = ""
    """Why it is broken off here, to be done by somebody else."""
    tokens: list[bytes] = field(default_factory=list)
    """Ids of the token events of this attempt."""
    answering: bool = False
    """Only then it may be interrupted: what is on its way to Redis has to arrive in order."""

    def lose(self) -> None:
        """Stop working on it."""
        if not self.lost:
            self.lost = True
            self._interrupt()

    def give_back(self, reason: str) -> None:
        """Break it off, for another worker to do."""
        if not self.lost and not self.given_back:
            self.given_back = reason
            self._interrupt()

    def _interrupt(self) -> None:
        if self.answering and self.task is not None:
            self.answering = False
            self.task.cancel()


@dataclass
class StepCounts:
    """What a worker did for one agent since it started."""

    answered: int = 0
    failed: int = 0
    """Attempts that failed, those that were tried again included."""
    seconds: deque[float] = field(default_factory=lambda: deque(maxlen=100))
    """Durations of the latest steps."""

    @property
    def median_seconds(self) -> float:
        return round(statistics.median(self.seconds), 4) if self.seconds else 0.0


class Attempts:
    """Those of one worker. `let_go` is called before a message is given back, so that nothing keeps it alive here."""

    def __init__(
        self,
        *,
        worker: str,
        agents: Mapping[str, Agent],
        slots: Slots,
        inbox: Inbox,
        runner: Runner,
        store: StepStore,
        metrics: Metrics,
        signing: Signing,
        alarms: Alarms,
        settings: RunSettings,
        let_go: Callable[[Held], None],
        crash: Crash,
    ) -> None:
        self.counts = {agent: StepCounts() for agent in agents}
        self._worker = worker
        self._slots = slots
        self._inbox = inbox
        self._runner = runner
        self._store = store
        self._metrics = metrics
        self._signing = signing
        self._alarms = alarms
        self._settings = settings
        self._let_go = let_go
        self._crash = crash

    async def make(self, held: Held) -> None:
        """Take a message to its end, whichever it is; raises nothing but the cancellation of its worker."""
        agent = held.delivery.agent.name
        about(agent=agent)
        try:
            try:
                await self._process(held)
            except asyncio.CancelledError:
                if not held.lost and not held.given_back:
                    raise
                await self._break_off(held)
        except TROUBLE as error:
            log.warning("a step of %s is left for later: %s", agent, error)
        except Exception:
            # The boundary of one step: whatever it was, the worker goes on and the person hears of it.
            log.exception("a step of %s broke its worker's code", agent)
            await self._give_broken_up(held)

    async def _give_broken_up(self, held: Held) -> None:
        """Our own code cannot do this step, and would not do better the next time."""
        if held.message is None:
            return  # Nothing is known of it; the message stays, for another version of this code.
        reason = f"{held.delivery.agent.title} failed; the log of its worker has the details."
        try:
            await self._commit(held.delivery, held.message, failure(held.message.step, reason), held.fence)
        except TROUBLE as error:
            log.warning("a step of %s is left for later: %s", held.delivery.agent.name, error)

    async def _process(self, held: Held) -> None:
        delivery = held.delivery
        if not delivery.fields:
            await self._inbox.done(delivery)  # Somebody deleted it while it was pending.
            return
        try:
            body, signature = delivery.fields.get(b"m", b""), delivery.fields.get(b"s", b"")
            self._signing.verify_step(delivery.stream, body, signature)
            message = decode(StepMessage, body)
        except Forged as error:
            await self._alarms.rise(delivery.agent.name, "step", str(error))
            await self._inbox.bury(delivery, f"forged: {error}", done=True)
            return
        except (UnsupportedMessage, ValidationError) as error:
            await self._inbox.bury(delivery, _unreadable(error), done=True)
            return
        about(task=message.run, step=message.step.id)
        async with self._slots.one(PATIENCE_SECONDS) as free:
            alone = free and await self._claim_and_perform(held, message, alone=False)
        if not free:
            await self._pass_on(held)
        elif alone:
            log.warning("a step of %s lost its workers and is run alone", delivery.agent.name)
            async with self._slots.all():
                await self._claim_and_perform(held, message, alone=True)

    async def _claim_and_perform(self, held: Held, message: StepMessage, *, alone: bool) -> bool:
        """True when the step has to be claimed again, with the process for itself."""
        delivery = held.delivery
        if held.given_back:
            await self._pass_on(held)
            return False
        claim = await self._claim(delivery, message, alone)
        match claim.status:
            case Claimed.OK:
                held.message, held.fence = message, claim.fence
                await self._perform(held, message, claim)
            case Claimed.UNKNOWN:
                await self._inbox.bury(delivery, "its run does not exist", done=True)
            case Claimed.DONE | Claimed.OLD | Claimed.BUSY:
                await self._inbox.done(delivery)
            case Claimed.EXHAUSTED:
                await self._give_up(delivery, message, claim.fence)
            case Claimed.HALTED:
                await self._pass_on(held)
            case Claimed.ALONE:
                return True
        return False

    async def _claim(self, delivery: Delivery, message: StepMessage, alone: bool) -> Claim:
        run, step, agent = message.run, message.step.id, delivery.agent.name
        claim = await self._store.claim(
            run,
            step,
            worker=self._worker,
            message=delivery.entry,
            sent=message.sent,
            alone=alone,
            started=Started(run=run, step=step, agent=agent, worker=self._worker),
        )
        if claim.died:
            self._metrics.redelivered(agent)
        self._crash(CrashPoint.AFTER_CLAIM)
        return claim

    async def _give_up(self, delivery: Delivery, message: StepMessage, fence: int) -> None:
        """A step that kills its workers becomes a dead letter and a failure; the letter first, so that none is lost."""
        reason = f"{MOST_DEATHS} workers died while they worked on it, the last one alone"
        self._crash(CrashPoint.BEFORE_BURY)
        await self._inbox.bury(delivery, reason, done=False)
        self._crash(CrashPoint.AFTER_BURY)
        told = f"{delivery.agent.title} was tried {MOST_DEATHS} times and its worker died each time."
        await self._commit(delivery, message, failure(message.step, told), fence, outcome="failed")

    async def _perform(self, held: Held, message: StepMessage, claim: Claim) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        agent = held.delivery.agent

        async def send(events: Sequence[AnyEvent]) -> None:
            try:
                ids = await self._store.append(message.run, message.step.id, claim.fence, events)
            except Superseded:
                held.lose()
            except UNREACHABLE as error:
                # The result supersedes what the person could have watched of it.
                log.info("events of run %s are left out: %s", message.run, error)
            else:
                held.tokens += (i for i, event in zip(ids, events, strict=True) if isinstance(event, Token))

        reason, late = "", False
        async with Emitter(send) as emitter:
            try:
                held.answering = True
                if held.lost or held.given_back:
                    raise asyncio.CancelledError
                async with asyncio.timeout(max(0.0, claim.seconds_left)):
                    terms = within(message.terms, claim.seconds_left)
                    result = await self._answer(agent, message, terms, emitter)
            except TimeoutError:
                late = claim.seconds_left < 0.9 * self._settings.step_seconds
                result = failure(message.step, f"{agent.title} ran out of time.", loop.time() - begun)
            except (AgentError, KnowledgeError) as error:
                # Its sentence is for the person who asked: an answerer may have put words of a document into it.
                log.warning("%s failed in run %s (%s)", agent.name, message.run, type(error).__name__)
                reason = str(error)
                result = failure(message.step, reason, loop.time() - begun)
            finally:
                held.answering = False
            # What the result tells as well need not be told before it in the same breath.
            superseded = (Token,) if result.state == "failed" else (Token, Retrieved)
            unsent = [event for event in await emitter.close() if not isinstance(event, superseded)]
        pause = backoff_seconds(claim.failures)
        if reason and claim.failures < MOST_RETRIES and loop.time() - begun + pause < claim.seconds_left:
            await self._try_again(held, message, reason, pause)
            return
        # That a run left it too little time says nothing about the agent.
        outcome: Outcome = "ok" if result.state != "failed" else "" if late else "failed"
        await self._commit(held.delivery, message, result, claim.fence, unsent, held.tokens, outcome)

    async def _try_again(self, held: Held, message: StepMessage, reason: str, pause: float) -> None:
        """The owner of the run sends it again after a pause."""
        agent = held.delivery.agent.name
        event = Retrying(run=message.run, step=message.step.id, agent=agent, reason=reason, seconds=pause)
        self._crash(CrashPoint.BEFORE_RELEASE)
        status = await self._store.release(
            message.run, message.step.id, held.fence, "retrying", pause, event, held.tokens
        )
        self._crash(CrashPoint.AFTER_RELEASE)
        if status is Fenced.STALE:
            await self._lost(agent, message, held.fence)
            return
        self.counts[agent].failed += 1
        if status is Fenced.OK:
            self._metrics.attempt_ended(agent, "retried")
        await self._inbox.done(held.delivery, "failed" if status is Fenced.OK else "")

    async def _answer(self, agent: Agent, message: StepMessage, terms: Terms, emitter: Emitter) -> StepResult:
        async def emit(event: AnyEvent) -> None:
            emitter.emit(event)

        try:
            return await perform(
                self._runner,
                agent,
                message.step,
                run=message.run,
                person=message.person,
                bases=(agent.name,),
                context=message.context,
                terms=terms,
                emit=emit,
            )
        except (AgentError, KnowledgeError):
            raise
        except Exception as error:
            # An answerer is somebody else's code: what it raises is this step's failure, not the worker's.
            log.exception("%s failed in run %s", agent.name, message.run)
            raise AgentError(f"{agent.title} failed while answering ({type(error).__name__}).") from error

    async def _commit(
        self,
        delivery: Delivery,
        message: StepMessage,
        result: StepResult,
        fence: int,
        unsent: Sequence[AnyEvent] = (),
        tokens: Sequence[bytes] = (),
        outcome: Outcome = "",
    ) -> None:
        acknowledged = self._inbox.with_result(delivery, outcome)
        self._crash(CrashPoint.BEFORE_COMMIT)
        status = await self._store.commit(message.run, result, unsent, fence, tokens, acknowledged)
        self._crash(CrashPoint.AFTER_COMMIT)
        if status is Fenced.STALE:
            await self._lost(delivery.agent.name, message, fence)
            return
        if status is Fenced.OK:
            self._metrics.attempt_ended(delivery.agent.name, result.state, result.seconds)
            if outcome:
                self._count(delivery.agent.name, result)
        if acknowledged is None:
            await self._inbox.done(delivery, outcome if status is Fenced.OK else "")
        self._crash(CrashPoint.AFTER_ACKNOWLEDGE)

    def _count(self, agent: str, result: StepResult) -> None:
        counts = self.counts[agent]
        if result.state == "failed":
            counts.failed += 1
        else:
            counts.answered += 1
            counts.seconds.append(result.seconds)

    async def _lost(self, agent: str, message: StepMessage, fence: int) -> None:
        """Another worker has the step; this one is alive all the same, so the step did not kill it."""
        self._metrics.step_lost(agent)
        await self._store.absolve(message.run, message.step.id, fence)

    async def _break_off(self, held: Held) -> None:
        """A step that was lost, or that somebody else shall do."""
        message, delivery = held.message, held.delivery
        if held.lost and message is not None:
            if await self._store.ended([message.run]):
                await self._inbox.done(delivery)
            else:
                await self._lost(delivery.agent.name, message, held.fence)
        elif held.given_back:
            if message is not None:
                agent = delivery.agent.name
                event = Returned(run=message.run, step=message.step.id, agent=agent, reason=held.given_back)
                self._crash(CrashPoint.BEFORE_RELEASE)
                status = await self._store.release(
                    message.run, message.step.id, held.fence, "queued", 0.0, event, held.tokens
                )
                self._crash(CrashPoint.AFTER_RELEASE)
                if status is Fenced.STALE:
                    await self._lost(agent, message, held.fence)
                elif status is Fenced.OK:
                    self._metrics.attempt_ended(agent, "returned")
            await self._pass_on(held)

    async def _pass_on(self, held: Held) -> None:
        """Let any worker have the message, this one too."""
        self._let_go(held)
        await self._inbox.give_back(held.delivery)


def _unreadable(error: Exception) -> str:
    """Why a message became a dead letter."""
    if isinstance(error, UnsupportedMessage):
        return f"written by another version of the program: {error}; replay it where that version runs"
    return f"not a step: {type(error).__name__}"
