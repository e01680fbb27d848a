"""The real application over the small world of two agents, in a process of its own, obeying a test on its stdin.

    python -m tests.browser.serving FOLDER

Chainlit is configured by the process's environment, so it cannot share the tests' own process. The first line on
stdout is the port; afterwards each line on stdin (`hold`, `say WORDS`, `release`, `freeze`, `thaw`) is answered by
`done`. Language models are configured by the environment, as everywhere; where there is one, nobody is held.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from agents.answerers import ExtractiveAnswerer
from api import create_app
from api.reach import people_of
from chat import host
from cli.server import QuietServer
from cli.signals import until_asked_to_stop
from history import Keeper, open_history
from knowledge import HashEmbedder
from orchestration import AgentOrchestrator, Settings, open_runtime
from orchestration.embedded.datafolder import DataFolder
from orchestration.embedded.process import server_pid
from orchestration.settings import WebSettings, make_data_folder, read_settings
from people import People
from tests.browser.held import HeldAnswerer
from tests.orchestration.worlds import registry


@asynccontextmanager
async def opened(
    settings: Settings, folder: Path, people: People, held: HeldAnswerer
) -> AsyncIterator[AgentOrchestrator]:
    """The runtime with an embedded Redis, in the hands of the chat, its knowledge ready."""
    make_data_folder(settings.data)
    async with (
        open_history(settings.data) as history,
        open_runtime(
            settings,
            registry=registry(folder),
            answerer=None if settings.models.model else held,
            embedder=HashEmbedder(),
            keeper=Keeper(history),
        ) as orchestrator,
    ):
        await orchestrator.knowledge.wait_ready()
        host.install(orchestrator, orchestrator.registry, orchestrator.knowledge, history, people)
        try:
            yield orchestrator
        finally:
            await host.uninstall()


def signal_redis(data: Path, number: signal.Signals) -> None:
    """To the embedded server's process."""
    pid = server_pid(DataFolder(data))
    assert pid is not None, "no server runs"
    os.kill(pid, number)


async def obey(answerer: HeldAnswerer, orders: asyncio.Queue[str], data: Path) -> None:
    """Carry out one order after the other."""
    while True:
        order, _, words = (await orders.get()).strip().partition(" ")
        match order:
            case "hold":
                await answerer.hold()
            case "say":
                await answerer.say(words)
            case "release":
                await answerer.release()
            case "freeze":
                signal_redis(data, signal.SIGSTOP)
            case "thaw":
                signal_redis(data, signal.SIGCONT)
        print("done", flush=True)


async def serve(folder: Path) -> None:
    answerer = HeldAnswerer(ExtractiveAnswerer())
    orders: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(orders.put_nowait, line)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = int(listening.getsockname()[1])
        models = read_settings().models
        settings = Settings(data=folder / "data", web=WebSettings(port=port), models=models)
        people = people_of(settings)
        app = create_app(settings, people=people, opening=lambda: opened(settings, folder, people, answerer))
        server = QuietServer(app)
        async with until_asked_to_stop(server.hurry) as asked, app.running(), asyncio.TaskGroup() as tasks:
            # A daemon: a read of stdin cannot be cancelled, and must not keep the process.
            threading.Thread(target=read, daemon=True).start()
            obeying = tasks.create_task(obey(answerer, orders, settings.data))
            print(port, flush=True)
            await server.serve_until(asked, [listening])
            obeying.cancel()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(serve(Path(sys.argv[1])))
