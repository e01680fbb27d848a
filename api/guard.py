"""Refuses what comes from other sites' pages, before anything of the application sees it."""

import logging
from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.door import Door
from api.headers import Header, secured

log = logging.getLogger(__name__)

WRONG_HOST = (
    "This server is not meant to be reached under this host name and port; add them to ROUNDTABLE_HOSTS if it is."
)
WRONG_ORIGIN = "Requests from other web sites are refused."
POLICY_VIOLATION = 1008


class Guard:
    """Pure ASGI around everything: pages, files, and WebSockets before they are accepted."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        reason = self._refusal(scope)
        if reason:
            log.warning("refused %s: %s host=%.100r origin=%.100r", scope["type"], reason, *_named(scope))
            await (_refuse if scope["type"] == "http" else _close)(reason, receive, send)
            return
        host = _values(scope, b"host")[0]

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": secured(message.get("headers", ()), host)}
            await send(message)

        await self._app(scope, receive, send_secured)

    def _refusal(self, scope: Scope) -> str:
        """Why a request is refused, in one sentence; empty when it is welcome."""
        hosts = _values(scope, b"host")
        if len(hosts) != 1 or not self._door.admits_host(hosts[0]):
            return WRONG_HOST
        if not all(self._door.admits_origin(origin) for origin in _values(scope, b"origin")):
            return WRONG_ORIGIN
        # Browsers send no Origin with a simple GET (an image, a script), but they say where it comes from. A
        # WebSocket always has an Origin.
        if scope["type"] == "http" and _from_elsewhere(scope):
            return WRONG_ORIGIN
        return ""


def _from_elsewhere(scope: Scope) -> bool:
    """Whether another site's page asks, other than by a link that a person followed."""
    # `same-site` is another port of this machine, or a neighbour of a name in ROUNDTABLE_HOSTS.
    if not {"cross-site", "same-site"}.intersection(_values(scope, b"sec-fetch-site")):
        return False
    link = _values(scope, b"sec-fetch-mode") == ["navigate"] and _values(scope, b"sec-fetch-dest") == ["document"]
    return not (link and scope["method"] in ("GET", "HEAD"))


def _values(scope: Scope, name: bytes) -> list[str]:
    headers: Sequence[Header] = scope["headers"]
    return [value.decode("latin-1") for key, value in headers if key == name]


def _named(scope: Scope) -> tuple[str, str]:
    return ", ".join(_values(scope, b"host")), ", ".join(_values(scope, b"origin"))


async def _refuse(reason: str, receive: Receive, send: Send) -> None:
    body = (reason + "\n").encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 403, "headers": secured(headers)})
    await send({"type": "http.response.body", "body": body})


async def _close(reason: str, receive: Receive, send: Send) -> None:
    # A close before the accept is what a server turns into the answer 403.
    await receive()
    await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": reason})
