"""`/status`: what is going on, in the words of a person; for whoever runs the server also what all of it does."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from agents import Agent
from chat.commands.agents import shelves
from chat.commands.command import Call, Offer
from chat.errors import ChatError
from chat.host import Host, current
from chat.plain import plain
from chat.reply import reply
from chat.status_line import reading
from chat.words import counted, listed, shortened
from history import HistoryError
from knowledge import KnowledgeError, KnowledgeStatus
from orchestration.errors import RoundtableError, UnknownRun
from orchestration.load import Load
from orchestration.log import Standing
from orchestration.messages import Task
from orchestration.presence import AgentHealth

log = logging.getLogger(__name__)

MOST_RUNS = 20
"""Questions of one person that are looked at, the newest."""
_LONGEST_QUESTION = 70
_STANDING: Mapping[Standing | Literal["unknown"], str] = {
    "waiting": "waits for a place",
    "at work": "is being answered",
    "awaiting approval": "waits for your approval",
    "unknown": "is kept; how far it is will be known when Redis answers",
}


class Status:
    offer = Offer("status", "What is going on: the server, its knowledge, your questions", "activity")

    async def run(self, call: Call) -> None:
        try:
            said = await _told(current(), call.window.person)
        except (ChatError, RoundtableError, KnowledgeError) as error:
            log.warning("what is going on cannot be told: %s", error)
            said = plain(str(error))
        await reply(call.window, call.message, "status", said)


@dataclass(frozen=True)
class Question:
    """One of the person's that has not ended."""

    task: Task
    standing: Standing | Literal["unknown"]


async def _told(host: Host, person: str) -> str:
    health = await _health(host)
    lines = [
        who_answers(host.orchestrator.halted, health, host.registry),
        knowledge(host.knowledge.status, await _documents(host, person)),
        questions(await _questions(host, person)),
    ]
    if host.people.may(person, "watch the server"):
        lines.append(await _everybodys(host))
    return "\n".join(f"- {line}" for line in lines)


async def _health(host: Host) -> Mapping[str, AgentHealth]:
    try:
        return await host.orchestrator.health()
    except RoundtableError as error:
        log.warning("how the agents are cannot be told: %s", error)
        return {}


def who_answers(halted: str, health: Mapping[str, AgentHealth], registry: Mapping[str, Agent]) -> str:
    """The council, or the single agent, or nobody; and which agents are not there."""
    if halted:
        return f"**Halted.** {plain(halted)}"
    if not health:
        return (
            "**Redis does not answer.** The single agent answers until it is back; "
            "questions that were asked before are kept and go on then."
        )
    missing = [
        plain(registry[one.agent].title) for one in health.values() if one.breaker.state == "open" or not one.workers
    ]
    if not missing:
        return f"**All is well.** {counted(len(health), 'agent')} can be asked."
    if len(missing) == len(health):
        return "**No agent can be asked:** nobody runs them, or all failed lately. `/agents` says more."
    some = f"{len(health) - len(missing)} of {counted(len(health), 'agent')}"
    return f"**{some} can be asked.** {listed(missing)} cannot; `/agents` says why."


async def _documents(host: Host, person: str) -> tuple[int, int]:
    """How many there are for this person, and how many of them are only theirs."""
    found = await host.knowledge.threads.run(shelves, host, person, list(host.registry))
    return sum(s.documents for s in found.values()), sum(s.own for s in found.values())


def knowledge(status: KnowledgeStatus, documents: tuple[int, int]) -> str:
    """How far it is, and how much is in it."""
    every, own = documents
    there = counted(every, "document") + (f", {own} only for you" if own else "")
    if status.state == "ready":
        return f"Knowledge: {there}."
    if status.state == "failed":
        return f"Knowledge: {there}. The demo documents could not be read; the server's log says why."
    return f"Knowledge: {there} so far. {reading(status.done, status.total)}."


async def _questions(host: Host, person: str) -> list[Question]:
    """Those that have not ended, in whatever conversation; one that was interrupted has."""
    try:
        noted = await host.history.open_runs(person, MOST_RUNS)
    except HistoryError as error:
        log.warning("whose runs go on cannot be told: %s", error)
        return []
    found = []
    for run in noted:
        try:
            standing: Standing | Literal["unknown"] = await host.orchestrator.standing(run.task.id, person=person)
        except UnknownRun:
            continue
        except RoundtableError:
            standing = "unknown"
        if standing != "ended":
            found.append(Question(run.task, standing))
    return found


def questions(found: list[Question]) -> str:
    """Each with where it can be seen."""
    if not found:
        return "Your questions: nothing goes on, and nothing waits for you."
    lines = [f"{'Your question' if len(found) == 1 else f'Your {len(found)} questions'}:"]
    for one in found:
        question = plain(shortened(one.task.question, _LONGEST_QUESTION))
        lines.append(f"  - “[{question}](/thread/{one.task.conversation})” {_STANDING[one.standing]}")
    return "\n".join(lines)


async def _everybodys(host: Host) -> str:
    try:
        load, processes = await host.orchestrator.load()
    except RoundtableError as error:
        return f"Of all people: not known. {plain(str(error))}"
    return everybodys(load, len(processes))


def everybodys(load: Load, processes: int) -> str:
    """For whoever runs the server."""
    line = (
        f"Of all people: {counted(load.at_work, 'question')} at work, {load.waiting or 'none'} waiting for a place, "
        f"{load.awaiting_approval or 'none'} waiting for approval. Processes: {processes}."
    )
    letters = sum(load.dead_letters)
    if not letters:
        return line
    return f"{line} {counted(letters, 'message')} could be used by no worker: `roundtable dead-letters` shows them."
