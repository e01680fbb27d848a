"""An MCP server for tests: `python -m tests.agents.weather_server`, on standard input and output.

With a port and a token it answers over HTTP, on loopback, whoever has the token.
"""

import asyncio
import os
import sys

import uvicorn
from mcp.server.fastmcp import FastMCP
from starlette.types import ASGIApp, Receive, Scope, Send

server = FastMCP("weather")


@server.tool()
def now(place: str) -> str:
    """The weather in a place."""
    return f"It is raining in {place}."


@server.tool()
def secrets() -> str:
    """What this server knows of whoever started it."""
    return " ".join(name for name in ("OPENAI_API_KEY", "WEATHER_KEY") if name in os.environ)


@server.tool()
def fails() -> str:
    """Something that goes wrong."""
    raise ValueError("the sky is closed")


@server.tool()
async def never() -> str:
    """Something that takes for ever."""
    await asyncio.Event().wait()
    return ""


@server.tool()
def dies() -> str:
    """The end of this server."""
    os._exit(1)


class Guarded:
    """Refuses whoever does not have the token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and dict(scope["headers"]).get(b"authorization") != self._expected:
            await send({"type": "http.response.start", "status": 401, "headers": []})
            await send({"type": "http.response.body", "body": b"who is this?"})
            return
        await self._app(scope, receive, send)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        server.run()
    else:
        app = Guarded(server.streamable_http_app(), sys.argv[2])
        uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
