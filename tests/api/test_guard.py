"""The guard, spoken to in raw ASGI: what reaches the application and what does not."""

import pytest
from starlette.types import Message, Receive, Scope, Send

from api.door import Door
from api.guard import WRONG_HOST, WRONG_ORIGIN, Guard

HOME = {"host": "localhost:8000"}
EVIL = {**HOME, "origin": "http://evil.example"}


class Inside:
    """An application that remembers whether it was reached."""

    def __init__(self) -> None:
        self.reached = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.reached = True
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            return
        headers = [(b"content-type", b"text/html"), (b"Access-Control-Allow-Origin", b"*"), (b"x-own", b"kept")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"inside"})


async def visit(
    headers: dict[str, str] | list[tuple[str, str]], kind: str = "http", method: str = "GET"
) -> tuple[bool, list[Message]]:
    """Send one request: whether it reached the application, and everything that was answered."""
    inside, sent = Inside(), []
    pairs = headers.items() if isinstance(headers, dict) else headers
    raw = [(name.encode(), value.encode("latin-1")) for name, value in pairs]

    async def receive() -> Message:
        return {"type": "websocket.connect" if kind == "websocket" else "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": kind, "method": method, "path": "/", "headers": raw}
    await Guard(inside, Door(8000))(scope, receive, send)
    return inside.reached, sent


def headers_of(message: Message) -> dict[str, str]:
    return {name.decode().lower(): value.decode() for name, value in message["headers"]}


async def test_the_page_itself_is_let_in() -> None:
    """The right host, and the page's own origin."""
    reached, sent = await visit({**HOME, "origin": "http://localhost:8000"})
    assert reached
    assert sent[0]["status"] == 200


async def test_another_sites_page_gets_one_sentence() -> None:
    """A foreign origin is refused before the application sees anything."""
    reached, sent = await visit(EVIL)
    assert not reached
    assert sent[0]["status"] == 403
    assert sent[1]["body"].decode().strip() == WRONG_ORIGIN


async def test_a_rebound_name_is_refused() -> None:
    """A name of the attacker's that points at this machine makes the origin look right; the host is wrong."""
    reached, sent = await visit({"host": "evil.example:8000", "origin": "http://evil.example:8000"})
    assert not reached
    assert sent[1]["body"].decode().strip() == WRONG_HOST


@pytest.mark.parametrize("hosts", [[], [("host", "localhost:8000"), ("host", "evil.example")]])
async def test_there_is_exactly_one_host(hosts: list[tuple[str, str]]) -> None:
    """None or two is nothing that a browser sends."""
    reached, _ = await visit(hosts)
    assert not reached


async def test_every_origin_counts() -> None:
    """A good origin does not cover a bad one."""
    twice = [("host", "localhost:8000"), ("origin", "http://localhost:8000"), ("origin", "http://evil.example")]
    reached, _ = await visit(twice)
    assert not reached


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_another_site_cannot_embed_anything(site: str) -> None:
    """An image or a script has no Origin; the browser says where it comes from."""
    fetched = {**HOME, "sec-fetch-site": site, "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script"}
    framed = {**HOME, "sec-fetch-site": site, "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}
    assert not (await visit(fetched))[0]
    assert not (await visit(framed))[0]


async def test_a_link_from_elsewhere_opens_the_page() -> None:
    """A person who follows a link arrives; a form that another site sends off does not."""
    followed = {**HOME, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert (await visit(followed))[0]
    assert not (await visit(followed, method="POST"))[0]


@pytest.mark.parametrize("site", ["same-origin", "none"])
async def test_the_pages_own_requests_pass(site: str) -> None:
    """Its own fetches, and what a person types into the address bar."""
    assert (await visit({**HOME, "sec-fetch-site": site, "sec-fetch-mode": "cors", "sec-fetch-dest": "empty"}))[0]


@pytest.mark.parametrize("headers", [EVIL, {**HOME, "origin": "null"}, {"host": "evil.example:8000"}])
async def test_a_foreign_websocket_is_closed_before_it_is_accepted(headers: dict[str, str]) -> None:
    """The server answers 403 to a close that comes before the accept."""
    reached, sent = await visit(headers, kind="websocket")
    assert not reached
    assert [(message["type"], message["code"]) for message in sent] == [("websocket.close", 1008)]


async def test_the_pages_own_websocket_is_accepted() -> None:
    """The socket of the chat."""
    reached, sent = await visit({**HOME, "origin": "http://localhost:8000"}, kind="websocket")
    assert reached
    assert sent[0]["type"] == "websocket.accept"


async def test_security_headers_are_on_what_is_let_in_and_on_what_is_refused() -> None:
    """No response leaves without them."""
    for request in (HOME, EVIL):
        _, sent = await visit(request)
        headers = headers_of(sent[0])
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "microphone=(self)" in headers["permissions-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]


async def test_the_policy_names_this_hosts_sockets_and_no_other() -> None:
    """The checked Host header; a refused one is never repeated."""
    _, good = await visit(HOME)
    _, bad = await visit({"host": "evil.example"})
    assert (
        "connect-src 'self' ws://localhost:8000 wss://localhost:8000;" in headers_of(good[0])["content-security-policy"]
    )
    assert "evil" not in headers_of(bad[0])["content-security-policy"]


async def test_no_other_origin_may_read_a_response() -> None:
    """Whatever the application allows, headers for other origins are dropped and its own are kept."""
    _, sent = await visit(HOME)
    headers = headers_of(sent[0])
    assert not [name for name in headers if name.startswith("access-control-")]
    assert headers["x-own"] == "kept"
