"""Who is there: the answer to the command `/agents`, as a table."""

import logging
from collections.abc import Iterable, Mapping

from agents import Agent
from chat.errors import ChatError
from chat.host import Host, current
from chat.plain import plain
from chat.reply import reply
from chat.viewer import Window
from chat.wire import Json
from chat.words import duration
from knowledge import KnowledgeError
from orchestration.errors import RoundtableError
from orchestration.presence import AgentHealth

log = logging.getLogger(__name__)

AGENTS = "agents"
"""What is typed after the slash."""
COMMAND: Json = {
    "id": AGENTS,
    "description": "Who is there, and how they are doing",
    "icon": "users",
    "button": False,
    "persistent": False,
    "selected": False,
}

_HEAD = "| Agent | State | Docs | Workers | Load | Success | Time |\n|---|---|---:|---:|---:|---:|---:|"


async def tell_roster(window: Window, message: str) -> None:
    """Answer in the chat, under the message that asked; nothing of it is kept."""
    await reply(window, message, "roster", await _roster(window.person))


async def _roster(person: str) -> str:
    try:
        return await _read(current(), person)
    except (RoundtableError, ChatError, KnowledgeError) as error:
        log.warning("who is there cannot be told: %s", error)
        return f"{error} The single agent answers meanwhile."


async def _read(host: Host, person: str) -> str:
    health = await host.orchestrator.health()
    if not health:
        return "No agent of the council can be reached: Redis does not answer. The single agent answers meanwhile."
    halted = f"{plain(host.orchestrator.halted)}\n\n" if host.orchestrator.halted else ""
    documents = await host.knowledge.threads.run(_counted, host, person, list(health))
    return halted + table(health.values(), host.registry, documents)


def _counted(host: Host, person: str, agents: Iterable[str]) -> dict[str, int]:
    """Their documents. Blocking."""
    return {agent: len(host.knowledge.documents(agent, person)) for agent in agents}


def table(health: Iterable[AgentHealth], registry: Mapping[str, Agent], documents: Mapping[str, int]) -> str:
    """One line for each agent, in the order in which they come; `documents` are those that whoever asks may see."""
    return "\n".join((_HEAD, *(_line(one, registry[one.agent].title, documents[one.agent]) for one in health)))


def _line(one: AgentHealth, title: str, documents: int) -> str:
    rate = one.success_rate
    load = f"{one.slots - one.free}/{one.slots}" if one.slots else "–"
    success = f"{rate:.0%}" if rate is not None else "–"
    median = _time(one.median_seconds) if one.median_seconds else "–"
    return f"| {plain(title)} | {state(one)} | {documents} | {one.workers} | {load} | {success} | {median} |"


def state(one: AgentHealth) -> str:
    """`ready`, `at work`, or why it is not asked."""
    if one.breaker.state == "open":
        return f"left out for another {duration(one.breaker.seconds)}"
    if not one.workers:
        return "no worker runs it"
    if one.breaker.state == "half_open":
        return "on trial after failures"
    return "at work" if one.busy else "ready"


def _time(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
