"""The web process as `roundtable serve` runs it, over agents that speak for some seconds.

    python -m benchmarks.web DATA PORT SECONDS SLOTS

Chat, HTTP, orchestrator and, with slots, the agents are in this one process; Redis is embedded, in its own.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from api import create_app
from api.reach import people_of
from benchmarks.children import be_a_child
from benchmarks.speakers import Speaker, four_agents
from chat import host
from cli.server import QuietServer
from cli.sockets import listening
from history import Keeper, open_history
from knowledge import HashEmbedder
from orchestration import AgentOrchestrator, Settings, open_runtime
from orchestration.settings import RunSettings, WebSettings, make_data_folder
from people import People

PLACES = 256
"""Runs at the same time: the default of 64 would let some of a hundred chats wait for their turn."""


def settings_of(data: Path, port: int, slots: int) -> Settings:
    return Settings(data=data, web=WebSettings(port=port), run=RunSettings(slots=slots, places=PLACES))


@asynccontextmanager
async def _opened(settings: Settings, people: People, seconds: float) -> AsyncIterator[AgentOrchestrator]:
    make_data_folder(settings.data)
    speaker = Speaker(seconds)
    async with (
        open_history(settings.data) as history,
        open_runtime(
            settings, registry=four_agents(), answerer=speaker, embedder=HashEmbedder(), keeper=Keeper(history)
        ) as orchestrator,
    ):
        await orchestrator.knowledge.wait_ready()
        host.install(orchestrator, orchestrator.registry, orchestrator.knowledge, history, people)
        try:
            yield orchestrator
        finally:
            await host.uninstall()


@asynccontextmanager
async def serving(settings: Settings, seconds: float) -> AsyncIterator[None]:
    """Serve until the block ends."""
    people = people_of(settings)
    app = create_app(settings, people=people, opening=lambda: _opened(settings, people, seconds))
    server, asked = QuietServer(app), asyncio.Event()
    with listening(settings.web.port) as sockets:
        async with app.running(), asyncio.TaskGroup() as tasks:
            tasks.create_task(server.serve_until(asked, sockets))
            yield
            asked.set()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("slots", type=int)
    given = parser.parse_args()
    asyncio.run(be_a_child(serving(settings_of(given.data, given.port, given.slots), given.seconds)))


if __name__ == "__main__":
    main()
