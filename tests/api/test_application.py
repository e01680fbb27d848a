"""The application around a page of the test's own: its addresses, its lifespan, its headers everywhere."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from fastapi import FastAPI, Request
from starlette.responses import PlainTextResponse
from starlette.staticfiles import StaticFiles

from agents import Agent
from api import Application, create_app
from api.application import Known
from knowledge import Document, KnowledgeStatus, UnknownDocument
from orchestration import Settings


@dataclass
class Shelf:
    status: KnowledgeStatus = field(default_factory=KnowledgeStatus)

    def original(self, base: str, document: str, *, person: str) -> Path:
        raise UnknownDocument("There is no such document.")

    def documents(self, base: str, person: str) -> Sequence[Document]:
        return ()


@dataclass
class Running:
    """What the addresses tell about."""

    knowledge: Known = field(default_factory=Shelf)
    redis_available: bool = True
    halted: str = ""
    registry: Mapping[str, Agent] = field(default_factory=dict)

    async def metrics(self) -> bytes:
        return b"roundtable_redis_up 1.0\n"


class SmallPage:
    """Instead of Chainlit: a file, a page and a page that breaks."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.running_now = False

    def mount(self, app: FastAPI) -> None:
        async def page() -> PlainTextResponse:
            return PlainTextResponse("the page", headers={"access-control-allow-origin": "*"})

        async def broken() -> PlainTextResponse:
            raise RuntimeError("inside")

        app.add_api_route("/", page)
        app.add_api_route("/broken", broken)
        app.mount("/public", StaticFiles(directory=self._folder))

    def person(self, request: Request) -> str:
        return ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self.running_now = True
        yield
        self.running_now = False


def application(tmp_path: Path, running: Running) -> tuple[Application, SmallPage]:
    (tmp_path / "file.txt").write_text("a file")
    page = SmallPage(tmp_path)

    @asynccontextmanager
    async def opening() -> AsyncIterator[Running]:
        yield running

    return create_app(Settings(data=tmp_path), page=page, opening=opening), page


def browser(app: Application) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://localhost:8000")


async def test_health_answers_before_anything_is_open(tmp_path: Path) -> None:
    """A supervisor asks whether the server runs, not whether it is ready."""
    app, _ = application(tmp_path, Running())
    async with browser(app) as client:
        assert (await client.get("/api/health")).json() == {"status": "ok"}
        assert (await client.get("/api/status")).json()["knowledge"]["state"] == "loading"


async def test_status_tells_how_far_the_knowledge_is(tmp_path: Path) -> None:
    """The page shows a banner from it; nothing may keep an old answer."""
    running = Running(Shelf(KnowledgeStatus(state="indexing", done=3, total=9, detail="security: a.md")))
    app, _ = application(tmp_path, running)
    async with app.running(), browser(app) as client:
        response = await client.get("/api/status")
    assert response.headers["cache-control"] == "no-store"
    assert response.json() == {
        "knowledge": {"state": "indexing", "done": 3, "total": 9, "detail": "security: a.md"},
        "redis": "up",
        "mode": "council",
        "halted": "",
    }


async def test_status_tells_when_only_the_single_agent_answers(tmp_path: Path) -> None:
    """That is when Redis is away."""
    app, _ = application(tmp_path, Running(redis_available=False))
    async with app.running(), browser(app) as client:
        status = (await client.get("/api/status")).json()
        assert not app.redis_available
    assert (status["redis"], status["mode"]) == ("down", "single")


async def test_every_response_is_guarded(tmp_path: Path) -> None:
    """Pages, files, what is missing, what is not allowed and what broke."""
    app, _ = application(tmp_path, Running())
    async with browser(app) as client:
        for method, path, status in [
            ("GET", "/", 200),
            ("GET", "/public/file.txt", 200),
            ("GET", "/nowhere", 404),
            ("POST", "/api/health", 405),
            ("GET", "/broken", 500),
        ]:
            response = await client.request(method, path)
            assert response.status_code == status
            assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
            assert "access-control-allow-origin" not in response.headers


async def test_a_preflight_from_another_site_is_refused(tmp_path: Path) -> None:
    """No route ever answers for another origin."""
    app, _ = application(tmp_path, Running())
    async with browser(app) as client:
        asked = {"origin": "http://evil.example", "access-control-request-method": "POST"}
        assert (await client.options("/api/status", headers=asked)).status_code == 403


async def test_the_page_runs_as_long_as_the_application(tmp_path: Path) -> None:
    """Sessions begin after the runtime is open and end before it is closed."""
    app, page = application(tmp_path, Running())
    async with app.running():
        assert page.running_now
    assert not page.running_now
