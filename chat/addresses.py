"""Chainlit's addresses as they are served here: some are ours, and those that nothing here needs are gone."""

from chainlit.auth import get_configuration
from chainlit.data import get_data_layer
from chainlit.server import UserParam, call_action, project_settings, project_translations, router
from chainlit.server import app as chainlit_app
from chainlit.types import CallActionRequest, UpdateFeedbackRequest
from fastapi import HTTPException, Request
from fastapi.routing import APIRoute
from starlette.responses import JSONResponse
from starlette.routing import Route

from chat import uploads
from chat.errors import ChatError
from chat.host import current
from chat.language import translation_of, words_of
from chat.own_session import own_session_soon

UNUSED = frozenset({
    "jwt_auth", "oauth_login", "oauth_callback", "oauth_azure_hf_callback", "connect_mcp", "disconnect_mcp",
    "get_shared_thread", "share_thread", "update_thread_element", "delete_thread_element", "serve_copilot_file",
})  # fmt: skip
"""Other ways to sign in, other servers, conversations for everybody, and elements that a page would write itself."""


async def auth_config(request: Request) -> JSONResponse:
    """How people sign in at the moment, which the page asks before anything else."""
    try:
        login = current().people.login
    except ChatError as error:
        raise HTTPException(503, words_of(request.headers.get("accept-language")).trouble(error)) from error
    told = {"passwordAuth": login == "password", "headerAuth": login != "password"}
    configured: dict[str, object] = get_configuration()  # type: ignore[no-untyped-call]
    return JSONResponse({**configured, **told})


async def translations(language: str = "") -> JSONResponse:
    """Chainlit's texts; it would look for a language of its own first, in which half of the page would be."""
    told: JSONResponse = await project_translations(translation_of(language))
    return told


async def settings(current_user: UserParam, language: str = "", chat_profile: str | None = None) -> JSONResponse:
    """What the page begins with: profiles, questions to start with, and what stands under "About"."""
    told: JSONResponse = await project_settings(current_user, translation_of(language), chat_profile)
    return told


async def act(request: Request, payload: CallActionRequest, current_user: UserParam) -> JSONResponse:
    """A button of a custom element, in one's own session: another one is the same as none."""
    if await own_session_soon(payload.sessionId) is None:
        raise HTTPException(404, words_of(request.headers.get("accept-language")).not_connected)
    done: JSONResponse = await call_action(payload, current_user)
    return done


async def rate(update: UpdateFeedbackRequest, current_user: UserParam) -> JSONResponse:
    """A thumb under an answer. Chainlit would call a refusal an error of the server."""
    layer = get_data_layer()  # type: ignore[no-untyped-call]
    return JSONResponse({"success": True, "feedbackId": await layer.upsert_feedback(update.feedback)})


def register() -> None:
    """Put ours before Chainlit's of the same paths."""
    ours = [
        APIRoute("/auth/config", auth_config, methods=["GET"], name="auth"),
        APIRoute("/project/translations", translations, methods=["GET"], name="project_translations"),
        APIRoute("/project/settings", settings, methods=["GET"], name="project_settings"),
        APIRoute("/project/action", act, methods=["POST"], name="call_action"),
        APIRoute("/feedback", rate, methods=["PUT"], name="update_feedback"),
        APIRoute("/project/file", uploads.take_file, methods=["POST"], name="upload_file"),
        APIRoute("/project/file/{file_id}", uploads.refuse_file, methods=["GET"], name="get_file"),
    ]
    gone = UNUSED | {route.name for route in ours}
    router.routes[:] = [*ours, *(route for route in router.routes if getattr(route, "name", "") not in gone)]
    # What is left is the socket, and the router above; the rest describes the addresses to whoever asks.
    routes = chainlit_app.router.routes
    routes[:] = [route for route in routes if not isinstance(route, Route)]
