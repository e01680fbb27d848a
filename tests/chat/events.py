"""Hand-made runs to tell stories with."""

from agents import Claim
from knowledge import Passage
from orchestration.messages import (
    Accepted,
    AgentScore,
    Aggregating,
    Answer,
    AnyEvent,
    Approved,
    Begun,
    Citation,
    Conflict,
    ConflictFound,
    CoordinationPlan,
    Failed,
    Finished,
    PartSelection,
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
    RunState,
    Selected,
    Selection,
    Started,
    StepResult,
    Task,
    TaskResult,
    Token,
    Waiting,
)

RUN = "run1"
THREAD = "6ce15d0e-3f42-4e9c-8b65-27f4b6a1cd11"
MESSAGE = "0b0a9c86-5a35-4f1d-9d5f-1a6f0fd3a001"
QUESTION = "How do I back up the data folder, and how do I keep the backup confidential?"
BACKUP, SECRET = "How do I back up the data folder?", "How do I keep the backup confidential?"
TITLES = {"operations": "Operations", "security": "Security"}


def task(run: str = RUN, **changes: object) -> Task:
    given: dict[str, object] = {
        "id": run, "question": QUESTION, "conversation": THREAD, "message": MESSAGE, "asked_at": 100.0
    }  # fmt: skip
    return Task.model_validate(given | changes)


def passage(agent: str = "operations", text: str = "Stop the server, then copy the folder.") -> Passage:
    return Passage(
        id=f"{agent}-doc#1", base=agent, document=f"{agent}-doc", source="backup.md", title="Backup",
        section="Copying", text=text, score=0.81,
    )  # fmt: skip


def accepted(run: str = RUN, **changes: object) -> Accepted:
    return Accepted(run=run, task=task(run, **changes))


def waiting(ahead: int, seconds: float | None = None, run: str = RUN) -> Waiting:
    return Waiting(run=run, ahead=ahead, seconds=seconds)


def begun(run: str = RUN) -> Begun:
    return Begun(run=run)


def resumed(fence: int = 2, run: str = RUN) -> Resumed:
    return Resumed(run=run, owner="another server", fence=fence)


def returned(step: PlanStep, attempt: int = 1, run: str = RUN) -> Returned:
    return Returned(run=run, step=step.id, attempt=attempt, agent=step.agent, reason="its worker was stopped")


def retrying(step: PlanStep, attempt: int = 1, seconds: float = 1.0, run: str = RUN) -> Retrying:
    return Retrying(
        run=run, step=step.id, attempt=attempt, agent=step.agent, reason="The oven is broken.", seconds=seconds
    )  # fmt: skip


def preparing(done: int, run: str = RUN) -> Preparing:
    return Preparing(run=run, text="operations: backup.md", done=done, total=250)


def selected(*agents: str, run: str = RUN) -> Selected:
    scored = tuple(
        AgentScore(
            agent=name, score=0.7 if name in agents else 0.2, scores={"description": 0.6, "knowledge": 0.8},
            reason="Its documents are near.", chosen=name in agents,
        )
        for name in TITLES
    )  # fmt: skip
    questions = (QUESTION,) if len(agents) == 1 else (BACKUP, SECRET)
    parts = tuple(PartSelection(question=q, heading=q, agents=scored) for q in questions)
    selection = Selection(parts=parts, threshold=0.4)
    return Selected(run=run, selection=selection)


OPERATIONS = PlanStep(id="s1", agent="operations", question=BACKUP)
SECURITY = PlanStep(id="s2", agent="security", question=SECRET, part=1, depends_on=("s1",))


def planned(*steps: PlanStep, run: str = RUN) -> Planned:
    return Planned(run=run, plan=CoordinationPlan(steps=steps or (OPERATIONS, SECURITY)))


def proposed(*steps: PlanStep, run: str = RUN) -> Proposed:
    return Proposed(run=run, plan=CoordinationPlan(steps=steps or (OPERATIONS, SECURITY)), seconds=86_400)


def approved(edited: bool = False, run: str = RUN) -> Approved:
    return Approved(run=run, person="local", edited=edited)


def started(step: PlanStep, attempt: int = 1, run: str = RUN) -> Started:
    return Started(run=run, step=step.id, attempt=attempt, agent=step.agent, worker="w1")


def restarted(step: PlanStep, attempt: int = 2, run: str = RUN) -> Restarted:
    return Restarted(run=run, step=step.id, attempt=attempt, agent=step.agent, worker="w2")


def retrieved(step: PlanStep, attempt: int = 1, run: str = RUN) -> Retrieved:
    return Retrieved(run=run, step=step.id, attempt=attempt, passages=(passage(step.agent),))


def token(step: PlanStep, text: str, attempt: int = 1, run: str = RUN) -> Token:
    return Token(run=run, step=step.id, attempt=attempt, channel="answer", text=text)


def thought(step: PlanStep, text: str, attempt: int = 1) -> Token:
    return Token(run=RUN, step=step.id, attempt=attempt, channel="reasoning", text=text)


def result(step: PlanStep, text: str = "Stop the server, then copy the folder.") -> StepResult:
    claim = Claim(text=text, quote=text, passage=f"{step.agent}-doc#1", relevance=0.8)
    return StepResult(
        step=step.id, agent=step.agent, question=step.question, state="answered", text=text,
        claims=(claim,), passages=(passage(step.agent, text),), confidence=0.8, seconds=1.5,
    )  # fmt: skip


def finished(step: PlanStep, text: str = "Stop the server, then copy the folder.", run: str = RUN) -> Finished:
    return Finished(run=run, step=step.id, attempt=1, result=result(step, text))


def failed(step: PlanStep, error: str = "Its model did not answer in time.", run: str = RUN) -> Failed:
    failure = StepResult(
        step=step.id, agent=step.agent, question=step.question, state="failed", error=error
    )  # fmt: skip
    return Failed(run=run, step=step.id, attempt=1, result=failure)


def aggregating(answered: int, asked: int = 2, run: str = RUN) -> Aggregating:
    return Aggregating(run=run, answered=answered, asked=asked)


def conflict(run: str = RUN) -> ConflictFound:
    found = Conflict(
        subject="how often", claims=("Every day.", "Every week."), numbers=(1, 2), settled="The newer source counts."
    )
    return ConflictFound(run=run, conflict=found)


def answer_token(text: str, fence: int = 1, run: str = RUN) -> Token:
    return Token(run=run, fence=fence, channel="answer", text=text)


def answer(state: RunState = "answered", text: str = "", reason: str = "", run: str = RUN) -> Answer:
    citations = (Citation(number=1, agent="operations", quote="copy the folder", passage=passage()),)
    return Answer(
        run=run,
        result=TaskResult(
            task=run, mode="council", state=state, reason=reason,
            answer=text or (f"Copy the folder [1](#cite-{run}-1)." if state == "answered" else ""),
            citations=citations if state == "answered" else (),
            contributed=("operations", "security") if state == "answered" else (), total_seconds=3.0,
        ),
    )  # fmt: skip


def recorded(*events: AnyEvent) -> list[Recorded]:
    """The events as a log keeps them, a second apart from each other."""
    return [Recorded(id=f"{n}-0", at=1000.0 + n, event=event) for n, event in enumerate(events, start=1)]


def council_run() -> list[Recorded]:
    """Everything that a run can do, in one: waits, attempts that end in every way, a takeover, a conflict, tokens."""
    return recorded(
        accepted(), waiting(2, 8.0), begun(), preparing(120), preparing(250), selected("operations", "security"),
        planned(),
        started(OPERATIONS), retrieved(OPERATIONS), thought(OPERATIONS, "Look "), thought(OPERATIONS, "closely."),
        token(OPERATIONS, "Stop the "), restarted(OPERATIONS), token(OPERATIONS, "server"), retrieved(OPERATIONS, 2),
        token(OPERATIONS, "Stop it, ", 2), token(OPERATIONS, "then copy.", 2), finished(OPERATIONS),
        token(OPERATIONS, "late", 2), started(SECURITY), token(SECURITY, "Enc"), retrying(SECURITY),
        restarted(SECURITY), token(SECURITY, "Encr", 2), returned(SECURITY, 2), restarted(SECURITY, 3),
        token(SECURITY, "Encrypt it.", 3), finished(SECURITY, "Encrypt it."), aggregating(2), conflict(),
        answer_token("Co"), resumed(), aggregating(2), conflict(), answer_token("Copy ", 2),
        answer_token("the folder.", 2), answer(),
    )  # fmt: skip
