"""The address that Prometheus reads: on a port of its own, and beside the chat for those who may watch the server."""

from collections.abc import Callable
from typing import Protocol

from fastapi import APIRouter, FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp

from api.door import Door, named
from api.guard import Guard
from orchestration import Settings


class Measured(Protocol):
    """What is asked of an orchestrator."""

    async def metrics(self) -> bytes: ...


NOT_FOR_YOU = "The figures are for operators; Prometheus reads them on ROUNDTABLE_METRICS_PORT.\n"


def router(current: Callable[[], Measured | None], may_watch: Callable[[Request], bool]) -> APIRouter:
    """`/metrics`; `current` gives the orchestrator once it is open, and until then there is nothing to read."""
    routes = APIRouter()

    @routes.get("/metrics")
    async def metrics(request: Request) -> Response:
        if not may_watch(request):
            return PlainTextResponse(NOT_FOR_YOU, 403)
        measured = current()
        if measured is None:
            return Response(status_code=503)
        return Response(await measured.metrics(), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return routes


def metrics_alone(settings: Settings, port: int, measured: Measured) -> ASGIApp:
    """`/metrics` on a port of its own, behind the same guard as the chat: whoever reaches that port may read it.

    It answers under loopback's names, under the address that it listens on and under those of ROUNDTABLE_HOSTS.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(router(lambda: measured, lambda request: True))
    return Guard(app, Door(port, (*settings.web.hosts, *named(settings.metrics.host))))
