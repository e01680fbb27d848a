"""Sends steps to their agents' streams, and sends again what was lost on the way."""

from collections import Counter
from collections.abc import Iterable, Mapping

from agents import Terms
from orchestration.keys import Keys
from orchestration.messages import CoordinationPlan, PlanStep, StepMessage, StepResult, encode
from orchestration.metrics import Metrics
from orchestration.records import OwnedRun, RunRecord
from orchestration.round_trips import Command
from orchestration.signing import Signing
from orchestration.store import RunStore
from orchestration.streams import Streams, adding


class Dispatcher:
    """The messages of one run that this process drives."""

    def __init__(
        self,
        streams: Streams,
        keys: Keys,
        store: RunStore,
        metrics: Metrics,
        signing: Signing,
        run: OwnedRun,
        plan: CoordinationPlan,
        terms: Terms,
    ) -> None:
        self._streams = streams
        self._keys = keys
        self._store = store
        self._metrics = metrics
        self._signing = signing
        self._run = run
        self._plan = plan
        self._terms = terms
        self._attempts: Counter[str] = Counter()
        """Step -> how often it was sent under this fence."""
        self._sent: dict[str, bytes] = {}
        """Step -> its message, as far as this process sent it."""
        self._missing: frozenset[str] = frozenset()

    async def send(self, steps: Iterable[PlanStep], results: Mapping[str, StepResult]) -> None:
        """Queue and send steps, with what the steps they depend on found. What a worker has by now is left alone."""
        steps = tuple(steps)
        if steps:
            messages = [self._message(step, results) for step in steps]
            attempts = {step.id: self._attempts[step.id] for step in steps}
            entries = await self._store.queue(self._run, attempts, messages)
            self._sent |= {step.id: entry for step, entry in zip(steps, entries, strict=True)}

    async def send_first(self, steps: Iterable[PlanStep]) -> None:
        """Send the steps that were journalled with the plan, as sent for the first time."""
        steps = tuple(steps)
        if steps:
            entries = await self._streams.send([self._message(step, {}) for step in steps])
            self._sent |= {step.id: entry for step, entry in zip(steps, entries, strict=True)}

    def _message(self, step: PlanStep, results: Mapping[str, StepResult]) -> Command:
        found = tuple(results[need].text for need in step.depends_on if results[need].text)
        task = self._run.task
        self._attempts[step.id] += 1
        message = StepMessage(
            run=task.id,
            person=task.person,
            step=step,
            context=found,
            terms=self._terms,
            fence=self._run.fence,
            attempt=self._attempts[step.id],
        )
        stream, body = self._keys.tasks(step.agent, task.priority), encode(message)
        signature = self._signing.sign_step(stream, body)
        return adding(stream, {"m": body, "s": signature} if signature else {"m": body})

    async def sweep(self, record: RunRecord, results: Mapping[str, StepResult], patience: float) -> None:
        """Send again what nobody can have any more: the step is not done, and all its messages are gone.

        They are gone for a moment between two writes of a healthy worker too, so they have to be missing twice.
        A step that a worker claimed counts only when its hold ended so many seconds ago.
        """
        messages = []
        for name, step in record.steps.items():
            lapsed = step.state == "running" and step.until + patience < record.now
            if (step.state == "queued" or lapsed) and name not in results:
                stream = self._keys.tasks(self._plan.step(name).agent, self._run.task.priority)
                # The one that a worker had last, and the one sent last: there may be a duplicate.
                entries = {step.entry, self._sent.get(name, b"")} - {b""}
                messages += [(name, (stream, entry)) for entry in entries]
        there = await self._streams.there([message for _, message in messages]) if messages else []
        found = {name for (name, _), one in zip(messages, there, strict=True) if one}
        missing = frozenset(name for name, _ in messages) - found
        lost, self._missing = missing & self._missing, missing
        if lost:
            counts = {f"{name}.resent": str(record.steps[name].resent + 1) for name in lost}
            await self._store.journal(self._run, counts)
            await self.send([self._plan.step(name) for name in lost], results)
            self._metrics.resent(len(lost))
            self._missing -= lost
