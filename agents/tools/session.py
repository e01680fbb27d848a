"""One session with an MCP server, kept open for the whole process and opened again when it died."""

import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
from mcp import ClientSession, McpError, StdioServerParameters, stdio_client
from mcp.client.stdio import get_default_environment
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, TextContent
from mcp.types import Tool as RemoteTool

from agents.errors import ToolFailed
from agents.tools.settings import ServerSettings

log = logging.getLogger(__name__)

OPENING_SECONDS = 8.0
CALL_SECONDS = 12.0
PING_SECONDS = 2.0
REST_SECONDS = 30.0
"""A server that could not be reached is left alone for so long, so that it does not hold up each question."""
MOST_TOOLS = 40
MOST_CHARACTERS = 6_000
"""Of what a call gives."""


@dataclass(frozen=True, eq=False)
class _Opened:
    session: ClientSession
    tools: tuple[RemoteTool, ...]
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def unless_over(self, call: Coroutine[Any, Any, CallToolResult]) -> CallToolResult:
        """What a call gives. Raises ConnectionError as soon as the session is over: the library would wait on."""
        asked, over = asyncio.create_task(call), asyncio.create_task(self.over.wait())
        try:
            await asyncio.wait((asked, over), return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                raise ConnectionError("the session is over")
            return asked.result()
        finally:
            asked.cancel()
            over.cancel()


class Session:
    """`run` holds it, in one task, because what opens a session must close it; everybody else asks by it."""

    def __init__(self, name: str, settings: ServerSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._settings = settings
        self._clock = clock
        self._wanted: asyncio.Queue[asyncio.Future[_Opened]] = asyncio.Queue()
        self._opened: _Opened | None = None
        self._asking = asyncio.Lock()
        self._rests_until = 0.0
        self._refused = False
        """It answered last that whoever asks may not."""

    async def run(self) -> None:
        """Open it whenever somebody wants it and it is not there, until cancelled."""
        while True:
            wanted = await self._wanted.get()
            opened: _Opened | None = None
            try:
                async with AsyncExitStack() as stack:
                    opened = await self._open(stack)
                    self._refused = False
                    if not wanted.done():
                        wanted.set_result(opened)
                        await opened.over.wait()
            except Exception as error:
                # The boundary of the library: what a server or its transport raises must not end the process.
                self._refused = _is_refusal(error)
                log.warning("the server %s of tools is not there (%s)", self._name, _named(error))
            finally:
                self._opened = None
                if opened is not None:
                    opened.over.set()
                if not wanted.done():
                    wanted.set_exception(self._away())

    async def tools(self) -> tuple[RemoteTool, ...]:
        """What it offers now. Raises ToolFailed."""
        return (await self._alive()).tools

    async def call(self, tool: str, arguments: Mapping[str, object]) -> str:
        """What a tool gives, as text. Raises ToolFailed; a call is never made twice."""
        opened = self._opened
        if opened is None:
            raise self._away()
        try:
            async with asyncio.timeout(CALL_SECONDS):
                result = await opened.unless_over(opened.session.call_tool(tool, dict(arguments)))
        except TimeoutError:
            raise ToolFailed(f"The server {self._name} took longer than {CALL_SECONDS:g} seconds.") from None
        except McpError as error:
            log.info("the server %s refused a call of %s", self._name, tool)
            raise ToolFailed(f"The server {self._name} refused the call: {error.error.message[:300]}") from None
        except Exception as error:
            # As in `run`.
            log.warning("the server %s broke off a call (%s)", self._name, _named(error))
            opened.over.set()
            raise self._away() from None
        text = _text(result)
        if result.isError:
            raise ToolFailed(text[:1_000] or f"{tool} failed.")
        return text

    async def _alive(self) -> _Opened:
        async with self._asking:
            if self._opened is not None:
                try:
                    async with asyncio.timeout(PING_SECONDS):
                        await self._opened.session.send_ping()
                    return self._opened
                except Exception as error:
                    # As in `run`.
                    log.info("the session with the server %s is over (%s)", self._name, _named(error))
                    self._opened.over.set()
                    self._opened = None
            if self._clock() < self._rests_until:
                raise self._away()
            wanted: asyncio.Future[_Opened] = asyncio.get_running_loop().create_future()
            self._wanted.put_nowait(wanted)
            try:
                async with asyncio.timeout(OPENING_SECONDS):
                    self._opened = await wanted
            except (TimeoutError, ToolFailed):
                self._rests_until = self._clock() + REST_SECONDS
                raise self._away() from None
            return self._opened

    def _away(self) -> ToolFailed:
        if self._refused:
            given = f"the token of {self._settings.token}" if self._settings.token else "to be asked without a token"
            return ToolFailed(f"The server {self._name} refuses {given}.")
        return ToolFailed(f"The server {self._name} cannot be reached.")

    async def _open(self, stack: AsyncExitStack) -> _Opened:
        settings = self._settings
        if settings.command:
            known = {name: os.environ[name] for name in settings.environment if name in os.environ}
            command = StdioServerParameters(
                command=settings.command[0],
                args=list(settings.command[1:]),
                env={**get_default_environment(), **known},
            )
            reading, writing = await stack.enter_async_context(
                stdio_client(command, errlog=sys.__stderr__ or sys.stderr)
            )
        else:
            token = os.environ.get(settings.token, "") if settings.token else ""
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            timeout = httpx.Timeout(CALL_SECONDS, read=300.0)
            client = await stack.enter_async_context(httpx.AsyncClient(headers=headers, timeout=timeout))
            streams = streamable_http_client(str(settings.url), http_client=client)
            reading, writing, _ = await stack.enter_async_context(streams)
        session = await stack.enter_async_context(ClientSession(reading, writing))
        async with asyncio.timeout(OPENING_SECONDS):
            await session.initialize()
            tools = (await session.list_tools()).tools
        return _Opened(session, tuple(tools[:MOST_TOOLS]))


def _text(result: CallToolResult) -> str:
    """Pictures and files are named only: nobody here reads them."""
    told = [block.text if isinstance(block, TextContent) else f"({block.type})" for block in result.content]
    if not told and result.structuredContent is not None:
        told = [json.dumps(result.structuredContent, ensure_ascii=False)]
    return "\n".join(told)[:MOST_CHARACTERS]


def _is_refusal(error: BaseException) -> bool:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return isinstance(error, httpx.HTTPStatusError) and error.response.status_code in (401, 403)


def _named(error: BaseException) -> str:
    """The kind of an error alone: its text may hold an address with a password."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return type(error).__name__
