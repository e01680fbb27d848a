"""Turns what an agent does into a step's events and its result; the same for every place that runs steps."""

import time
from collections.abc import Awaitable, Callable

from agents import Agent, Piece, Terms
from agents.runner import Done, Found, Runner
from orchestration.messages import AnyEvent, PlanStep, Retrieved, StepResult, Token
from orchestration.vectors import unpack


async def perform(
    runner: Runner,
    agent: Agent,
    step: PlanStep,
    *,
    run: str,
    person: str,
    bases: tuple[str, ...],
    context: tuple[str, ...],
    terms: Terms,
    emit: Callable[[AnyEvent], Awaitable[None]],
    clock: Callable[[], float] = time.time,
) -> StepResult:
    """A step's result; its events are emitted as they happen."""
    begun = clock()
    reasoning = ""

    async def tell(part: Found | Piece) -> None:
        nonlocal reasoning
        if isinstance(part, Found):
            await emit(Retrieved(run=run, step=step.id, passages=tuple(hit.passage for hit in part.hits)))
            return
        if part.channel == "reasoning":
            reasoning = part.text if part.fresh else reasoning + part.text
        await emit(Token(run=run, step=step.id, channel=part.channel, text=part.text, fresh=part.fresh))

    done = await runner.run(
        agent,
        step.question,
        unpack(step.vector) if step.vector else None,
        bases=bases,
        person=person,
        tell=tell,
        context=context,
        prefers=step.prefers,
        terms=terms,
    )
    return _result(step, done, reasoning, clock() - begun)


def _result(step: PlanStep, done: Done, reasoning: str, seconds: float) -> StepResult:
    draft = done.draft
    return StepResult(
        step=step.id,
        agent=step.agent,
        question=step.question,
        part=step.part,
        state="answered" if draft.claims else "nothing_found",
        text=draft.text,
        reasoning=reasoning,
        claims=draft.claims,
        passages=tuple(hit.passage for hit in done.hits),
        confidence=draft.confidence,
        seconds=seconds,
        busy=done.busy,
        usage=draft.usage,
        note=draft.note,
    )


def failure(step: PlanStep, reason: str, seconds: float = 0.0) -> StepResult:
    """A step's result when it could not be answered; the reason is one sentence for a person."""
    return StepResult(
        step=step.id, agent=step.agent, question=step.question, part=step.part,
        state="failed", error=reason, seconds=seconds,
    )  # fmt: skip
