"""Where the server hands the orchestrator over to the chat.

Chainlit loads app.py by its path and calls its handlers without arguments, so this hand-over is the one piece of
module state in the chat. In the server's lifespan:

    chat.host.install(orchestrator, registry, knowledge)
    try:
        yield
    finally:
        await chat.host.uninstall()

A handler that runs before `install`, or after `uninstall`, gets NotStarted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from agents import Agent, AgentRegistry
from chat.deliveries import Deliveries
from chat.errors import NotStarted
from chat.viewer import Viewers
from knowledge import Knowledge
from orchestration.orchestrator import Orchestrator
from orchestration.placing import Placer


@dataclass(frozen=True)
class Host:
    """What the handlers work with."""

    orchestrator: Orchestrator
    registry: Mapping[str, Agent]
    knowledge: Knowledge
    deliveries: Deliveries
    viewers: Viewers
    asked_again: set[tuple[str, str, str]] = field(default_factory=set)
    """Person, thread and question of what is being asked again at the moment, so that no click asks twice."""


class _Slot:
    host: Host | None = None


def install(orchestrator: Orchestrator, registry: AgentRegistry, knowledge: Knowledge) -> Host:
    """Hand over a running orchestrator and what its agents know; replaces an earlier one."""
    titles = {name: agent.title for name, agent in registry.items()}
    deliveries = Deliveries(knowledge, Placer(registry, knowledge), registry)
    _Slot.host = Host(orchestrator, registry, knowledge, deliveries, Viewers(orchestrator, deliveries, titles))
    return _Slot.host


async def uninstall() -> None:
    """Take the orchestrator away before it is closed: windows stop being told anything."""
    host, _Slot.host = _Slot.host, None
    if host is not None:
        await host.viewers.close_all()
        await host.deliveries.close()


def current() -> Host:
    """Raises NotStarted."""
    if _Slot.host is None:
        raise NotStarted("Roundtable is still starting. Please ask again in a moment.")
    return _Slot.host
