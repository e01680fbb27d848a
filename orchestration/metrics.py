"""What this process has done since it started, counted for Prometheus where it happens.

Names follow Prometheus' conventions: base units, `_seconds`, `_total`. Labels are names of registered agents, of
configured models, and fixed states and nothing else, and every series is there from the start, so that a first failure
is seen as an increase.
"""

from collections.abc import Iterable, Iterator
from typing import Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Histogram, Metric

from agents.errors import Why
from agents.notes import NoteKind
from agents.usage import Usage, together
from orchestration.keys import OF_RUNS
from orchestration.messages import Mode, RunState, TaskResult
from orchestration.signing import Journalled

AttemptEnd = Literal["answered", "nothing_found", "failed", "retried", "returned", "lost"]
"""How an attempt at a step ended. Retried: it failed and is tried again. Returned: its worker gave it back unfinished.
Lost: its lease had ended, and what it found was refused.
"""
Lease = Literal["run", "step"]
Forgery = Literal["step", "result"] | Journalled
"""What somebody without the signing keys wrote: a step for an agent to do, a result in its name, or a part of a run."""

_COORDINATION = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_STEP = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_TASK = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Metrics:
    """One per process. An end is counted by the process that wrote it, and at most once."""

    def __init__(self, agents: Iterable[str], models: Iterable[str] = ()) -> None:
        self.usage: tuple[Usage, ...] = ()
        """What language models were asked for tasks that ended here, by model."""
        self._registry = CollectorRegistry()
        self._tasks_ended = self._counter("tasks_ended", "Tasks that ended here, by how.", "state", "mode")
        self._coordination = self._histogram(
            "coordination",
            "Time of a council's task in which nobody retrieved or answered; waits count.",
            _COORDINATION,
        )
        self._task = self._histogram("task", "Time from the acceptance of a council's task to its end.", _TASK)
        self._steps = self._counter("steps", "Attempts at steps that ended here, by how.", "agent", "state")
        self._step = self._histogram("step", "Time of an attempt that gave a result.", _STEP, "agent")
        self._redeliveries = self._counter("redeliveries", "Steps taken over from a silent worker.", "agent")
        self._takeovers = self._counter("takeovers", "Runs adopted from an owner that was gone.")
        self._resends = self._counter("resends", "Steps whose message was lost and sent again.")
        self._forged = self._counter(
            "forged_messages", "Messages that nobody who has the signing keys wrote.", "agent", "kind"
        )
        self._leases_lost = self._counter("leases_lost", "Runs and steps that another process took from here.", "kind")
        self._model_calls = self._counter("model_calls", "Calls of language models for tasks that ended here.", "model")
        self._model_tokens = self._counter("model_tokens", "What these took and gave.", "model", "direction")
        self._without_model = self._counter(
            "without_model", "Parts of tasks that were done without the language model that was to.", "kind", "why"
        )
        for model in models:
            self._model_calls.labels(model)
            for direction in ("in", "out"):
                self._model_tokens.labels(model, direction)
        for part in get_args(NoteKind):
            for why in get_args(Why):
                self._without_model.labels(part, why)
        for agent in agents:
            self._step.labels(agent)
            self._redeliveries.labels(agent)
            for forgery in ("step", "result"):
                self._forged.labels(agent, forgery)
            for end in get_args(AttemptEnd):
                self._steps.labels(agent, end)
        for part in get_args(Journalled):
            self._forged.labels(OF_RUNS, part)
        for mode in get_args(Mode):
            for state in get_args(RunState):
                self._tasks_ended.labels(state, mode)
        for kind in get_args(Lease):
            self._leases_lost.labels(kind)

    def task_ended(self, result: TaskResult) -> None:
        """A run reached its end, and this process wrote it."""
        self._tasks_ended.labels(result.state, result.mode).inc()
        self.usage = together((*self.usage, *result.usage))
        for usage in result.usage:
            self._model_calls.labels(usage.model).inc(usage.calls)
            self._model_tokens.labels(usage.model, "in").inc(usage.tokens_in)
            self._model_tokens.labels(usage.model, "out").inc(usage.tokens_out)
        for note in result.notes:
            self._without_model.labels(note.kind, note.why).inc()
        # A run that was stopped, or that broke, carries no times.
        if result.mode == "council" and result.total_seconds:
            self._task.observe(result.total_seconds)
            self._coordination.observe(result.coordination_seconds)

    def attempt_ended(self, agent: str, end: AttemptEnd, seconds: float = 0.0) -> None:
        """An attempt at a step is over; the seconds are known when it gave a result."""
        self._steps.labels(agent, end).inc()
        if seconds:
            self._step.labels(agent).observe(seconds)

    def step_lost(self, agent: str) -> None:
        """Another worker has the step."""
        self.attempt_ended(agent, "lost")
        self._leases_lost.labels("step").inc()

    def run_lost(self) -> None:
        """Another orchestrator drives the run."""
        self._leases_lost.labels("run").inc()

    def redelivered(self, agent: str) -> None:
        """A step was begun that had been begun before."""
        self._redeliveries.labels(agent).inc()

    def forged(self, agent: str, kind: Forgery) -> None:
        """Something came that nobody who has the signing keys wrote; it was left out."""
        self._forged.labels(agent, kind).inc()

    def taken_over(self) -> None:
        """A run was adopted whose owner was gone."""
        self._takeovers.inc()

    def resent(self, steps: int) -> None:
        """So many steps had lost their messages."""
        self._resends.inc(steps)

    def collect(self) -> Iterator[Metric]:
        """Everything, as the library keeps it."""
        for metric in self._registry.collect():
            # When a series was made is known from the process's start; it would double what is sent.
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"roundtable_{name}_total", about, labels, registry=self._registry)

    def _histogram(self, name: str, about: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"roundtable_{name}_seconds", about, labels, buckets=buckets, registry=self._registry)
