"""Sends steps to their agents' streams, and sends again what was lost on the way."""

from collections.abc import Iterable, Mapping

from orchestration.keys import Keys
from orchestration.messages import CoordinationPlan, PlanStep, StepMessage, StepResult, encode
from orchestration.store import OwnedRun, RunRecord, RunStore
from orchestration.streams import Streams


class Dispatcher:
    """The messages of one run that this process drives."""

    def __init__(self, streams: Streams, keys: Keys, store: RunStore, run: OwnedRun, plan: CoordinationPlan) -> None:
        self._streams = streams
        self._keys = keys
        self._store = store
        self._run = run
        self._plan = plan
        self._sent: dict[str, bytes] = {}
        """Step -> its message, as far as this process sent it."""
        self._missing: frozenset[str] = frozenset()

    async def send(self, steps: Iterable[PlanStep], results: Mapping[str, StepResult]) -> None:
        """Journal steps as queued, then send them with what the steps they depend on found.

        A crash in between is made good by whoever adopts the run.
        """
        steps = tuple(steps)
        if steps:
            await self._store.journal(self._run, {f"{step.id}.state": "queued" for step in steps})
            await self.add(steps, results)

    async def add(self, steps: Iterable[PlanStep], results: Mapping[str, StepResult]) -> None:
        """Send steps that are journalled as queued; a duplicate finds its step taken."""
        messages = []
        steps = tuple(steps)
        for step in steps:
            found = tuple(results[need].text for need in step.depends_on if results[need].text)
            task = self._run.task
            message = StepMessage(run=task.id, person=task.person, step=step, context=found)
            messages.append((self._keys.tasks(step.agent), {"m": encode(message)}))
        if messages:
            entries = await self._streams.send(messages)
            self._sent |= {step.id: entry for step, entry in zip(steps, entries, strict=True)}

    async def sweep(self, record: RunRecord, results: Mapping[str, StepResult], patience: float) -> None:
        """Send again what nobody can have any more: the step is not done, and its message is gone.

        A message is gone for a moment between two writes of a healthy worker too, so it has to be missing twice.
        A step that a worker claimed counts only when its hold ended so many seconds ago.
        """
        open_steps = {}
        for name, step in record.steps.items():
            lapsed = step.state == "running" and step.until + patience < record.now
            if (step.state == "queued" or lapsed) and name not in results:
                entry = step.entry if lapsed else self._sent.get(name, step.entry)
                if entry:
                    open_steps[name] = (self._keys.tasks(self._plan.step(name).agent), entry)
        there = await self._streams.there(list(open_steps.values())) if open_steps else []
        missing = frozenset(name for name, found in zip(open_steps, there, strict=True) if not found)
        lost, self._missing = missing & self._missing, missing
        if lost:
            counts = {f"{name}.resent": str(record.steps[name].resent + 1) for name in lost}
            await self._store.journal(self._run, counts)
            await self.add([self._plan.step(name) for name in lost], results)
            self._missing -= lost
