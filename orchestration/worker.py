"""A worker: takes steps from its inbox, performs them, commits their results.

Its loops live in one TaskGroup: read new messages; recover those of dead workers; renew the leases of what it holds;
watch for runs that have ended, to stop their steps.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from pydantic import ValidationError

from agents import Agent, AgentError
from agents.runner import Runner
from knowledge import KnowledgeError
from orchestration.connections import TROUBLE
from orchestration.emitter import Emitter
from orchestration.errors import Superseded, UnsupportedMessage
from orchestration.hints import Hints, ticks
from orchestration.inbox import Delivery, Inbox
from orchestration.messages import (
    AnyEvent,
    Failed,
    Finished,
    Restarted,
    Started,
    StepMessage,
    StepResult,
    Token,
    decode,
)
from orchestration.settings import RunSettings
from orchestration.steps import failure, perform
from orchestration.store import Claim, Claimed, Fenced, RunStore

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 3
CANCEL_POLL_SECONDS = 0.5


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

    def lose(self) -> None:
        """Stop working on it."""
        if self.lost:
            return
        self.lost = True
        if self.task is not None:
            self.task.cancel()


@dataclass
class WorkerCounts:
    """What a worker did since it started."""

    answered: int = 0
    failed: int = 0
    seconds: list[float] = field(default_factory=list)
    """Durations of the latest hundred steps."""

    def add(self, result: StepResult) -> None:
        if result.state == "failed":
            self.failed += 1
        else:
            self.answered += 1
        self.seconds = [*self.seconds[-99:], result.seconds]


class Worker:
    """Runs steps of some agents. `crash` is called at named points, so that a test can die there."""

    def __init__(
        self,
        *,
        name: str,
        agents: Mapping[str, Agent],
        inbox: Inbox,
        runner: Runner,
        store: RunStore,
        hints: Hints,
        settings: RunSettings,
        crash: Callable[[str], None] = lambda point: None,
    ) -> None:
        self.name = name
        self.agents = agents
        self.counts = WorkerCounts()
        self._inbox = inbox
        self._runner = runner
        self._store = store
        self._hints = hints
        self._settings = settings
        self._crash = crash
        self._held: dict[tuple[str, bytes], Held] = {}
        self._freed = asyncio.Event()
        # One read of several streams may bring more messages than there are slots; those wait here, held.
        self._slots = asyncio.Semaphore(settings.slots)
        self._steps: asyncio.TaskGroup | None = None
        self._leaving = False

    @property
    def busy(self) -> int:
        """Steps in hand."""
        return len(self._held)

    async def run(self) -> None:
        """Work until `leave` was called and what was begun has ended, or until cancelled."""
        await self._inbox.open()
        async with asyncio.TaskGroup() as steps:
            self._steps = steps
            async with asyncio.TaskGroup() as loops:
                keepers = [loops.create_task(loop()) for loop in (self._recover, self._renew, self._watch)]
                await self._inbox.read(self._free_slots, self._begin)
                while self._held:
                    await self._until_freed()
                for keeper in keepers:
                    keeper.cancel()
        await self._inbox.close()

    async def leave(self) -> None:
        """Take nothing new; `run` returns when what was begun has ended."""
        self._leaving = True
        self._freed.set()
        await self._inbox.leave()

    async def _free_slots(self) -> int:
        """Waits for one; reading only as much as can be begun is the backpressure."""
        while len(self._held) >= self._settings.slots and not self._leaving:
            await self._until_freed()
        return self._settings.slots - len(self._held)

    async def _until_freed(self) -> None:
        self._freed.clear()
        await self._freed.wait()

    # One step

    def _begin(self, delivery: Delivery) -> None:
        key = (delivery.agent.name, delivery.entry)
        if key in self._held or self._steps is None:
            return
        held = self._held[key] = Held(delivery)
        held.task = self._steps.create_task(self._handle(key, held))

    async def _handle(self, key: tuple[str, bytes], held: Held) -> None:
        try:
            async with self._slots:
                await self._process(held)
        except asyncio.CancelledError:
            if not held.lost:
                raise
            await self._forget(held)
        except TROUBLE as error:
            log.warning("a step of %s is left for later: %s", key[0], error)
        except Exception:
            # The boundary of one step: whatever it was, the worker goes on and the message stays pending, so that
            # the step is tried again and, after MOST_ATTEMPTS, failed.
            log.exception("a step of %s broke its worker's code", key[0])
        finally:
            self._held.pop(key, None)
            self._freed.set()

    async def _process(self, held: Held) -> None:
        delivery = held.delivery
        try:
            message = decode(StepMessage, delivery.fields[b"m"])
        except UnsupportedMessage as error:
            log.warning("left for a newer worker: %s", error)
            return
        except (ValidationError, KeyError) as error:
            await self._inbox.bury(delivery, f"not a step: {type(error).__name__}")
            return
        claim = await self._claim(delivery, message)
        if claim.status is Claimed.UNKNOWN:
            await self._inbox.bury(delivery, "its run does not exist")
        elif claim.status in (Claimed.DONE, Claimed.BUSY):
            await self._inbox.done(delivery)
        elif claim.status is Claimed.EXHAUSTED:
            reason = f"{delivery.agent.title} was tried {MOST_ATTEMPTS} times and its worker died each time."
            await self._commit(delivery, message, failure(message.step, reason), claim.fence)
        else:
            held.message, held.fence = message, claim.fence
            await self._perform(held, message, claim)

    async def _claim(self, delivery: Delivery, message: StepMessage) -> Claim:
        run, step, agent = message.run, message.step.id, delivery.agent.name
        claim = await self._store.claim(
            run,
            step,
            worker=self.name,
            message=delivery.entry,
            lease_ms=self._settings.lease_ms,
            most=MOST_ATTEMPTS,
            started=Started(run=run, step=step, agent=agent, worker=self.name),
            restarted=Restarted(run=run, step=step, agent=agent, worker=self.name),
        )
        self._crash("after_claim")
        return claim

    async def _perform(self, held: Held, message: StepMessage, claim: Claim) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        agent = held.delivery.agent
        tokens: list[bytes] = []

        async def send(events: Sequence[AnyEvent]) -> None:
            try:
                ids = await self._store.append(message.run, message.step.id, claim.fence, events)
            except Superseded:
                held.lose()
            else:
                tokens.extend(i for i, event in zip(ids, events, strict=True) if isinstance(event, Token))

        async with Emitter(send) as emitter:
            try:
                async with asyncio.timeout(max(0.0, claim.seconds_left)):
                    result = await self._answer(agent, message, emitter)
            except TimeoutError:
                result = failure(message.step, f"{agent.title} ran out of time.", loop.time() - begun)
            except (AgentError, KnowledgeError) as error:
                log.warning("%s failed in run %s: %s", agent.name, message.run, error)
                result = failure(message.step, str(error), loop.time() - begun)
            unsent = [event for event in await emitter.close() if not isinstance(event, Token)]
        await self._commit(held.delivery, message, result, claim.fence, unsent, tokens)

    async def _answer(self, agent: Agent, message: StepMessage, emitter: Emitter) -> StepResult:
        parts = perform(
            self._runner,
            agent,
            message.step,
            run=message.run,
            person=message.person,
            bases=(agent.name,),
            context=message.context,
        )
        async with aclosing(parts):
            try:
                async for part in parts:
                    if isinstance(part, StepResult):
                        return part
                    emitter.emit(part)
            except (AgentError, KnowledgeError):
                raise
            except Exception as error:
                # An answerer is somebody else's code: what it raises is this step's failure, not the worker's.
                log.exception("%s failed in run %s", agent.name, message.run)
                raise AgentError(f"{agent.title} failed while answering ({type(error).__name__}).") from error
        raise AgentError(f"{agent.title} stopped before it had an answer.")

    async def _commit(
        self,
        delivery: Delivery,
        message: StepMessage,
        result: StepResult,
        fence: int,
        unsent: Sequence[AnyEvent] = (),
        tokens: Sequence[bytes] = (),
    ) -> None:
        kind = Failed if result.state == "failed" else Finished
        events = [*unsent, kind(run=message.run, step=result.step, result=result)]
        self._crash("before_commit")
        status = await self._store.commit(message.run, result, events, fence, tokens)
        self._crash("after_commit")
        if status is Fenced.STALE:
            return
        if status is Fenced.OK:
            self.counts.add(result)
        await self._inbox.done(delivery)
        self._crash("after_acknowledge")

    async def _forget(self, held: Held) -> None:
        """After losing a step: if its run is over the message has no use; otherwise it is somebody else's."""
        if held.message is not None and await self._store.ended([held.message.run]):
            await self._inbox.done(held.delivery)

    # Keeping what is held, recovering what others lost

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._settings.lease_seconds / 3)
            try:
                await self._renew_all()
            except TROUBLE as error:
                log.warning("%s cannot renew its leases: %s", self.name, error)

    async def _renew_all(self) -> None:
        for held in list(self._held.values()):
            if held.message is None or held.lost:
                continue
            run, step = held.message.run, held.message.step.id
            status = await self._store.renew(run, step, held.fence, self._settings.lease_ms)
            if status is not Fenced.OK and held in self._held.values():
                held.lose()
        await self._inbox.keep([held.delivery for held in self._held.values() if not held.lost])

    async def _watch(self) -> None:
        with self._hints.listen() as hint:
            async for _ in ticks(hint, CANCEL_POLL_SECONDS):
                try:
                    await self._stop_ended()
                except TROUBLE as error:
                    log.warning("%s cannot see whether its runs go on: %s", self.name, error)

    async def _stop_ended(self) -> None:
        claimed = [(held, held.message.run) for held in self._held.values() if held.message is not None]
        ended = await self._store.ended(list({run for _, run in claimed})) if claimed else set()
        for held, run in claimed:
            if run in ended and held in self._held.values():
                held.lose()

    async def _recover(self) -> None:
        while True:
            await asyncio.sleep(self._settings.lease_seconds / 4)
            try:
                free = self._settings.slots - len(self._held)
                for delivery in await self._inbox.recover(self._settings.lease_ms, free) if free > 0 else ():
                    self._begin(delivery)
            except TROUBLE as error:
                log.warning("%s cannot look for lost steps: %s", self.name, error)
