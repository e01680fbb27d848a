"""Signs the one local person in with the first page that a browser gets.

Chainlit on its own sends a browser without a cookie to its login page and from there to the start, so that a link to a
conversation would lead nowhere. There is no password here: whoever reaches this machine's loopback is the local person.
"""

from collections.abc import Callable
from http.cookies import SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "access_token"


class SignIn:
    """Adds the session's cookie to a page that is asked for without one. `token` makes a signed one."""

    def __init__(self, app: ASGIApp, token: Callable[[], str], seconds: int) -> None:
        self._app = app
        self._token = token
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, self._signing(send) if _is_first_page(scope) else send)

    def _signing(self, send: Send) -> Send:
        async def signed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("set-cookie", self._cookie())
            await send(message)

        return signed

    def _cookie(self) -> str:
        cookie: SimpleCookie = SimpleCookie({COOKIE: self._token()})
        cookie[COOKIE].update({"path": "/", "httponly": "yes", "samesite": "lax", "max-age": str(self._seconds)})
        return cookie[COOKIE].OutputString()


def _is_first_page(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    headers = Headers(scope=scope)
    return "text/html" in headers.get("accept", "") and COOKIE not in SimpleCookie(headers.get("cookie", ""))
