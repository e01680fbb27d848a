"""Who is behind a request: by a cookie, by a proxy, or because there is only one person."""

from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path

import httpx
import pytest
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from api.entrance import Entrance
from people import LOCAL, Accounts, People, Session, visitor

PAGE = {"accept": "text/html,application/xhtml+xml"}
PROXY, STRANGER = "10.0.0.2", "192.0.2.7"


class PlainTokens:
    """Readable ones instead of signed ones."""

    def make(self, session: Session) -> str:
        return f"{session.person}|{session.stamp}"

    def read(self, token: str) -> Session | None:
        person, _, stamp = token.partition("|")
        return Session(person, stamp) if person else None


async def whoami(scope: Scope, receive: Receive, send: Send) -> None:
    """Tells what the chat would know."""
    headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
    told = {"person": visitor().person, "address": visitor().address, "headers": headers}
    response = JSONResponse(told)
    response.set_cookie("theme", "dark", samesite="none", secure=True)
    await response(scope, receive, send)


def people_of(folder: Path, *, by_proxy: bool = False) -> People:
    return People(Accounts(folder / "people.json"), by_proxy=by_proxy, proxies=[ip_network(PROXY)])


def client(people: People, address: str = "127.0.0.1", header: str = "") -> httpx.AsyncClient:
    """A browser, or a proxy, at some address."""
    app = Entrance(whoami, people, PlainTokens(), header=header, seconds=60)
    transport = httpx.ASGITransport(app=app, client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")


def session_cookie(response: httpx.Response) -> str:
    cookies = response.headers.get_list("set-cookie")
    return next((cookie for cookie in cookies if cookie.startswith("access_token=")), "")


async def test_the_first_page_brings_the_cookie(tmp_path: Path) -> None:
    """Scripts cannot read it, and other sites' requests do not carry it; the next request has it."""
    async with client(people_of(tmp_path)) as browser:
        first = await browser.get("/thread/1", headers=PAGE)
        again = await browser.get("/", headers=PAGE)
    assert set(session_cookie(first).split("; ")) == {
        "access_token=local|", "HttpOnly", "SameSite=lax", "Path=/", "Max-Age=60"
    }  # fmt: skip
    assert first.json()["person"] == ""
    assert again.json()["person"] == LOCAL
    assert not session_cookie(again)


@pytest.mark.parametrize(("method", "accept"), [("GET", "application/json"), ("POST", "text/html")])
async def test_only_pages_bring_it(tmp_path: Path, method: str, accept: str) -> None:
    """What a script or another program asks for does not."""
    async with client(people_of(tmp_path)) as browser:
        response = await browser.request(method, "/", headers={"accept": accept})
    assert not session_cookie(response)


async def test_with_accounts_a_page_brings_no_cookie(tmp_path: Path) -> None:
    """And that of before is worth nothing."""
    people = people_of(tmp_path)
    ben = people.accounts.add("ben", "member", "hash")
    async with client(people) as browser:
        for token, person in (("local|", ""), (f"ben|{ben.stamp}", "ben"), ("ben|old", "")):
            response = await browser.get("/", headers={**PAGE, "cookie": f"theme=dark; access_token={token}"})
            assert response.json()["person"] == person
            assert not session_cookie(response)


@pytest.mark.parametrize(
    "credentials",
    [
        {"cookie": "access_token=ben|old"},
        {"cookie": "theme=dark; access_token=ben|old; access_token_0=x"},
        {"cookie": "access_token_0=ben"},
        {"authorization": "Bearer ben|STAMP"},
        {"cookie": "access_token=ben|STAMP; access_token=ana|x"},
        {"authorization": "Bearer x", "cookie": "theme=dark"},
    ],
)
async def test_what_does_not_hold_does_not_get_through(tmp_path: Path, credentials: Mapping[str, str]) -> None:
    """Chainlit looks into several places for a session; it finds none."""
    people = people_of(tmp_path)
    stamp = people.accounts.add("ben", "member", "hash").stamp
    async with client(people) as browser:
        given = {name: value.replace("STAMP", stamp) for name, value in credentials.items()}
        told = (await browser.get("/", headers=given)).json()
    assert told["person"] == ""
    assert "authorization" not in told["headers"]
    assert told["headers"].get("cookie", "theme=dark") == "theme=dark"


async def test_a_proxy_says_who_it_is(tmp_path: Path) -> None:
    """The first page brings the cookie; afterwards both have to be there and to say the same."""
    people = people_of(tmp_path, by_proxy=True)
    async with client(people, PROXY, "x-forwarded-user") as proxy:
        first = await proxy.get("/", headers={**PAGE, "x-forwarded-user": "Ana.Lee"})
        assert session_cookie(first).startswith("access_token=ana.lee|proxy;")
        cookie = {"cookie": "access_token=ana.lee|proxy"}
        for header, person in ({"x-forwarded-user": "ana.lee"}, "ana.lee"), (
            {"x-forwarded-user": "ben"}, ""), ({}, ""):  # fmt: skip
            assert (await proxy.get("/", headers={**header, **cookie})).json()["person"] == person
        changed = await proxy.get("/", headers={**PAGE, "x-forwarded-user": "ben", **cookie})
        assert session_cookie(changed).startswith("access_token=ben|proxy;")


async def test_nobody_else_says_who_it_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The header from another address is ignored, which is logged, but not each time; a copied cookie is no help."""
    people = people_of(tmp_path, by_proxy=True)
    async with client(people, STRANGER, "x-forwarded-user") as browser:
        for _ in range(2):
            told = await browser.get(
                "/", headers={**PAGE, "x-forwarded-user": "ana", "cookie": "access_token=ana|proxy"}
            )
            assert told.json()["person"] == ""
            assert not session_cookie(told)
    assert caplog.text.count(f"x-forwarded-user from {STRANGER} is ignored: it is not in") == 1


async def test_the_address_is_that_of_the_connection(tmp_path: Path) -> None:
    """Whatever is said to have been forwarded."""
    async with client(people_of(tmp_path), STRANGER) as browser:
        told = await browser.get("/", headers={"x-forwarded-for": PROXY, "forwarded": f"for={PROXY}"})
    assert told.json()["address"] == STRANGER


@pytest.mark.parametrize("named", [["ana", "ben"], ["a b"], [b"\xff\xfe"], [""]])
async def test_one_person_is_named_or_nobody(
    tmp_path: Path, named: list[str | bytes], caplog: pytest.LogCaptureFixture
) -> None:
    """One of two may have been sent to the proxy by whoever wants to be somebody else."""
    headers = [("accept", PAGE["accept"]), *(("x-forwarded-user", name) for name in named)]
    async with client(people_of(tmp_path, by_proxy=True), PROXY, "x-forwarded-user") as proxy:
        assert not session_cookie(await proxy.get("/", headers=httpx.Headers(headers)))  # type: ignore[arg-type]
    assert "does not name one person" in caplog.text


@pytest.mark.parametrize(("address", "secure"), [(PROXY, True), (STRANGER, False)])
async def test_behind_https_cookies_are_for_https_only(tmp_path: Path, address: str, secure: bool) -> None:
    """Ours and the chat's; only a trusted proxy knows that it is https."""
    async with client(people_of(tmp_path), address) as browser:
        response = await browser.get("/", headers={**PAGE, "x-forwarded-proto": "https"})
    cookies = response.headers.get_list("set-cookie")
    assert len(cookies) == 2
    for cookie in cookies:
        assert ("Secure" in cookie.split("; ")) == secure
        assert "SameSite=lax" in cookie
        assert "none" not in cookie
