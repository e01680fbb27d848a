"""A real server with the real Chainlit, over an orchestrator that a test scripts.

Chainlit reads its folder and its secret from the environment when it is first imported, so both are set here, before
any test of this folder imports it; every import of it in these tests is inside a function for that reason.
"""

import asyncio
import os
import socket
import tempfile
import warnings
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import PydanticDeprecatedSince20

from history import History, open_history
from knowledge import HashEmbedder, Knowledge, KnowledgeSettings, open_knowledge
from people import Accounts, People
from tests.chat.browser_side import Site
from tests.chat.scripted import ScriptedOrchestrator

_folder = tempfile.TemporaryDirectory(prefix="roundtable-chat-tests-")
os.environ.setdefault("CHAINLIT_APP_ROOT", _folder.name)
os.environ.setdefault("CHAINLIT_AUTH_SECRET", "a secret of the tests that is long enough")


def pytest_unconfigure() -> None:
    _folder.cleanup()


ROOT = Path(__file__).parents[2]


@pytest.fixture
def orchestrator() -> ScriptedOrchestrator:
    return ScriptedOrchestrator()


@pytest.fixture
async def knowledge(tmp_path: Path) -> AsyncIterator[Knowledge]:
    """What the agents of the catalog know: nothing yet."""
    async with open_knowledge(tmp_path / "knowledge", KnowledgeSettings(), HashEmbedder(), {}) as knowledge:
        await knowledge.wait_ready()
        yield knowledge


@pytest.fixture
async def history(tmp_path: Path) -> AsyncIterator[History]:
    """Nothing was said yet."""
    async with open_history(tmp_path) as history:
        yield history


@pytest.fixture
def people(tmp_path: Path) -> People:
    """One person at their own machine."""
    return People(Accounts(tmp_path / "people.json"))


@pytest.fixture
async def address(
    orchestrator: ScriptedOrchestrator, knowledge: Knowledge, history: History, people: People
) -> AsyncIterator[str]:
    """Roundtable's page on a free port of the loopback."""
    import uvicorn

    with warnings.catch_warnings():
        # Chainlit defines its models in the old way.
        warnings.simplefilter("ignore", PydanticDeprecatedSince20)
        from chainlit.config import load_module
        from chainlit.server import app as chainlit_app

        load_module(str(ROOT / "app.py"))
    from agents import load_catalog
    from api.entrance import Entrance
    from api.page import ChainlitTokens
    from chat import host

    host.install(orchestrator, load_catalog(), knowledge, history, people)
    listening = socket.create_server(("127.0.0.1", 0))
    entrance = Entrance(chainlit_app, people, ChainlitTokens(), header="", seconds=3_600)
    config = uvicorn.Config(entrance, log_level="warning", lifespan="off", ws="websockets-sansio")
    server = uvicorn.Server(config)
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(server.serve(sockets=[listening]))
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        await host.uninstall()
        server.should_exit = True
        await serving


@pytest.fixture
async def site(address: str) -> AsyncIterator[Site]:
    """The page with the person at this machine."""
    async with Site.open(address) as site:
        yield site
