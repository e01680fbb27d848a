"""The address that Prometheus reads: beside the chat, and alone where a worker process serves nothing else."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from typing import Protocol

from fastapi import APIRouter, FastAPI, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.types import ASGIApp

from api.door import Door
from api.guard import Guard
from orchestration import Settings


class Measured(Protocol):
    """What is asked of an orchestrator."""

    async def metrics(self) -> bytes: ...


def router(current: Callable[[], Measured | None]) -> APIRouter:
    """`/metrics`; `current` gives the orchestrator once it is open, and until then there is nothing to read."""
    routes = APIRouter()

    @routes.get("/metrics")
    async def metrics() -> Response:
        measured = current()
        if measured is None:
            return Response(status_code=503)
        return Response(await measured.metrics(), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return routes


def metrics_alone(settings: Settings, port: int, measured: Measured) -> ASGIApp:
    """`/metrics` of a worker process, behind the same guard as the chat.

    It answers under loopback's names, under the address that it listens on and under those of ROUNDTABLE_HOSTS.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(router(lambda: measured))
    return Guard(app, Door(port, (*settings.web.hosts, *_named(settings.metrics.host))))


def _named(address: IPv4Address | IPv6Address) -> tuple[str, ...]:
    """As it stands in a URL; "all addresses" is none that anybody could ask for."""
    if address.is_unspecified:
        return ()
    return (f"[{address}]" if address.version == 6 else str(address),)
