"""Who can be asked: the names that the composer completes after an @."""

from collections.abc import Callable, Mapping

from fastapi import APIRouter, Request, Response
from pydantic import TypeAdapter
from starlette.responses import PlainTextResponse

from agents import Agent
from chat.language import words_of

_SHOWN = TypeAdapter(list[Agent])
_FIELDS = {"__all__": {"name", "title", "description"}}


def router(registry: Callable[[], Mapping[str, Agent]], person_of: Callable[[Request], str]) -> APIRouter:
    """`registry` gives the agents, none while the runtime is still opening; `person_of` who asks, or nobody."""
    routes = APIRouter(prefix="/api")

    @routes.get("/agents")
    async def agents(request: Request) -> Response:
        """In the order of their precedence."""
        if not person_of(request):
            return PlainTextResponse(
                words_of(request.headers.get("accept-language")).nobody + "\n",
                401,
                headers={"cache-control": "no-store"},
            )
        shown = _SHOWN.dump_json(list(registry().values()), include=_FIELDS)
        return Response(shown, media_type="application/json", headers={"cache-control": "no-store"})

    return routes
