"""A worker: takes steps from its agents' streams, performs them, commits their results.

The loops of one worker live in one TaskGroup:
- read: new messages, as many as there are free slots;
- recover: messages whose worker gave no sign of life for a lease;
- renew: keep what this worker holds;
- watch: stop steps whose run has ended.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field

from pydantic import ValidationError
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from agents import Agent, AgentError
from agents.runner import Runner
from knowledge import KnowledgeError
from orchestration.connections import BLOCK_MS, UNREACHABLE, Connections
from orchestration.emitter import StepEmitter
from orchestration.errors import UnsupportedMessage
from orchestration.hints import Hints, ticks
from orchestration.keys import GROUP, Keys
from orchestration.messages import (
    Failed,
    Finished,
    Restarted,
    Started,
    StepMessage,
    StepResult,
    decode,
)
from orchestration.settings import RunSettings
from orchestration.steps import failure, perform
from orchestration.store import Claim, Claimed, Fenced, RunStore

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 3
CANCEL_POLL_SECONDS = 0.5
DEAD_LETTERS_KEPT = 1_000


@dataclass
class Held:
    """A message in hand."""

    agent: Agent
    entry: bytes
    task: asyncio.Task[None] | None = None
    message: StepMessage | None = None
    fence: int = 0
    lost: bool = False
    """Its run ended or another worker has it: stop, and report nothing."""

    @property
    def key(self) -> tuple[str, bytes]:
        """Entries of different streams may have the same id."""
        return self.agent.name, self.entry


@dataclass
class WorkerCounts:
    """What a worker did since it started."""

    answered: int = 0
    failed: int = 0
    seconds: list[float] = field(default_factory=list)
    """Durations of the latest steps, newest last."""

    def add(self, result: StepResult) -> None:
        if result.state == "failed":
            self.failed += 1
        else:
            self.answered += 1
        self.seconds = [*self.seconds[-99:], result.seconds]


class Worker:
    """Runs steps of some agents. `crash` is called at named points, so that tests can die there."""

    def __init__(
        self,
        *,
        name: str,
        agents: Mapping[str, Agent],
        runner: Runner,
        connections: Connections,
        keys: Keys,
        store: RunStore,
        hints: Hints,
        settings: RunSettings,
        crash: Callable[[str], None] = lambda point: None,
    ) -> None:
        self.name = name
        self.agents = agents
        self.counts = WorkerCounts()
        self._runner = runner
        self._connections = connections
        self._redis = connections.commands
        self._keys = keys
        self._store = store
        self._hints = hints
        self._settings = settings
        self._crash = crash
        self._streams = {keys.tasks(agent).encode(): agents[agent] for agent in agents}
        self._held: dict[tuple[str, bytes], Held] = {}
        self._freed = asyncio.Event()
        self._reader_id: int | None = None
        self._leaving = False
        self._steps: asyncio.TaskGroup | None = None

    @property
    def busy(self) -> int:
        """Steps in hand."""
        return len(self._held)

    async def run(self) -> None:
        """Work until `leave` was called and what was begun has ended, or until cancelled."""
        await self._until_reachable(self._make_groups)
        async with asyncio.TaskGroup() as steps:
            self._steps = steps
            async with asyncio.TaskGroup() as loops:
                keepers = [loops.create_task(loop()) for loop in (self._recover, self._renew, self._watch)]
                await self._read()
                while self._held:
                    self._freed.clear()
                    await self._freed.wait()
                for keeper in keepers:
                    keeper.cancel()
        await self._deregister()

    async def leave(self) -> None:
        """Take nothing new; `run` returns when what was begun has ended."""
        self._leaving = True
        self._freed.set()
        if self._reader_id is not None:
            await self._redis.client_unblock(self._reader_id)

    # Reading ---------------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        while not self._leaving:
            reader = self._connections.reader()
            try:
                self._reader_id = await reader.client_id()
                await self._read_own(reader)
                while not self._leaving:
                    await self._read_new(reader)
            except UNREACHABLE as error:
                # A read whose reply was lost may have given us messages: they are in our own list, read next.
                log.warning("%s cannot read its steps: %s", self.name, error)
                await asyncio.sleep(0.1)
            except ResponseError as error:
                if "NOGROUP" not in str(error):
                    raise
                await self._make_groups()
            finally:
                self._reader_id = None
                await reader.aclose()

    async def _read_new(self, reader: Redis) -> None:
        while not self._leaving and len(self._held) >= self._settings.slots:
            self._freed.clear()
            await self._freed.wait()
        if self._leaving:
            return
        free = self._settings.slots - len(self._held)
        count = max(1, free // len(self._streams))
        await self._take(reader, dict.fromkeys(self._streams, ">"), count, BLOCK_MS)

    async def _read_own(self, reader: Redis) -> None:
        await self._take(reader, dict.fromkeys(self._streams, "0"), self._settings.slots, None)

    async def _take(self, reader: Redis, streams: dict[bytes, str], count: int, block: int | None) -> None:
        reply = await reader.xreadgroup(GROUP, self.name, streams, count=count, block=block)
        for stream, entries in reply or ():
            for entry, fields in entries:
                self._begin(self._streams[stream], entry, fields)

    def _begin(self, agent: Agent, entry: bytes, fields: Mapping[bytes, bytes] | None) -> None:
        held = Held(agent, entry)
        if held.key in self._held or self._steps is None:
            return
        self._held[held.key] = held
        held.task = self._steps.create_task(self._handle(held, fields or {}))

    # One step --------------------------------------------------------------------------------------------------

    async def _handle(self, held: Held, fields: Mapping[bytes, bytes]) -> None:
        try:
            await self._process(held, fields)
        except asyncio.CancelledError:
            if not held.lost:
                raise
            await self._forget(held)
        except UNREACHABLE as error:
            log.warning("step of %s left for later: %s", held.agent.name, error)
        except Exception:
            # The boundary of one step: whatever it was, the worker goes on and the message stays pending, so that
            # the step is tried again and, after MOST_ATTEMPTS, failed.
            log.exception("step of %s broke its worker's code", held.agent.name)
        finally:
            self._held.pop(held.key, None)
            self._freed.set()

    async def _process(self, held: Held, fields: Mapping[bytes, bytes]) -> None:
        try:
            message = decode(StepMessage, fields[b"m"])
        except UnsupportedMessage as error:
            log.warning("left for a newer worker: %s", error)
            return
        except (ValidationError, KeyError) as error:
            await self._bury(held, fields, f"not a step: {type(error).__name__}")
            return
        claim = await self._claim(held, message)
        if claim.status is Claimed.UNKNOWN:
            await self._bury(held, fields, "its run does not exist")
        elif claim.status in (Claimed.DONE, Claimed.BUSY):
            await self._acknowledge(held)
        elif claim.status is Claimed.EXHAUSTED:
            reason = f"{held.agent.title} was tried {MOST_ATTEMPTS} times and its worker died each time."
            await self._commit(held, message, failure(message.step, reason), claim.fence, [])
        else:
            held.message, held.fence = message, claim.fence
            await self._perform(held, message, claim)

    async def _claim(self, held: Held, message: StepMessage) -> Claim:
        about = {"run": message.run, "step": message.step.id, "agent": held.agent.name, "worker": self.name}
        claim = await self._store.claim(
            message.run,
            message.step.id,
            worker=self.name,
            message=held.entry,
            lease_ms=self._settings.lease_ms,
            most=MOST_ATTEMPTS,
            started=Started.model_validate(about),
            restarted=Restarted.model_validate(about),
        )
        self._crash("after_claim")
        return claim

    async def _perform(self, held: Held, message: StepMessage, claim: Claim) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        emitter = StepEmitter(
            self._store, message.run, message.step.id, claim.fence, superseded=lambda: self._lose(held)
        )
        async with emitter:
            try:
                async with asyncio.timeout(max(0.0, claim.seconds_left)):
                    result = await self._answer(held, message, emitter)
            except TimeoutError:
                result = failure(message.step, f"{held.agent.title} ran out of time.", loop.time() - begun)
            except (AgentError, KnowledgeError) as error:
                log.warning("%s failed in run %s: %s", held.agent.name, message.run, error)
                result = failure(message.step, str(error), loop.time() - begun)
        await self._commit(held, message, result, claim.fence, emitter.tokens)

    async def _answer(self, held: Held, message: StepMessage, emitter: StepEmitter) -> StepResult:
        parts = perform(
            self._runner,
            held.agent,
            message.step,
            run=message.run,
            person=message.person,
            bases=(held.agent.name,),
            context=message.context,
        )
        async with aclosing(parts) as stream:  # type: ignore[type-var]
            try:
                async for part in stream:
                    if isinstance(part, StepResult):
                        return part
                    emitter.emit(part)
            except (*UNREACHABLE, AgentError, KnowledgeError, TimeoutError):
                raise
            except Exception as error:
                # An answerer is somebody else's code: what it raises is this step's failure, not the worker's.
                log.exception("%s failed in run %s", held.agent.name, message.run)
                raise AgentError(f"{held.agent.title} failed while answering ({type(error).__name__}).") from error
        raise AgentError(f"{held.agent.title} stopped before it had an answer.")

    async def _commit(
        self, held: Held, message: StepMessage, result: StepResult, fence: int, tokens: list[bytes]
    ) -> None:
        event = Failed if result.state == "failed" else Finished
        self._crash("before_commit")
        status = await self._store.commit(
            message.run, result, event(run=message.run, step=result.step, result=result), fence, tokens
        )
        self._crash("after_commit")
        if status is Fenced.STALE:
            return
        self.counts.add(result)
        await self._acknowledge(held)
        self._crash("after_acknowledge")

    async def _acknowledge(self, held: Held) -> None:
        """The message has done its work. A crash before this redelivers it, and claim answers DONE."""
        stream = self._keys.tasks(held.agent.name)
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.xack(stream, GROUP, held.entry)
            pipe.xdel(stream, held.entry)
            await pipe.execute()

    async def _bury(self, held: Held, fields: Mapping[bytes, bytes], reason: str) -> None:
        log.error("dead letter for %s: %s", held.agent.name, reason)
        await self._redis.xadd(
            self._keys.dead(held.agent.name),
            {**fields, b"reason": reason.encode(), b"entry": held.entry},
            maxlen=DEAD_LETTERS_KEPT,
        )
        await self._acknowledge(held)

    async def _forget(self, held: Held) -> None:
        """After losing a step: if its run is over the message has no use; otherwise it is somebody else's."""
        if held.message and await self._store.ended([held.message.run]):
            await self._acknowledge(held)

    def _lose(self, held: Held) -> None:
        held.lost = True
        if held.task is not None:
            held.task.cancel()

    # Keeping, watching, recovering -----------------------------------------------------------------------------

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._settings.lease_seconds / 3)
            await self._while_reachable(self._renew_all)

    async def _renew_all(self) -> None:
        for held in [h for h in self._held.values() if h.message is not None]:
            assert held.message is not None
            status = await self._store.renew(
                held.message.run, held.message.step.id, held.fence, self._settings.lease_ms
            )
            if status is not Fenced.OK and held.key in self._held:
                self._lose(held)
        for stream, agent in self._streams.items():
            entries = [h.entry for h in self._held.values() if h.agent is agent and not h.lost]
            if entries:
                await self._store.keep(stream, GROUP, self.name, entries)

    async def _watch(self) -> None:
        with self._hints.listen() as hint:
            async for _ in ticks(hint, CANCEL_POLL_SECONDS):
                await self._while_reachable(self._stop_ended)

    async def _stop_ended(self) -> None:
        running = [h for h in self._held.values() if h.message is not None]
        runs = list({h.message.run for h in running if h.message is not None})
        ended = await self._store.ended(runs) if runs else set()
        for held in running:
            if held.message is not None and held.message.run in ended and held.key in self._held:
                self._lose(held)

    async def _recover(self) -> None:
        while True:
            await asyncio.sleep(self._settings.lease_seconds / 4)
            await self._while_reachable(self._recover_all)

    async def _recover_all(self) -> None:
        for stream, agent in self._streams.items():
            free = self._settings.slots - len(self._held)
            if free <= 0 or self._leaving:
                return
            _, entries, *_ = await self._redis.xautoclaim(
                stream, GROUP, self.name, min_idle_time=self._settings.lease_ms, start_id="0-0", count=free
            )
            for entry, fields in entries:
                if entry is None:
                    continue
                self._begin(agent, entry, fields)

    async def _make_groups(self) -> None:
        for stream in self._streams:
            try:
                # From the first entry, never from the newest: what was sent before the group existed counts.
                await self._redis.xgroup_create(stream, GROUP, id="0", mkstream=True)
            except ResponseError as error:
                if "BUSYGROUP" not in str(error):
                    raise

    async def _deregister(self) -> None:
        for stream in self._streams:
            await self._while_reachable(lambda stream=stream: self._store.leave(stream, GROUP, self.name))

    async def _while_reachable(self, action: Callable[[], object]) -> None:
        """Do something that can wait for the next turn when Redis is away."""
        try:
            await action()  # type: ignore[misc]
        except UNREACHABLE as error:
            log.warning("%s: %s", self.name, error)
        except ResponseError as error:
            if "NOGROUP" not in str(error):
                raise
            await self._make_groups()

    async def _until_reachable(self, action: Callable[[], object]) -> None:
        while True:
            try:
                await action()  # type: ignore[misc]
                return
            except UNREACHABLE as error:
                log.warning("%s waits for Redis: %s", self.name, error)
                await asyncio.sleep(0.2)
