"""What travels: tasks, plans, results and events. Frozen, JSON on the wire, with a schema version.

Readers ignore fields they do not know (a newer minor version) and refuse a newer major version.
"""

import time
import uuid
from collections.abc import Iterable
from typing import Annotated, Literal, NamedTuple, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from agents import Claim, Note, Terms, Usage
from knowledge import Passage
from orchestration.errors import UnsupportedMessage

SCHEMA = "1.4"
MAJOR = int(SCHEMA.partition(".")[0])
APPROVALS_SINCE = "1.2"
"""An older program does not know that a plan may have to be approved first."""

Mode = Literal["council", "single"]
StepState = Literal["waiting", "queued", "running", "retrying", "answered", "nothing_found", "failed"]
Priority = Literal["interactive", "background"]
"""Whether a person waits for the answer. What is in the background gives way, in every queue."""
PRIORITIES: tuple[Priority, ...] = get_args(Priority)
RunState = Literal["answered", "nothing_found", "failed", "cancelled", "expired"]
Channel = Literal["reasoning", "answer"]


class Message(BaseModel):
    """Frozen; unknown fields are ignored, so that an older program reads what a newer minor version wrote."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Sent(NamedTuple):
    """When a step was sent, among all the times that it was: a later one is greater."""

    fence: int
    attempt: int


def new_id() -> str:
    """A run's id: unguessable, because it is part of addresses."""
    return uuid.uuid4().hex


class Source(Message):
    """A document that an answer quoted."""

    base: str
    document: str
    title: str


class Turn(Message):
    """An earlier question of a conversation and what came of it, as far as a later question may refer to it."""

    question: str
    """Understandable on its own, also where the person's own words were not."""
    parts: tuple[str, ...] = ()
    """What it asked, where it asked several things, each understandable on its own."""
    points: tuple[str, ...] = ()
    """The answer's statements, in order."""
    agents: tuple[str, ...] = ()
    """Who contributed, first to last."""
    sources: tuple[Source, ...] = ()
    """What was quoted, in the order of the numbers, each once."""


class Task(Message):
    """What a person asked."""

    id: str = Field(default_factory=new_id)
    question: str
    person: str = "local"
    conversation: str = ""
    """The chat thread this belongs to; empty outside the chat."""
    message: str = ""
    """The id of the chat message that asked."""
    mode: Mode = "council"
    instead_of_council: bool = False
    """A council was asked for, but Redis is away, so the single agent answers."""
    for_once: bool = False
    """The single agent is asked this one question; the conversation goes on with the council."""
    replaces: str = ""
    """The run of a council that stood still without Redis, and that this one answers in place of."""
    agents: tuple[str, ...] = ()
    """When given, only these agents may answer."""
    approval: bool = False
    """The person wants to see the plan, and to change it, before it runs."""
    context: tuple[Turn, ...] = ()
    """What was asked before, oldest first: a question that follows up on it is completed from it."""
    model: str = ""
    """The language model that the person wished, or `agents.models.NO_MODEL`; empty for what is configured."""
    priority: Priority = "interactive"
    undivided: bool = False
    """It is one question, whatever joins it: a part of another one, asked again."""
    deadline_seconds: float | None = None
    asked_at: float = Field(default_factory=time.time)


class AgentScore(Message):
    """One agent's standing for one sub-question; every criterion is kept, 0 to 1, for the person to see."""

    agent: str
    score: float
    scores: dict[str, float]
    reason: str
    chosen: bool
    left_out: str = ""
    """Why it was not asked although it would have been chosen, in one sentence."""


class PartSelection(Message):
    """The agents for one sub-question, best first; those not chosen stay listed with their scores."""

    question: str
    """Understandable on its own."""
    heading: str
    """As the person put it, short."""
    builds_on: int | None = None
    """The part whose answer this one needs."""
    further: tuple[int, ...] = ()
    """Other parts whose answers it needs as well."""
    agents: tuple[AgentScore, ...]
    vector: str = ""
    """The sub-question's embedding (base64 of little-endian float32), so that nothing is embedded twice."""

    @property
    def needs(self) -> tuple[int, ...]:
        """All parts whose answers it needs."""
        return (self.builds_on, *self.further) if self.builds_on is not None else self.further


class Selection(Message):
    """Who was chosen for a task and why."""

    parts: tuple[PartSelection, ...]
    threshold: float
    nearest: tuple[Passage, ...] = ()
    """The nearest passages, shown when nothing is found."""
    busy: tuple[tuple[float, float], ...] = ()
    """Intervals (epoch seconds) spent embedding and retrieving."""
    understood: str = ""
    """The question as it was completed from the conversation; empty where it stands on its own."""
    prefers: tuple[str, ...] = ()
    """Documents that the conversation is about."""
    planned_by: str = ""
    """The language model that chose and divided; empty where it was done without one."""
    usage: tuple[Usage, ...] = ()
    note: Note | None = None

    def shown(self) -> "Selection":
        """As readers get it: without vectors, which only steps need."""
        return self.model_copy(update={"parts": tuple(p.model_copy(update={"vector": ""}) for p in self.parts)})

    def chosen(self) -> tuple[AgentScore, ...]:
        """Each chosen agent once, with its best score, best first."""
        best: dict[str, AgentScore] = {}
        for part in self.parts:
            for agent in part.agents:
                if agent.chosen and (agent.agent not in best or best[agent.agent].score < agent.score):
                    best[agent.agent] = agent
        return tuple(sorted(best.values(), key=lambda a: -a.score))


class PlanStep(Message):
    """One agent, one question, and the steps it depends on."""

    id: str
    agent: str
    question: str
    part: int = 0
    """Which sub-question of the task this answers."""
    depends_on: tuple[str, ...] = ()
    vector: str = ""
    prefers: tuple[str, ...] = ()
    """Documents that come forward where they have something on it."""


class CoordinationPlan(Message):
    """An acyclic graph of steps."""

    steps: tuple[PlanStep, ...]

    def shown(self) -> "CoordinationPlan":
        """As readers get it: without vectors."""
        return self.model_copy(update={"steps": tuple(s.model_copy(update={"vector": ""}) for s in self.steps)})

    def step(self, step_id: str) -> PlanStep:
        return next(step for step in self.steps if step.id == step_id)

    @property
    def depth(self) -> int:
        """How many steps wait for one another at most; at least 1. A step stands behind those it depends on."""
        depths: dict[str, int] = {}
        for step in self.steps:
            depths[step.id] = 1 + max((depths.get(needed, 0) for needed in step.depends_on), default=0)
        return max(depths.values(), default=1)

    def ready(self, ended: Iterable[str], begun: Iterable[str]) -> tuple[PlanStep, ...]:
        """Steps whose dependencies have all ended and that were not begun."""
        ended, begun = set(ended), set(begun)
        return tuple(s for s in self.steps if s.id not in begun and ended.issuperset(s.depends_on))


class StepResult(Message):
    """An agent's answer to a step, or a typed failure."""

    step: str
    agent: str
    question: str
    part: int = 0
    state: Literal["answered", "nothing_found", "failed"]
    text: str = ""
    reasoning: str = ""
    claims: tuple[Claim, ...] = ()
    passages: tuple[Passage, ...] = ()
    confidence: float = 0.0
    seconds: float = 0.0
    error: str | None = None
    busy: tuple[tuple[float, float], ...] = ()
    usage: tuple[Usage, ...] = ()
    note: Note | None = None


class Citation(Message):
    """A number in the answer and the passage behind it."""

    number: int
    agent: str
    quote: str
    passage: Passage


class Conflict(Message):
    """Two findings that do not agree, and how that was settled."""

    subject: str
    claims: tuple[str, ...]
    numbers: tuple[int, ...]
    settled: str


class TaskResult(Message):
    """The one end of a run."""

    task: str
    mode: Mode
    state: RunState
    answer: str = ""
    citations: tuple[Citation, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    contributed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    """Agents that were asked and failed."""
    reason: str = ""
    """Why it ended this way, in one sentence, when it was not answered."""
    steps: tuple[StepResult, ...] = ()
    usage: tuple[Usage, ...] = ()
    """Of the whole run, by model."""
    notes: tuple[Note, ...] = ()
    """Each once."""
    total_seconds: float = 0.0
    coordination_seconds: float = 0.0


class Event(Message):
    """Anything a person can watch. `attempt` and `fence` are set by the log when it accepts the event."""

    run: str
    step: str = ""
    attempt: int = 0
    fence: int = 0


class Accepted(Event):
    kind: Literal["accepted"] = "accepted"
    task: Task


class Waiting(Event):
    """The run waits for its turn, because many others are being worked on."""

    kind: Literal["waiting"] = "waiting"
    ahead: int
    """How many begin before it, as far as is known."""
    seconds: float | None = None
    """How long that may take, from how long the latest runs took; None when there were none."""


class Begun(Event):
    """Its turn has come."""

    kind: Literal["begun"] = "begun"


class Resumed(Event):
    """The run was taken up again: who drove it is gone, or could not be reached for longer than its hold."""

    kind: Literal["resumed"] = "resumed"
    owner: str


class Preparing(Event):
    """Something must be ready first, such as the knowledge at the first start."""

    kind: Literal["preparing"] = "preparing"
    text: str
    done: int = 0
    total: int = 0


class Planning(Event):
    """A language model is being asked for a plan, of which nothing is heard before it is whole."""

    kind: Literal["planning"] = "planning"
    model: str
    read: int
    """Characters that it was sent."""
    usage: tuple[Usage, ...] = ()
    """Of what it was asked before for the same plan."""


class Selected(Event):
    kind: Literal["selected"] = "selected"
    selection: Selection


class Proposed(Event):
    """The plan is offered to the person; nothing of it runs before it is approved."""

    kind: Literal["proposed"] = "proposed"
    plan: CoordinationPlan
    seconds: float
    """How long it waits for that."""


class Approved(Event):
    """The plan may run. What follows is the selection and the plan as the person left them."""

    kind: Literal["approved"] = "approved"
    person: str
    edited: bool


class Planned(Event):
    """The plan as it runs."""

    kind: Literal["planned"] = "planned"
    plan: CoordinationPlan


class Started(Event):
    kind: Literal["started"] = "started"
    agent: str
    worker: str


class Restarted(Event):
    """A new attempt at a step whose worker went away: what the dead attempt wrote no longer counts."""

    kind: Literal["restarted"] = "restarted"
    agent: str
    worker: str


class Returned(Event):
    """A worker gave the step back unfinished; another attempt follows."""

    kind: Literal["returned"] = "returned"
    agent: str
    reason: str


class Retrying(Event):
    """An attempt failed; the step is tried again."""

    kind: Literal["retrying"] = "retrying"
    agent: str
    reason: str
    seconds: float
    """From now until it is sent again."""


class Retrieved(Event):
    kind: Literal["retrieved"] = "retrieved"
    passages: tuple[Passage, ...]


class Token(Event):
    """A piece of text; without a step it is a piece of the final answer."""

    kind: Literal["token"] = "token"
    channel: Channel
    text: str
    fresh: bool = False
    """What the channel had before no longer counts."""


class Finished(Event):
    """A committed result; it supersedes the step's tokens."""

    kind: Literal["finished"] = "finished"
    result: StepResult


class Failed(Event):
    kind: Literal["failed"] = "failed"
    result: StepResult


class Refused(Event):
    """A result came in the agent's name that nobody who has the signing keys wrote. Whoever reads a run's events puts
    this in the place of it; it is never written to Redis.
    """

    kind: Literal["refused"] = "refused"
    reason: str
    """As a clause."""


class Aggregating(Event):
    kind: Literal["aggregating"] = "aggregating"
    answered: int
    asked: int


class ConflictFound(Event):
    kind: Literal["conflict"] = "conflict"
    conflict: Conflict


class Answer(Event):
    """The end of the run, whichever it is; nothing follows it."""

    kind: Literal["answer"] = "answer"
    result: TaskResult


AnyEvent = Annotated[
    Accepted | Waiting | Begun | Resumed | Preparing | Planning | Selected | Proposed | Approved | Planned | Started
    | Restarted | Returned | Retrying | Retrieved | Token | Finished | Failed | Refused | Aggregating | ConflictFound
    | Answer,
    Field(discriminator="kind"),
]  # fmt: skip


class Recorded(Message):
    """An event as the log keeps it."""

    id: str
    """Its place in the run's log; a reader that knows it can go on from here."""
    at: float
    """When the log accepted it, epoch seconds by the log's clock."""
    event: AnyEvent


class StepMessage(Message):
    """A step on its way to an agent."""

    kind: Literal["step"] = "step"
    run: str
    person: str
    step: PlanStep
    context: tuple[str, ...] = ()
    """What the steps it depends on found, as sentences."""
    terms: Terms = Terms()
    fence: int = 0
    """The run's fence when its owner sent this."""
    attempt: int = 0
    """How often that owner had sent the step by then; 0 in what an older program sent."""

    @property
    def sent(self) -> "Sent":
        """Where it stands among all messages of its step."""
        return Sent(self.fence, self.attempt)


class _Envelope(Message):
    v: str = Field(pattern=r"^\d+(\.\d+)?$")


M = TypeVar("M", bound=Message)

_START = b'{"v":"' + SCHEMA.encode() + b'",'
_events: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)


def encode(message: Message) -> bytes:
    """JSON with the schema version in front."""
    return _START + message.model_dump_json().encode()[1:]


def encode_before_result(event: Finished | Failed) -> bytes:
    """An event as `encode` makes it, up to its result: whoever stores the result as well appends it and a brace."""
    return _START + event.model_dump_json(exclude={"result"}).encode()[1:-1] + b',"result":'


def encoded_result(event: bytes) -> bytes:
    """The bytes of the result in an event that was written so."""
    return event.partition(b',"result":')[2][:-1]


def decode_event(data: bytes) -> AnyEvent:
    """Raises UnsupportedMessage for a newer major version, pydantic.ValidationError for anything else odd."""
    _check_version(data)
    return _events.validate_json(data)


def decode(model: type[M], data: bytes) -> M:
    """As decode_event, for one known model."""
    _check_version(data)
    return model.model_validate_json(data)


def schema_of(data: bytes) -> str:
    """The version of whoever wrote this message; raises pydantic.ValidationError where none stands there."""
    return _Envelope.model_validate_json(data).v


def _check_version(data: bytes) -> None:
    # The version stands first in what we write; anything else is parsed for it.
    head = b'{"v":"' + SCHEMA.split(".", maxsplit=1)[0].encode() + b"."
    if not data.startswith(head):
        version = schema_of(data)
        if version.split(".")[0] != SCHEMA.split(".", maxsplit=1)[0]:
            raise UnsupportedMessage(f"a message of schema {version}; this program reads {SCHEMA}")
