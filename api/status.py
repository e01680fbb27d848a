"""Two addresses for whoever watches the server: is it up, and is it ready."""

from collections.abc import Callable
from typing import Literal, Protocol

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from knowledge import KnowledgeStatus
from orchestration.messages import Mode


class KnownKnowledge(Protocol):
    """What is told about the knowledge."""

    @property
    def status(self) -> KnowledgeStatus: ...


class Watched(Protocol):
    """What is told about an orchestrator."""

    @property
    def knowledge(self) -> KnownKnowledge: ...

    @property
    def redis_available(self) -> bool: ...

    @property
    def halted(self) -> str: ...


class Health(BaseModel):
    status: Literal["ok"] = "ok"


class Status(BaseModel):
    """How the server is; the page shows a banner until the knowledge is ready."""

    knowledge: KnowledgeStatus
    redis: Literal["up", "down"]
    mode: Mode
    """Who would answer a question now: the council, or the single agent that needs no Redis."""
    halted: str = ""
    """Why nobody answers at the moment, in a sentence: the operator stopped all agents."""


def status_of(orchestrator: Watched | None) -> Status:
    """The state of the running system; `None` is one that is still opening."""
    if orchestrator is None:
        return Status(knowledge=KnowledgeStatus(), redis="down", mode="single")
    up = orchestrator.redis_available
    return Status(
        knowledge=orchestrator.knowledge.status,
        redis="up" if up else "down",
        mode="council" if up else "single",
        halted=orchestrator.halted,
    )


class Watching(Protocol):
    """Who is behind a request, as far as it matters here."""

    def let_in(self, request: Request) -> bool: ...

    def may_watch(self, request: Request) -> bool: ...


def router(current: Callable[[], Watched | None], people: Watching) -> APIRouter:
    """The addresses; `current` gives the orchestrator once it is open. What a detail names is for who may watch."""
    routes = APIRouter(prefix="/api")

    @routes.get("/health")
    async def health() -> Health:
        return Health()

    @routes.get("/status")
    async def status(request: Request, response: Response) -> Status | None:
        response.headers["cache-control"] = "no-store"
        if not people.let_in(request):
            response.status_code = 401
            return None
        told = status_of(current())
        if people.may_watch(request):
            return told
        return told.model_copy(update={"knowledge": told.knowledge.model_copy(update={"detail": ""})})

    return routes
