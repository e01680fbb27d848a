"""Tools of MCP servers: they reach outside, so an agent has only those that the operator gave it."""

import asyncio
import importlib
import logging
import re
from collections.abc import AsyncIterator, Container, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from agents.errors import ToolFailed
from agents.models import ToolOffer
from agents.tools.settings import EVERYBODY, read_servers
from agents.tools.tool import Outcome, Tool

if TYPE_CHECKING:
    from mcp.types import Tool as RemoteTool

log = logging.getLogger(__name__)

MOST_DESCRIPTION = 1_000
_LONGEST_NAME = 64
"""Providers accept no longer one."""


class _Asked(Protocol):
    """`session.Session` is one."""

    async def tools(self) -> tuple["RemoteTool", ...]: ...

    async def call(self, tool: str, arguments: Mapping[str, object]) -> str: ...


@dataclass(frozen=True)
class _Remote:
    """One tool of one server."""

    offer: ToolOffer
    name: str
    session: _Asked

    async def call(self, arguments: Mapping[str, object]) -> Outcome:
        return Outcome(await self.session.call(self.name, arguments))


class Servers:
    """Whoever is not named for a server does not hear of it."""

    def __init__(self, sessions: Mapping[str, tuple[_Asked, tuple[str, ...]]]) -> None:
        """By name: the session, and the agents that may use it."""
        self._sessions = sessions

    async def tools(self, agent: str) -> tuple[Tool, ...]:
        """Of a server that is away there are none, and the log says so."""
        own = [
            (name, session)
            for name, (session, agents) in self._sessions.items()
            if agent in agents or EVERYBODY in agents
        ]
        found = await asyncio.gather(*(self._of(name, session) for name, session in own))
        return tuple(tool for tools in found for tool in tools)

    async def _of(self, name: str, session: _Asked) -> list[_Remote]:
        try:
            offered = await session.tools()
        except ToolFailed as failed:
            log.warning("%s Its tools are left out.", failed)
            return []
        return [
            _Remote(
                ToolOffer(
                    re.sub(r"[^a-zA-Z0-9_-]", "_", f"{name}__{tool.name}")[:_LONGEST_NAME],
                    (tool.description or tool.name)[:MOST_DESCRIPTION],
                    tool.inputSchema,
                ),
                tool.name,
                session,
            )
            for tool in offered
        ]


@asynccontextmanager
async def open_servers(path: Path | None, agents: Container[str]) -> AsyncIterator[Servers]:
    """The servers of the file, as long as the block lasts; each is reached when it is first needed.

    Raises ToolMisconfigured.
    """
    if path is None:
        yield Servers({})
        return
    settings = await asyncio.to_thread(read_servers, path, agents)
    # Loads the library, in a thread: only where there is a server.
    await asyncio.to_thread(importlib.import_module, "agents.tools.session")
    from agents.tools.session import Session

    sessions = {name: (Session(name, server), server.agents) for name, server in settings.items()}
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(one.run()) for one, _ in sessions.values()]
        try:
            yield Servers(sessions)
        finally:
            for task in running:
                task.cancel()
