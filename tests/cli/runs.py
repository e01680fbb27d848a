"""Runs made by hand, and a runtime that plays them back."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from io import StringIO

from agents import Agent, AgentRegistry
from cli.console import Console
from cli.main import main
from cli.runtime import Outage, Runtime
from knowledge import Document, Ingested, Passage, Progress, UnknownDocument, Upload
from orchestration import EngineUnavailable, Operations, Settings, Task, TaskResult, open_operations
from orchestration.keys import PREFIX
from orchestration.messages import (
    Accepted,
    AgentScore,
    Answer,
    AnyEvent,
    Citation,
    CoordinationPlan,
    Finished,
    PartSelection,
    Planned,
    PlanStep,
    Recorded,
    RunState,
    Selected,
    Selection,
    Started,
    StepResult,
    Token,
)

QUESTION = "How is Redis secured, and who restarts it?"


def agent(name: str) -> Agent:
    return Agent(name=name, title=name.capitalize(), description=f"Knows all there is to know about {name}.")


REGISTRY = AgentRegistry([agent("security"), agent("operations"), agent("product")])


def score(name: str, value: float, chosen: bool = True) -> AgentScore:
    return AgentScore(agent=name, score=value, scores={"likeness": value}, reason=f"because {name}", chosen=chosen)


PASSAGE = Passage(
    id="d1#0", base="security", document="d1", source="redis.md", title="Redis", section="Safety", page=3,
    text="Give it a password.", score=0.8,
)  # fmt: skip
SELECTION = Selection(
    parts=(
        PartSelection(
            question="How is Redis secured?",
            heading="How is Redis secured?",
            agents=(score("security", 0.8), score("product", 0.1, False)),
        ),
        PartSelection(
            question="Who restarts it?",
            heading="Who restarts it?",
            agents=(score("operations", 0.9), score("security", 0.3)),
        ),
    ),
    threshold=0.25,
)
PLAN = CoordinationPlan(
    steps=(
        PlanStep(id="s1", agent="security", question="How is Redis secured?", vector="AAAA"),
        PlanStep(id="s2", agent="operations", question="Who restarts it?", part=1, depends_on=("s1",)),
    )
)
FIRST = StepResult(
    step="s1", agent="security", question="How is Redis secured?", state="answered",
    text="With a password. [1](#cite-r-1)", passages=(PASSAGE,), seconds=0.5,
)  # fmt: skip
SECOND = StepResult(step="s2", agent="operations", question="Who restarts it?", part=1, state="nothing_found")


def result(state: RunState = "answered", steps: Sequence[StepResult] = (FIRST, SECOND), reason: str = "") -> TaskResult:
    answered = state == "answered"
    return TaskResult(
        task="r",
        mode="council",
        state=state,
        answer="With a password. [1](#cite-r-1)" if answered else "",
        citations=(Citation(number=1, agent="security", quote="a password", passage=PASSAGE),) if answered else (),
        reason=reason,
        steps=tuple(steps),
        total_seconds=1.5,
        coordination_seconds=0.01,
    )


def events(end: TaskResult | None = None) -> list[AnyEvent]:
    """A whole run, as its log has it."""
    return [
        Accepted(run="r", task=Task(id="r", question=QUESTION)),
        Selected(run="r", selection=SELECTION),
        Planned(run="r", plan=PLAN),
        Started(run="r", step="s1", agent="security", worker="w"),
        Token(run="r", step="s1", channel="answer", text="With"),
        Finished(run="r", step="s1", result=FIRST),
        Started(run="r", step="s2", agent="operations", worker="w"),
        Finished(run="r", step="s2", result=SECOND),
        Answer(run="r", result=end or result()),
    ]


@dataclass
class ScriptedCouncil:
    """An open runtime that plays a run back, or raises what it is told to."""

    script: Sequence[AnyEvent | BaseException]
    registry: AgentRegistry = field(default_factory=lambda: REGISTRY)
    asked: list[Task] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    rejected: tuple[str, ...] = ()
    outage: Outage | None = None

    async def placed(self, task: Task) -> Task:
        return task

    async def stream(self, task: Task) -> AsyncIterator[Recorded]:
        self.asked.append(task)
        for number, event in enumerate(self.script):
            if isinstance(event, BaseException):
                raise event
            yield Recorded(id=f"{number}-0", at=0.0, event=event)

    async def cancel(self, run: str, *, person: str) -> bool:
        self.cancelled.append(run)
        return True

    async def metrics(self) -> bytes:
        return b""

    async def ingest(
        self, base: str, uploads: Sequence[Upload], *, on_progress: Callable[[Progress], None]
    ) -> list[Ingested]:
        for upload in uploads:
            on_progress(Progress(source=upload.source, stage="reading"))
            on_progress(Progress(source=upload.source, stage="finished"))
        return [
            Ingested(path=upload.path, source=upload.source, status="rejected", read="empty", reason="It is empty.")
            if upload.source in self.rejected
            else Ingested(path=upload.path, source=upload.source, status="added", passages=2, title=base)
            for upload in uploads
        ]

    def documents(self, base: str, person: str) -> list[Document]:
        return []

    async def remove(self, base: str, document: str, *, person: str) -> Document:
        raise UnknownDocument("There is no such document.")


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """Standard error, when it is one line."""
        assert self.err.count("\n") == 1, self.err
        return self.err.strip()


@dataclass(frozen=True)
class Terminal:
    """Types commands against a scripted council, and against what is really in Redis under a prefix."""

    council: ScriptedCouncil
    settings: Settings
    prefix: str = PREFIX
    redis: bool = True

    def without_redis(self) -> "Terminal":
        return replace(self, redis=False)

    def types(self, *argv: str) -> Ran:
        out, err = StringIO(), StringIO()
        code = main(argv, console=Console(out, err), runtime=self.runtime())
        return Ran(code, out.getvalue(), err.getvalue())

    def runtime(self) -> Runtime:
        @asynccontextmanager
        async def opened(*args: object, **kwargs: object) -> AsyncIterator[ScriptedCouncil]:
            yield self.council

        @asynccontextmanager
        async def with_redis(*args: object, **kwargs: object) -> AsyncIterator[ScriptedCouncil]:
            self._reach_redis()
            yield self.council

        @asynccontextmanager
        async def operations(settings: Settings) -> AsyncIterator[Operations]:
            self._reach_redis()
            async with open_operations(settings, registry=self.council.registry, prefix=self.prefix) as opened:
                yield opened

        return Runtime(
            read_settings=lambda: self.settings,
            agents=lambda: self.council.registry,
            open_runtime=with_redis,
            open_single=opened,
            open_shelves=opened,
            open_operations=operations,
            documents=lambda settings, agent: len(agent.name),
        )

    def _reach_redis(self) -> None:
        if not self.redis:
            raise EngineUnavailable("Redis does not answer.")
