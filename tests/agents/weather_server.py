"""An MCP server for tests, on standard input and output: `python -m tests.agents.weather_server`."""

import asyncio
import os

from mcp.server.fastmcp import FastMCP

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


if __name__ == "__main__":
    server.run()
