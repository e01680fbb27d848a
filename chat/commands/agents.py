"""`/agents`, `/agents security`: who there is, what they know, and how they are doing."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agents import Agent, AgentError
from agents.models import Models
from chat.commands.command import Call, Offer
from chat.errors import ChatError
from chat.host import Host, current
from chat.plain import plain
from chat.reply import reply
from chat.words import Words
from knowledge import KnowledgeError
from orchestration.errors import RoundtableError
from orchestration.presence import AgentHealth

log = logging.getLogger(__name__)

FEW = 2
"""Example questions that are shown of each agent; of one that is asked for all are."""

_RULE = "|---|---:|---:|---:|---:|"


class Agents:
    offer = Offer("agents", "users", "[AGENT]")

    async def run(self, call: Call) -> None:
        await reply(call.window, call.message, "roster", await _told(call))


@dataclass(frozen=True)
class Shelf:
    """How many documents an agent has, as far as whoever asks may see them."""

    documents: int
    own: int
    """Those that only they see."""


async def _told(call: Call) -> str:
    words = call.window.words
    try:
        host = current()
        agents = chosen(host.registry, call.words)
        documents = await host.knowledge.threads.run(shelves, host, call.window.person, [a.name for a in agents])
        health, trouble = await _health(host, words)
    except (ChatError, AgentError, KnowledgeError) as error:
        log.warning("who is there cannot be told: %s", error)
        return plain(words.trouble(error))
    few = FEW if len(agents) > 1 else None
    parts = [trouble] if trouble else []
    parts += [
        card(agent, documents[agent.name], health.get(agent.name), few, words, host.orchestrator.models)
        for agent in agents
    ]
    if len(agents) > 1:
        parts.append(words.ask_one(agents[0].name))
    if health and host.people.may(call.window.person, "watch the server"):
        parts.append(table([health[a.name] for a in agents if a.name in health], host.registry, words))
    return "\n\n".join(parts)


def chosen(registry: Mapping[str, Agent], wanted: str) -> list[Agent]:
    """All of them, or the one of this name, with or without an @. Raises UnknownAgent."""
    name = wanted.strip().removeprefix("@").lower()
    return [registry[name]] if name else list(registry.values())


async def _health(host: Host, words: Words) -> tuple[Mapping[str, AgentHealth], str]:
    """How they are, as far as it is known; and what stands in everybody's way."""
    try:
        health = await host.orchestrator.health()
    except RoundtableError as error:
        log.warning("how the agents are cannot be told: %s", error)
        return {}, words.alone_meanwhile(plain(words.trouble(error)))
    if not health:
        return {}, words.alone_meanwhile(words.nobody_reached)
    return health, plain(host.orchestrator.halted)


def shelves(host: Host, person: str, agents: Iterable[str]) -> dict[str, Shelf]:
    """What each has that this person may see. Blocking."""
    found = {agent: host.knowledge.documents(agent, person) for agent in agents}
    return {agent: Shelf(len(these), sum(1 for d in these if d.person)) for agent, these in found.items()}


def card(agent: Agent, shelf: Shelf, health: AgentHealth | None, few: int | None, words: Words, models: Models) -> str:
    """What a person wants to know of one agent; `few` is how many of its example questions."""
    facts = [f"`@{agent.name}`"]
    if health is not None:
        facts.append(state(health, words))
    facts.append(words.with_own(shelf.documents, shelf.own))
    if health is not None and health.median_seconds:
        facts.append(words.usually(health.median_seconds))
    model = models.of(agent=agent.name)
    if model is not None:
        facts.append(plain(model.name))
    lines = [f"**{plain(agent.title)}** · {' · '.join(facts)}", plain(agent.description)]
    if agent.examples:
        lines.append(words.for_example(examples(agent.examples[:few], words)))
    return "\n".join(lines)


def examples(questions: Sequence[str], words: Words) -> str:
    return words.listed([words.quoted(plain(question)) for question in questions])


def table(health: Iterable[AgentHealth], registry: Mapping[str, Agent], words: Words) -> str:
    """How they work, for whoever runs the server: one line each, in the order in which they come."""
    head = f"| {' | '.join(words.roster_head)} |"
    return "\n".join((head, _RULE, *(_line(one, registry[one.agent].title, words) for one in health)))


def _line(one: AgentHealth, title: str, words: Words) -> str:
    rate = one.success_rate
    load = f"{one.slots - one.free}/{one.slots}" if one.slots else "–"
    success = words.share(rate) if rate is not None else "–"
    median = words.pace(one.median_seconds) if one.median_seconds else "–"
    return f"| {plain(title)} | {one.workers} | {load} | {success} | {median} |"


def state(one: AgentHealth, words: Words) -> str:
    """`ready`, `at work`, or why it is not asked."""
    if one.breaker.state == "open":
        return words.resting(one.breaker.seconds)
    if not one.workers:
        return words.no_worker
    if one.breaker.state == "half_open":
        return words.on_trial
    return words.at_work if one.busy else words.ready
