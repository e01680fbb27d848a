"""A browser that comes for the first time is signed in with its first page."""

import httpx
import pytest
from api.signin import SignIn
from starlette.responses import PlainTextResponse

PAGE = {"accept": "text/html,application/xhtml+xml"}


def client() -> httpx.AsyncClient:
    """A browser in front of a page behind SignIn."""
    app = SignIn(PlainTextResponse("page"), token=lambda: "signed", seconds=60)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost")


async def test_the_first_page_brings_the_cookie() -> None:
    """Scripts cannot read it, and other sites' requests do not carry it."""
    async with client() as browser:
        cookie = (await browser.get("/thread/1", headers=PAGE)).headers["set-cookie"]
        again = await browser.get("/", headers=PAGE)
    assert cookie.startswith("access_token=signed; ")
    assert {"HttpOnly", "SameSite=lax", "Path=/", "Max-Age=60"} <= set(cookie.split("; "))
    assert "set-cookie" not in again.headers


@pytest.mark.parametrize(("method", "accept"), [("GET", "application/json"), ("POST", "text/html")])
async def test_only_pages_bring_it(method: str, accept: str) -> None:
    """What a script or another program asks for does not."""
    async with client() as browser:
        response = await browser.request(method, "/", headers={"accept": accept})
    assert "set-cookie" not in response.headers
