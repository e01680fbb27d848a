"""The entrance: finds out who is behind each request before anything of the chat sees it.

A session that does not hold (any more) loses its cookie here, so that the chat meets nobody instead of somebody who was
removed, has another password, or is not whom the proxy names. Who needs no password is signed in with the first page:
Chainlit on its own sends a browser without a cookie to its login page and from there to the start, so that a link to a
conversation would lead nowhere.
"""

import logging
from collections import OrderedDict
from dataclasses import replace
from http.cookies import SimpleCookie
from typing import Protocol

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.headers import Header
from people import InvalidName, People, Session, Visitor, person_id, visiting

log = logging.getLogger(__name__)

COOKIE = "access_token"
_MOST_ADDRESSES = 1_000


class Tokens(Protocol):
    """How a session is signed."""

    def make(self, session: Session) -> str: ...

    def read(self, token: str) -> Session | None:
        """None for what was not signed here, or too long ago."""
        ...


class Entrance:
    """Pure ASGI around the application, inside of the guard."""

    def __init__(self, app: ASGIApp, people: People, tokens: Tokens, *, header: str, seconds: int) -> None:
        """`header` is where a trusted proxy names the person; `seconds` is how long a session lasts."""
        self._app = app
        self._people = people
        self._tokens = tokens
        self._header = header
        self._seconds = seconds
        self._ignored: OrderedDict[str, None] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        # The other end of the connection: the server is told to believe nothing that was forwarded.
        address = scope["client"][0] if scope.get("client") else ""
        encrypted = self._people.trusts(address) and headers.getlist("x-forwarded-proto") == ["https"]
        visitor = Visitor(
            named=self._named(headers, address), address=address, languages=headers.get("accept-language", "")
        )
        session = self._session(headers)
        fresh = ""
        if session is not None and self._people.holds(session, visitor):
            visitor = replace(visitor, session=session)
        else:
            scope = {**scope, "headers": _without_session(scope["headers"])}
            if _is_page(scope, headers) and (expected := self._people.expected(visitor)):
                fresh = self._cookie(expected)

        async def send_with_cookies(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [(b"set-cookie", fresh.encode("ascii"))] if fresh else []
                answered = [(name, _closed(name, value, encrypted)) for name, value in message.get("headers", ())]
                message = {**message, "headers": [*answered, *((n, _closed(n, v, encrypted)) for n, v in own)]}
            await send(message)

        with visiting(visitor):
            await self._app(scope, receive, send_with_cookies)

    def _named(self, headers: Headers, address: str) -> str:
        """Whom a trusted proxy names; what anybody else says of themselves is ignored."""
        values = headers.getlist(self._header) if self._header else []
        if not values:
            return ""
        if not self._people.trusts(address):
            self._tell(address, f"{self._header} from {address} is ignored: it is not in ROUNDTABLE_TRUSTED_PROXIES")
            return ""
        try:
            # One of two may be what somebody sent to the proxy.
            (value,) = values
            return person_id(value.encode("latin-1").decode("utf-8"))
        except (ValueError, InvalidName):
            self._tell(address, f"{self._header} from {address} is ignored: it does not name one person")
            return ""

    def _tell(self, address: str, sentence: str) -> None:
        """Once for each of the latest addresses."""
        if address not in self._ignored:
            self._ignored[address] = None
            if len(self._ignored) > _MOST_ADDRESSES:
                self._ignored.popitem(last=False)
            log.warning("%s", sentence)

    def _session(self, headers: Headers) -> Session | None:
        pairs = [pair.strip().partition("=") for line in headers.getlist("cookie") for pair in line.split(";")]
        tokens = [value for name, _, value in pairs if name == COOKIE]
        return self._tokens.read(tokens[0]) if len(tokens) == 1 else None

    def _cookie(self, session: Session) -> str:
        cookie: SimpleCookie = SimpleCookie({COOKIE: self._tokens.make(session)})
        cookie[COOKIE].update({"path": "/", "httponly": "yes", "max-age": str(self._seconds)})
        return cookie[COOKIE].OutputString()


def _is_page(scope: Scope, headers: Headers) -> bool:
    return scope["type"] == "http" and scope["method"] == "GET" and "text/html" in headers.get("accept", "")


def _without_session(headers: list[Header]) -> list[Header]:
    """Without everything in which Chainlit looks for a session: its cookie, whole or in pieces, and a bearer token."""
    kept: list[Header] = []
    for name, value in headers:
        if name == b"cookie":
            pairs = [pair.strip() for pair in value.split(b";")]
            others = [pair for pair in pairs if pair and not pair.startswith(COOKIE.encode())]
            kept += [(name, b"; ".join(others))] if others else []
        elif name != b"authorization":
            kept.append((name, value))
    return kept


def _closed(name: bytes, value: bytes, encrypted: bool) -> bytes:
    """A cookie that no other site's request carries, and behind https only that."""
    if name.lower() != b"set-cookie":
        return value
    parts = [part.strip() for part in value.split(b";")]
    kept = [part for part in parts if part.lower() != b"secure" and not part.lower().startswith(b"samesite")]
    return b"; ".join([*kept, b"SameSite=lax", *([b"Secure"] if encrypted else [])])
