"""The names that the composer completes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from agents import Agent
from api import create_app
from orchestration import Settings
from tests.api.test_application import Running
from tests.api.test_documents import KnownPage

GARDENER = Agent(
    name="gardener", title="Gardener", description="Knows when to sow and when to reap.", examples=("When?",)
)


async def test_whoever_is_signed_in_sees_who_can_be_asked(tmp_path: Path) -> None:
    """As people call them: their examples and instructions are of no use there."""

    @asynccontextmanager
    async def opening() -> AsyncIterator[Running]:
        yield Running(registry={"gardener": GARDENER})

    app = create_app(Settings(data=tmp_path), page=KnownPage(), opening=opening)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
        assert (await client.get("/api/agents")).status_code == 401
        ana = {"x-person": "ana"}
        assert (await client.get("/api/agents", headers=ana)).json() == []
        async with app.running():
            assert (await client.get("/api/agents", headers=ana)).json() == [
                {"name": "gardener", "title": "Gardener", "description": "Knows when to sow and when to reap."}
            ]
