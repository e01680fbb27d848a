"""Where the server hands the orchestrator over to the chat.

Chainlit loads app.py by its path and calls its handlers without arguments, so this hand-over is the one piece of
module state in the chat. In the server's lifespan:

    chat.host.install(orchestrator, registry, knowledge, history, people)
    try:
        yield
    finally:
        await chat.host.uninstall()

A handler that runs before `install`, or after `uninstall`, gets NotStarted.
"""

from dataclasses import dataclass, field

from agents import AgentRegistry
from chat.coming import Coming
from chat.deliveries import Deliveries
from chat.departures import Departures
from chat.errors import NotStarted
from chat.preferences import PreferenceBook
from chat.remembered import Remembered
from chat.usual import Usual
from chat.viewer import Viewers
from history import ConversationLog, History
from knowledge import Knowledge
from orchestration.orchestrator import Orchestrator
from orchestration.placing import Placer
from people import People


@dataclass(frozen=True)
class Host:
    """What the handlers work with."""

    orchestrator: Orchestrator
    registry: AgentRegistry
    knowledge: Knowledge
    people: People
    history: History
    log: ConversationLog
    """What has ended from the history, what goes on from the orchestrator."""
    deliveries: Deliveries
    viewers: Viewers
    preferences: PreferenceBook
    departures: Departures
    coming: Coming = field(default_factory=Coming)
    asked_again: set[tuple[str, str, str, str]] = field(default_factory=set)
    """Person, thread, question and model of what is being asked again at the moment, so that no click asks twice."""


class _Slot:
    host: Host | None = None


def install(
    orchestrator: Orchestrator, registry: AgentRegistry, knowledge: Knowledge, history: History, people: People
) -> Host:
    """Hand over a running orchestrator, what its agents know, what was said before and who may ask; replaces an
    earlier one.
    """
    titles = {name: agent.title for name, agent in registry.items()}
    remembered = Remembered(history, titles)
    deliveries = Deliveries(knowledge, Placer(registry, knowledge), registry, remembered.keep)
    log = ConversationLog(history, orchestrator)
    viewers = Viewers(log, deliveries, remembered, titles, Usual(orchestrator), orchestrator.models)
    preferences = PreferenceBook(history)
    departures = Departures(people, orchestrator, history, log, deliveries)
    _Slot.host = Host(
        orchestrator, registry, knowledge, people, history, log, deliveries, viewers, preferences, departures
    )
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
