"""The application that a server runs: our addresses and the chat page, all of it behind the guard."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from fastapi import FastAPI, Request
from starlette.types import Receive, Scope, Send

from agents import Agent
from api.agents import router as agents_router
from api.documents import Files
from api.documents import router as documents_router
from api.door import Door
from api.exports import router as exports_router
from api.guard import Guard
from api.metrics import Measured
from api.metrics import router as metrics_router
from api.reach import check_reach, hosts_of, people_of
from api.status import KnownKnowledge, Watched
from api.status import router as status_router
from orchestration import Settings
from people import People


class Page(Protocol):
    """What is served under the root, and what goes on around serving it."""

    def mount(self, app: FastAPI) -> None: ...

    def person(self, request: Request) -> str:
        """Who asks; empty for somebody who has not signed in."""
        ...

    def running(self) -> AbstractAsyncContextManager[None]: ...


class Known(KnownKnowledge, Files, Protocol):
    """The knowledge, as far as our addresses tell about it."""


class Running(Watched, Measured, Protocol):
    """An open orchestrator, as far as our addresses tell about it."""

    @property
    def knowledge(self) -> Known: ...

    @property
    def registry(self) -> Mapping[str, Agent]: ...


Opening = Callable[[], AbstractAsyncContextManager[Running]]


class Application:
    """An ASGI application; its lifespan opens the runtime.

    A server that wants to see what goes wrong at the start enters `running()` by itself and serves without a lifespan.
    """

    def __init__(self, settings: Settings, people: People, page: Page, opening: Opening) -> None:
        self._people = people
        self._page = page
        self._opening = opening
        self._orchestrator: Running | None = None
        self._app = FastAPI(lifespan=lambda app: self.running(), docs_url=None, redoc_url=None, openapi_url=None)
        self._app.include_router(status_router(lambda: self._orchestrator, self))
        self._app.include_router(metrics_router(lambda: self._orchestrator, self.may_watch))
        self._app.include_router(agents_router(self._agents, page.person))
        self._app.include_router(documents_router(self._files, page.person))
        self._app.include_router(exports_router(page.person))
        self._guard = Guard(self._app, Door(settings.web.port, hosts_of(settings)))
        page.mount(self._app)

    def let_in(self, request: Request) -> bool:
        """Whether it comes from somebody who may be here at all."""
        return self._people.login == "none" or bool(self._page.person(request))

    def may_watch(self, request: Request) -> bool:
        return self._people.may(self._page.person(request), "watch the server")

    async def metrics(self) -> bytes:
        """Of what is running at the moment."""
        return await self._orchestrator.metrics() if self._orchestrator is not None else b""

    @property
    def redis_available(self) -> bool:
        """Whether councils can answer at the moment."""
        return self._orchestrator is not None and self._orchestrator.redis_available

    def _files(self) -> Files | None:
        return self._orchestrator.knowledge if self._orchestrator is not None else None

    def _agents(self) -> Mapping[str, Agent]:
        return self._orchestrator.registry if self._orchestrator is not None else {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._guard(scope, receive, send)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Everything behind the page, from the runtime to the sessions' folders."""
        async with self._opening() as orchestrator, self._page.running():
            self._orchestrator = orchestrator
            try:
                yield
            finally:
                self._orchestrator = None


def create_app(
    settings: Settings,
    *,
    people: People | None = None,
    page: Page | None = None,
    opening: Opening | None = None,
    workers: bool = True,
) -> Application:
    """The whole product in one application; a test brings its own people, page or runtime.

    Without `workers` the agents' steps are left to other processes.

    Raises ConfigurationError when the chat cannot be set up, or when anybody could walk in.
    """
    from api.page import ChatPage

    people = people or people_of(settings)
    check_reach(settings, people)
    page = page or ChatPage(settings, people)
    return Application(settings, people, page, opening or (lambda: _open(settings, people, workers)))


@asynccontextmanager
async def _open(settings: Settings, people: People, workers: bool) -> AsyncIterator[Running]:
    """The runtime, in the hands of the chat."""
    from chat import host
    from history import Keeper, open_history
    from orchestration import open_runtime
    from orchestration.settings import make_data_folder

    await asyncio.to_thread(make_data_folder, settings.data)
    # The history is closed last: what ends with the server is kept.
    async with open_history(settings.data) as history:
        keeper = Keeper(history, days=settings.history.days)
        async with open_runtime(
            settings, workers=workers, keeper=keeper, patient=True, role=people.role
        ) as orchestrator:
            host.install(orchestrator, orchestrator.registry, orchestrator.knowledge, history, people)
            orchestrator.knowledge.expect_documents()
            try:
                yield orchestrator
            finally:
                await host.uninstall()
