"""What has happened in a run so far: a fold over its events, and nothing else.

`tell(story, recorded)` is pure. Every window folds the same events, so every window knows the same story.
"""

from dataclasses import dataclass, replace
from typing import Literal

from knowledge import Passage
from orchestration.messages import (
    Accepted,
    Aggregating,
    Answer,
    AnyEvent,
    Approved,
    Conflict,
    ConflictFound,
    CoordinationPlan,
    Failed,
    Finished,
    Planned,
    PlanStep,
    Preparing,
    Proposed,
    Recorded,
    Restarted,
    Resumed,
    Retrieved,
    Retrying,
    Returned,
    Selected,
    Selection,
    Started,
    StepResult,
    Task,
    TaskResult,
    Token,
    Waiting,
)

SectionKind = Literal[
    "waiting", "resumed", "preparing", "selection", "approval", "turn", "plan", "step", "conflicts", "answer"
]


@dataclass(frozen=True)
class Section:
    """A part of the picture; sections stay in the order in which they first came up."""

    kind: SectionKind
    began: float
    """Epoch seconds."""
    ended: float | None = None
    step: str = ""
    """The plan step, for kind "step"."""


@dataclass(frozen=True)
class StepStory:
    """One step of the plan: its newest attempt, and its result once that is committed."""

    plan: PlanStep
    state: Literal["waiting", "running", "restarted", "returned", "retrying", "answered", "nothing_found", "failed"] = (
        "waiting"
    )
    attempt: int = 0
    restarts: int = 0
    """How often its worker went away."""
    broken_off: Returned | Retrying | None = None
    """Why the attempt before this one ended, when its worker said so."""
    passages: tuple[Passage, ...] | None = None
    """None until something was retrieved."""
    reasoning: str = ""
    text: str = ""
    result: StepResult | None = None


@dataclass(frozen=True)
class Story:
    """A run as far as its events tell it."""

    run: str
    task: Task | None = None
    accepted: float = 0.0
    sections: tuple[Section, ...] = ()
    waiting: Waiting | None = None
    preparing: Preparing | None = None
    selection: Selection | None = None
    proposed: Proposed | None = None
    approved: Approved | None = None
    turn: Waiting | None = None
    """The wait for a place after the approval."""
    plan: CoordinationPlan | None = None
    steps: tuple[StepStory, ...] = ()
    """In the order of the plan."""
    aggregating: Aggregating | None = None
    conflicts: tuple[Conflict, ...] = ()
    answer: str = ""
    """The final answer's tokens."""
    answer_fence: int = 0
    result: TaskResult | None = None
    ended: float | None = None

    @property
    def awaiting(self) -> bool:
        """Whether the person has to approve the plan before anything goes on."""
        return self.proposed is not None and self.approved is None and self.result is None

    def step(self, step_id: str) -> StepStory:
        return next(step for step in self.steps if step.plan.id == step_id)


def tell(story: Story, recorded: Recorded) -> Story:
    """The story with one more event; an event that no longer counts changes nothing."""
    event, at = recorded.event, recorded.at
    if story.result is not None:
        return story
    story = _go_on(story, event, at)
    if event.step:
        return _tell_step(story, event, at)
    match event:
        case Accepted():
            return replace(story, task=event.task, accepted=at)
        case Waiting() if story.approved is not None:
            return _begin(replace(story, turn=event), "turn", at)
        case Waiting():
            return _begin(replace(story, waiting=event), "waiting", at)
        case Resumed():
            # Whoever takes a run over puts the findings together anew.
            anew = replace(story, answer="", answer_fence=event.fence, aggregating=None, conflicts=())
            return _begin(anew, "resumed", at)
        case Preparing():
            return _begin(replace(story, preparing=event), "preparing", at)
        case Selected():
            return _begin(replace(story, selection=event.selection), "selection", at)
        case Proposed():
            return _begin(replace(story, proposed=event), "approval", at)
        case Approved():
            return _end(replace(story, approved=event), "approval", at)
        case Planned():
            steps = tuple(StepStory(step) for step in event.plan.steps)
            return _begin(replace(story, plan=event.plan, steps=steps), "plan", at)
        case Aggregating():
            return replace(story, aggregating=event)
        case ConflictFound():
            told = replace(story, conflicts=(*story.conflicts, event.conflict))
            return _begin(told, "conflicts", at)
        case Token():
            return _answer_token(story, event, at)
        case Answer():
            return _finish(story, event.result, at)
    return story


def _go_on(story: Story, event: AnyEvent, at: float) -> Story:
    """What the run waited for is over; another owner waits on."""
    if isinstance(event, Waiting | Preparing | Resumed):
        return story
    return _end(_end(_end(story, "waiting", at), "preparing", at), "turn", at)


def _tell_step(story: Story, event: AnyEvent, at: float) -> Story:
    """An event of one step; one of a dead attempt, or after the step's result, does not count."""
    known = next((step for step in story.steps if step.plan.id == event.step), None)
    if known is None or known.result is not None:
        return story
    committed = isinstance(event, Finished | Failed)
    over = known.state in ("returned", "retrying") and event.attempt == known.attempt
    if (event.attempt < known.attempt or over) and not committed:
        return story
    if event.attempt > known.attempt:
        known = replace(known, attempt=event.attempt, passages=None, reasoning="", text="")
    match event:
        case Started():
            known = replace(known, state="running")
        case Restarted() if known.state in ("returned", "retrying"):
            known = replace(known, state="running")
        case Restarted():
            known = replace(known, state="restarted", restarts=known.restarts + 1, passages=None, reasoning="", text="")
        case Returned() | Retrying():
            known = replace(known, state=event.kind, broken_off=event, passages=None, reasoning="", text="")
        case Retrieved():
            known = replace(known, passages=event.passages)
        case Token(channel="reasoning"):
            known = replace(known, reasoning=event.text if event.fresh else known.reasoning + event.text)
        case Token():
            known = replace(known, text=event.text if event.fresh else known.text + event.text)
        case Finished() | Failed():
            result = event.result
            text = result.text or (known.text if result.state == "failed" else "")
            passages = result.passages or known.passages
            known = replace(
                known,
                state=result.state,
                result=result,
                text=text,
                passages=passages,
                reasoning=result.reasoning or known.reasoning,
            )
        case _:
            return story
    steps = tuple(known if step.plan.id == known.plan.id else step for step in story.steps)
    story = _begin(replace(story, steps=steps), "step", at, known.plan.id)
    return _end(story, "step", at, known.plan.id) if committed else story


def _answer_token(story: Story, token: Token, at: float) -> Story:
    # An orchestrator that takes the run over writes the answer anew, under a higher fence.
    if token.fence < story.answer_fence or token.channel != "answer":
        return story
    before = story.answer if token.fence == story.answer_fence and not token.fresh else ""
    told = replace(story, answer=before + token.text, answer_fence=token.fence)
    return _begin(told, "answer", at)


def _finish(story: Story, result: TaskResult, at: float) -> Story:
    story = _begin(story, "answer", at)
    ended = tuple(replace(s, ended=at) if s.ended is None else s for s in story.sections)
    return replace(story, sections=ended, result=result, ended=at)


def _begin(story: Story, kind: SectionKind, at: float, step: str = "") -> Story:
    if any(s.kind == kind and s.step == step for s in story.sections):
        return story
    ended = at if kind in ("selection", "plan", "resumed") else None
    return replace(story, sections=(*story.sections, Section(kind, at, ended, step)))


def _end(story: Story, kind: SectionKind, at: float, step: str = "") -> Story:
    def over(section: Section) -> bool:
        return section.kind == kind and section.step == step and section.ended is None

    if not any(over(section) for section in story.sections):
        return story  # As nearly every event leaves them.
    return replace(story, sections=tuple(replace(s, ended=at) if over(s) else s for s in story.sections))
