"""`/status`: what is going on, in the words of a person; for whoever runs the server also what all of it does."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from agents import Agent, Usage
from agents.models import Models
from chat.commands.agents import shelves
from chat.commands.command import Call, Offer
from chat.errors import ChatError
from chat.host import Host, current
from chat.plain import plain
from chat.reply import reply
from chat.words import Words, shortened
from history import HistoryError
from knowledge import KnowledgeError, KnowledgeStatus
from orchestration.errors import RoundtableError, UnknownRun
from orchestration.load import Load
from orchestration.log import Standing
from orchestration.messages import Task
from orchestration.presence import AgentHealth, Presence

log = logging.getLogger(__name__)

MOST_RUNS = 20
"""Questions of one person that are looked at, the newest."""
_LONGEST_QUESTION = 70


class Status:
    offer = Offer("status", "activity")

    async def run(self, call: Call) -> None:
        words = call.window.words
        try:
            said = await _told(current(), call.window.person, words)
        except (ChatError, RoundtableError, KnowledgeError) as error:
            log.warning("what is going on cannot be told: %s", error)
            said = plain(words.trouble(error))
        await reply(call.window, call.message, "status", said)


@dataclass(frozen=True)
class Question:
    """One of the person's that has not ended."""

    task: Task
    standing: Standing | Literal["unknown"]


async def _told(host: Host, person: str, words: Words) -> str:
    health = await _health(host)
    lines = [
        who_answers(host.orchestrator.halted, health, host.registry, words),
        knowledge(host.knowledge.status, await _documents(host, person), words),
        questions(await _questions(host, person), words),
    ]
    if host.people.may(person, "watch the server"):
        lines.append(await _everybodys(host, words))
        if models := host.orchestrator.models:
            lines.append(language_models(models, host.orchestrator.usage, words))
    return "\n".join(f"- {line}" for line in lines)


def language_models(models: Models, usage: Sequence[Usage], words: Words) -> str:
    """Which there are, what this process asked each, which are left alone for a while, and which people may choose."""
    asked = {one.model: _asked(one, words) for one in usage if one.calls}
    told = [words.model_state(plain(name), asked.get(name, ""), models.rests(name)) for name in models.names]
    return words.models(told, [plain(name) for name in models.offered])


def _asked(one: Usage, words: Words) -> str:
    return words.spent_on(one.calls, one.tokens_in, one.tokens_out, one.estimated, one.seconds, one.cost)


async def _health(host: Host) -> Mapping[str, AgentHealth]:
    try:
        return await host.orchestrator.health()
    except RoundtableError as error:
        log.warning("how the agents are cannot be told: %s", error)
        return {}


def who_answers(halted: str, health: Mapping[str, AgentHealth], registry: Mapping[str, Agent], words: Words) -> str:
    """The council, or the single agent, or nobody; and which agents are not there."""
    if halted:
        return words.all_halted(plain(halted))
    if not health:
        return words.redis_away_all
    missing = [
        plain(registry[one.agent].title) for one in health.values() if one.breaker.state == "open" or not one.workers
    ]
    if not missing:
        return words.all_well(len(health))
    if len(missing) == len(health):
        return words.nobody_asked
    return words.some_asked(len(health) - len(missing), len(health), missing)


async def _documents(host: Host, person: str) -> tuple[int, int]:
    """How many there are for this person, and how many of them are only theirs."""
    found = await host.knowledge.threads.run(shelves, host, person, list(host.registry))
    return sum(s.documents for s in found.values()), sum(s.own for s in found.values())


def knowledge(status: KnowledgeStatus, documents: tuple[int, int], words: Words) -> str:
    """How far it is, and how much is in it."""
    there = words.knowledge(*documents)
    if status.state == "ready":
        return f"{there}."
    if status.state == "failed":
        return words.knowledge_failed(there)
    return words.knowledge_so_far(there, words.reading(status.done, status.total))


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


def questions(found: list[Question], words: Words) -> str:
    """Each with where it can be seen."""
    if not found:
        return words.no_questions
    lines = [words.your_questions(len(found))]
    for one in found:
        question = plain(shortened(one.task.question, _LONGEST_QUESTION))
        link = words.quoted(f"[{question}](/thread/{one.task.conversation})")
        lines.append(f"  - {link} {words.standing(one.standing)}")
    return "\n".join(lines)


async def _everybodys(host: Host, words: Words) -> str:
    try:
        load, processes = await host.orchestrator.load()
    except RoundtableError as error:
        return words.not_known(plain(words.trouble(error)))
    return everybodys(load, processes, words)


def everybodys(load: Load, processes: Sequence[Presence], words: Words) -> str:
    """For whoever runs the server."""
    told = [words.everybodys(load.at_work, load.waiting, load.awaiting_approval)]
    told.append(
        words.processes(len(processes), sum(one.busy for one in processes), sum(one.slots for one in processes))
    )
    if forged := sum(alarm.messages for alarm in load.alarms.values()):
        told.append(words.forged(forged))
    if letters := sum(load.dead_letters):
        told.append(words.dead_letters(letters))
    return " ".join(told)
