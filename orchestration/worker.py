"""A worker: takes steps from its inbox, performs them, commits their results.

Its loops live in one TaskGroup: read new messages; recover those of dead workers; renew the leases of what it holds;
watch for runs that have ended, and for the kill switch, to stop their steps; tidy up behind dead workers.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from agents import Agent
from agents.runner import Runner
from orchestration.alarms import Alarms
from orchestration.attempt import Attempts, Held, StepCounts
from orchestration.brake import Brake
from orchestration.connections import TROUBLE
from orchestration.crash import Crash, survive
from orchestration.hints import Hints, ticks
from orchestration.inbox import Delivery, Inbox
from orchestration.metrics import Metrics
from orchestration.records import Fenced
from orchestration.scaling import FIRST
from orchestration.settings import RunSettings
from orchestration.signing import Signing
from orchestration.slots import Slots
from orchestration.step_store import StepStore

log = logging.getLogger(__name__)

CANCEL_POLL_SECONDS = 0.5
GRACE_SECONDS = 3.0
"""How long a leaving worker may take to finish what it has begun; what is left then is given back."""
TIDY_SECONDS = 60.0
LEAVING = "its worker was stopped"
HALTED = "all agents were stopped"


class Worker:
    """Runs steps of some agents. `crash` is called at named points, so that a test can die there."""

    def __init__(
        self,
        *,
        name: str,
        agents: Mapping[str, Agent],
        inbox: Inbox,
        runner: Runner,
        store: StepStore,
        hints: Hints,
        brake: Brake,
        metrics: Metrics,
        signing: Signing,
        alarms: Alarms,
        settings: RunSettings,
        crash: Crash = survive,
    ) -> None:
        self.name = name
        self.agents = agents
        self._inbox = inbox
        self._store = store
        self._hints = hints
        self._brake = brake
        self._settings = settings
        self._held: dict[tuple[str, bytes], Held] = {}
        self._freed = asyncio.Event()
        self._slots = Slots(FIRST if settings.slots == "auto" else settings.slots)
        self._attempts = Attempts(
            worker=name,
            agents=agents,
            slots=self._slots,
            inbox=inbox,
            runner=runner,
            store=store,
            metrics=metrics,
            signing=signing,
            alarms=alarms,
            settings=settings,
            let_go=self._let_go,
            crash=crash,
        )
        self._looked = 0.0
        """When it last looked for lost steps, by the loop's clock."""
        self._steps: asyncio.TaskGroup | None = None
        self._leaving = False

    @property
    def counts(self) -> Mapping[str, StepCounts]:
        """What it did for each agent since it started."""
        return self._attempts.counts

    @property
    def slots(self) -> int:
        """Steps that it works on at the same time."""
        return self._slots.count

    def resize(self, slots: int) -> None:
        """Work on so many at the same time from now on; what was begun beyond them goes on."""
        if slots != self._slots.count:
            log.info("%s works on %d steps at a time", self.name, slots)
            self._slots.resize(slots)
            self._freed.set()

    def busy(self, agent: str = "") -> int:
        """Steps in hand, of one agent or of all."""
        return sum(1 for held in self._held.values() if not agent or held.delivery.agent.name == agent)

    async def run(self) -> None:
        """Work until `leave` was called and what was begun has ended or was given back, or until cancelled."""
        await self._inbox.open()
        async with asyncio.TaskGroup() as steps:
            self._steps = steps
            async with asyncio.TaskGroup() as loops:
                keeping = (self._recover, self._renew, self._watch, self._stop_at_halt, self._tidy)
                keepers = [loops.create_task(loop()) for loop in keeping]
                await self._inbox.read(self._free_slots, self._begin)
                try:
                    async with asyncio.timeout(GRACE_SECONDS):
                        await self._until_idle()
                except TimeoutError:
                    self._give_all_back(LEAVING)
                    await self._until_idle()
                for keeper in keepers:
                    keeper.cancel()
        await self._inbox.close()

    async def leave(self) -> None:
        """Take nothing new; `run` returns when what was begun has ended or was given back."""
        self._leaving = True
        self._freed.set()
        await self._inbox.leave()

    async def _free_slots(self) -> int:
        """Waits for one; reading only as much as can be begun is the backpressure.

        What was lost goes before what is new: a busy worker has a free slot for a moment only, and no tick may hit it.
        """
        while not self._leaving:
            if self._brake.halt is not None:
                self._freed.clear()
                await self._either(self._brake.released)
            elif self._slots.reserved or len(self._held) >= self._slots.count:
                await self._until_freed()
            elif asyncio.get_running_loop().time() - self._looked > self._settings.look_seconds:
                await self._take_over()
            else:
                return self._slots.count - len(self._held)
        return 1

    async def _either(self, happened: Callable[[], Awaitable[None]]) -> None:
        """Wait for that, or until something was freed (which leaving is as well)."""
        waits = [asyncio.ensure_future(happened()), asyncio.ensure_future(self._freed.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _until_freed(self) -> None:
        self._freed.clear()
        await self._freed.wait()

    async def _until_idle(self) -> None:
        while self._held:
            await self._until_freed()

    def _give_all_back(self, reason: str) -> None:
        for held in list(self._held.values()):
            held.give_back(reason)

    def _begin(self, delivery: Delivery) -> None:
        key = (delivery.stream, delivery.entry)
        if key in self._held or self._steps is None:
            return
        held = self._held[key] = Held(delivery)
        held.task = self._steps.create_task(self._attempt(key, held))

    async def _attempt(self, key: tuple[str, bytes], held: Held) -> None:
        try:
            await self._attempts.make(held)
        finally:
            if self._held.get(key) is held:
                del self._held[key]
            self._freed.set()

    def _let_go(self, held: Held) -> None:
        self._held.pop((held.delivery.stream, held.delivery.entry), None)

    # Keeping what is held, recovering what others lost

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._settings.renew_seconds)
            try:
                await self._renew_all()
            except TROUBLE as error:
                log.warning("%s cannot renew its leases: %s", self.name, error)

    async def _renew_all(self) -> None:
        held = [h for h in self._held.values() if not h.lost and not h.given_back]
        claimed = [(h, h.message) for h in held if h.message is not None]
        _, *statuses = await asyncio.gather(
            self._inbox.keep([h.delivery for h in held]),
            *(self._store.renew(message.run, message.step.id, h.fence) for h, message in claimed),
        )
        for (one, _), status in zip(claimed, statuses, strict=True):
            if status is not Fenced.OK and one in self._held.values():
                one.lose()

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

    async def _stop_at_halt(self) -> None:
        while True:
            await self._brake.pulled()
            self._give_all_back(HALTED)
            await self._brake.released()

    async def _recover(self) -> None:
        with self._hints.listen() as hint:
            async for _ in ticks(hint, self._settings.look_seconds):
                await self._take_over()

    async def _take_over(self) -> None:
        """Begin what dead workers left behind, as far as there are free slots."""
        free = self._slots.count - len(self._held)
        if free <= 0 or self._brake.halt is not None or self._slots.reserved:
            return
        self._looked = asyncio.get_running_loop().time()
        try:
            for delivery in await self._inbox.recover(self._settings.lease_ms, free):
                self._begin(delivery)
        except TROUBLE as error:
            log.warning("%s cannot look for lost steps: %s", self.name, error)

    async def _tidy(self) -> None:
        while True:
            await asyncio.sleep(TIDY_SECONDS)
            try:
                await self._inbox.reap()
            except TROUBLE as error:
                log.warning("%s cannot tidy up: %s", self.name, error)
