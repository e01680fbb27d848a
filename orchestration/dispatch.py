"""Sends steps to their agents' streams."""

from collections.abc import Iterable, Mapping

from orchestration.keys import Keys
from orchestration.messages import CoordinationPlan, PlanStep, StepMessage, StepResult, encode
from orchestration.settings import RunSettings
from orchestration.store import OwnedRun, RunStore
from orchestration.streams import Streams


class Dispatcher:
    """Journals a step as queued, then sends it: a crash in between is made good by `resume`."""

    def __init__(self, streams: Streams, keys: Keys, store: RunStore, settings: RunSettings) -> None:
        self._streams = streams
        self._keys = keys
        self._store = store
        self._settings = settings

    async def send(self, run: OwnedRun, steps: Iterable[PlanStep], results: Mapping[str, StepResult]) -> None:
        """Send steps to their agents, together with what the steps they depend on found."""
        steps = tuple(steps)
        if not steps:
            return
        queued = {f"{step.id}.state": "queued" for step in steps}
        await self._store.journal(run, self._settings.lease_ms, queued)
        await self._add(run, steps, results)

    async def resume(self, run: OwnedRun, plan: CoordinationPlan, results: Mapping[str, StepResult]) -> set[str]:
        """After a takeover: send again what was queued and never claimed; a duplicate finds its step taken.

        Returns every step that the former owner had sent.
        """
        await self._add(run, [plan.step(step) for step in run.queued], results)
        return set(run.queued) | set(run.running)

    async def _add(self, run: OwnedRun, steps: Iterable[PlanStep], results: Mapping[str, StepResult]) -> None:
        messages = []
        for step in steps:
            found = tuple(results[need].text for need in step.depends_on if results[need].text)
            message = StepMessage(run=run.task.id, person=run.task.person, step=step, context=found)
            messages.append((self._keys.tasks(step.agent), {"m": encode(message)}))
        if messages:
            await self._streams.send(messages)
