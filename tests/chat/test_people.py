"""Two people on one server: what is Ana's is Ben's at no door. A new address has to be put into `DOORS`."""

import asyncio
import socket
import uuid
import warnings
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Literal

import httpx
import pytest
from fastapi import FastAPI, Request
from pydantic import PydanticDeprecatedSince20
from starlette.routing import BaseRoute, Mount

from chat.errors import NotAllowed, UnknownDelivery
from chat.german import GERMAN
from chat.wire import stable_id
from chat.words import ENGLISH
from history import History
from knowledge import Knowledge, Upload
from knowledge.errors import UnknownDocument
from orchestration import Settings
from orchestration.errors import EngineUnavailable, UnknownRun
from orchestration.settings import WebSettings
from people import Accounts, People, visitor
from tests.api.test_application import Running
from tests.chat.browser_side import Site, Tab
from tests.chat.conftest import ROOT
from tests.chat.events import answer, planned, selected
from tests.chat.scripted import ScriptedOrchestrator
from tests.chat.test_handing_in import KEYS, LEAVE, hand_in, said
from tests.orchestration.waiting import PATIENCE_SECONDS
from tests.people.cheap import PASSWORD, cheap_passwords

Who = Literal["anybody", "signed in", "the owner", "operators"]
DOORS: Mapping[str, Who] = {
    "GET /public/{filename:path}": "anybody",
    "GET /assets/{filename:path}": "anybody",
    "GET /favicon": "anybody",
    "GET /logo": "anybody",
    "GET /avatars/{avatar_id:str}": "anybody",
    "GET /project/translations": "anybody",
    "GET /auth/config": "anybody",
    "POST /auth/header": "anybody",
    "POST /login": "anybody",
    "POST /logout": "anybody",
    "POST /set-session-cookie": "anybody",
    "HEAD /": "anybody",
    "GET /health": "anybody",
    "GET /api/health": "anybody",
    # The page itself, which has nothing in it before it asks for something.
    "GET /{full_path:path}": "anybody",
    "GET /user": "signed in",
    "GET /project/settings": "signed in",
    "GET /api/status": "signed in",
    "GET /api/agents": "signed in",
    "PUT /feedback": "the owner",
    "DELETE /feedback": "the owner",
    "POST /project/threads": "the owner",
    "GET /project/thread/{thread_id}": "the owner",
    "GET /project/thread/{thread_id}/element/{element_id}": "the owner",
    "PUT /project/thread": "the owner",
    "DELETE /project/thread": "the owner",
    "POST /project/action": "the owner",
    "POST /project/file": "the owner",
    "GET /project/file/{file_id}": "the owner",
    "GET /api/knowledge/{agent}/documents/{document}": "the owner",
    "GET /api/conversations/{conversation}/export": "the owner",
    "GET /api/runs/{run}": "the owner",
    "GET /api/runs/{run}/answer": "the owner",
    "GET /metrics": "operators",
    # Who is behind it is looked at when it connects, below.
    "SOCKET /ws/socket.io": "the owner",
}


class ChatUnder:
    """The chat as `ChatPage` mounts it, without its changes of the process's environment."""

    def __init__(self, people: People, header: str = "") -> None:
        self._people = people
        self._header = header

    def mount(self, app: FastAPI) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PydanticDeprecatedSince20)
            from chainlit.config import load_module
            from chainlit.server import app as chainlit_app

            load_module(str(ROOT / "app.py"))
        from api.entrance import Entrance
        from api.page import ChainlitTokens

        app.mount("/", chainlit_app)
        app.add_middleware(Entrance, people=self._people, tokens=ChainlitTokens(), header=self._header, seconds=3_600)

    def person(self, request: Request) -> str:
        return visitor().person

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        yield


@pytest.fixture
def people(tmp_path: Path) -> People:
    people = People(Accounts(tmp_path / "people.json"), passwords=cheap_passwords())
    for name, role in (("ana", "member"), ("ben", "member"), ("cleo", "curator"), ("otto", "operator")):
        people.accounts.add(name, role, cheap_passwords().hash(PASSWORD))  # type: ignore[arg-type]
    return people


@pytest.fixture
async def address(
    tmp_path: Path, orchestrator: ScriptedOrchestrator, knowledge: Knowledge, history: History, people: People
) -> AsyncIterator[str]:
    """The whole application but for the council."""
    import uvicorn

    from agents import load_catalog
    from api import create_app
    from chat import host

    @asynccontextmanager
    async def opening() -> AsyncIterator[Running]:
        host.install(orchestrator, load_catalog(), knowledge, history, people)
        yield Running(knowledge=knowledge)
        await host.uninstall()

    listening = socket.create_server(("127.0.0.1", 0))
    settings = Settings(data=tmp_path, web=WebSettings(port=listening.getsockname()[1]))
    header = "x-forwarded-user" if people.login == "proxy" else ""
    app = create_app(settings, people=people, page=ChatUnder(people, header), opening=opening)
    config = uvicorn.Config(app, log_level="warning", lifespan="off", ws="websockets-sansio", proxy_headers=False)
    server = uvicorn.Server(config)
    async with app.running(), asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(server.serve(sockets=[listening]))
        yield f"http://127.0.0.1:{settings.web.port}"
        server.should_exit = True
        await serving


@dataclass
class Belongings:
    """What Ana has on the server."""

    site: Site
    tab: Tab
    run: str
    file: str
    document: str
    delivery: str


@pytest.fixture
async def ben(address: str) -> AsyncIterator[Site]:
    async with Site.open(address, "ben", PASSWORD) as site:
        yield site


@pytest.fixture
async def ana(
    address: str, orchestrator: ScriptedOrchestrator, knowledge: Knowledge, tmp_path: Path
) -> AsyncIterator[Belongings]:
    """A question at work, a document for herself, a file that waits to be kept, one that is just uploaded."""
    async with Site.open(address, "Ana", PASSWORD) as site:
        tab = await site.tab()
        await tab.ask("How are keys rotated?")
        task = await orchestrator.submitted.get()
        await orchestrator.happens(selected("operations", run=task.id), planned(run=task.id))
        await tab.until(lambda page: page.step("Plan"))
        await hand_in(site, tab, leave_md=LEAVE)
        await tab.until(lambda page: page.props("Delivery")["stage"] == "asking")
        (tmp_path / "keys.md").write_text(KEYS)
        (kept,) = await knowledge.ingest("security", [Upload(tmp_path / "keys.md")], person="ana")
        file = await site.upload(tab, "new.md", "# New\n\nSomething new.\n")
        yield Belongings(site, tab, task.id, file, kept.document, str(tab.page.props("Delivery")["delivery"]))


def flat(routes: Iterable[BaseRoute], under: str = "") -> Iterator[str]:
    """Every address of these and of what they include, with its methods."""
    for route in routes:
        if (included := getattr(route, "original_router", None)) is not None:
            yield from flat(included.routes, under)
        elif isinstance(route, Mount) and (inner := getattr(route.app, "routes", None)) is not None:
            yield from flat(inner, under + route.path)
        elif isinstance(route, Mount):
            yield f"SOCKET {under}{route.path}"
        else:
            path = under + getattr(route, "path", str(route))
            yield from (f"{method} {path}" for method in getattr(route, "methods", None) or ["ANY"])


async def test_for_every_address_it_is_decided_who_may(tmp_path: Path, people: People) -> None:
    """An address that is new, here or in Chainlit, is nobody's before it stands in `DOORS`."""
    from api import create_app

    app = create_app(Settings(data=tmp_path), people=people, page=ChatUnder(people))
    assert sorted(flat(app._app.routes)) == sorted(DOORS)


async def test_a_stranger_gets_in_nowhere(address: str) -> None:
    """Without a session it is refused, whatever is asked for."""
    refused = {}
    async with httpx.AsyncClient(base_url=address, timeout=PATIENCE_SECONDS) as stranger:
        for door in (door for door, who in DOORS.items() if who != "anybody" and "SOCKET" not in door):
            method, _, path = door.partition(" ")
            refused[door] = (await stranger.request(method, path.replace("{", "").replace("}", ""))).status_code
    assert refused.pop("GET /metrics") == 403
    assert refused == dict.fromkeys(refused, 401)


async def test_a_stranger_has_no_socket(address: str) -> None:
    """Not even with the address of a conversation."""
    import socketio

    async with httpx.AsyncClient(base_url=address, timeout=PATIENCE_SECONDS) as http:
        tab = Tab(address, "", "Council")
        with pytest.raises(socketio.exceptions.ConnectionError):
            await tab.connect()
        assert (await http.post("/auth/header")).status_code == 401


async def test_what_is_anas_ben_does_not_find(ana: Belongings, ben: Site) -> None:
    """At each address of an owner it is the same as what there never was."""
    tab, own = await ben.tab(), ana.tab
    for thread, session, file, document, run in (
        (own.thread, own.session, ana.file, ana.document, ana.run),
        (str(uuid.uuid4()), str(uuid.uuid4()), str(uuid.uuid4()), "0" * 20, "0" * 32),
        (own.thread, "../../knowledge", "..", "..", "x"),
    ):
        action = {"name": "stop_delivery", "payload": {"delivery": ana.delivery}}
        asked = {
            "GET /project/thread/{thread_id}": await ben.http.get(f"/project/thread/{thread}"),
            "GET /project/thread/{thread_id}/element/{element_id}": await ben.http.get(
                f"/project/thread/{thread}/element/{ana.delivery}"
            ),
            "PUT /project/thread": await ben.http.put("/project/thread", json={"threadId": thread, "name": "Mine"}),
            "DELETE /project/thread": await ben.http.request("DELETE", "/project/thread", json={"threadId": thread}),
            "POST /project/action": await ben.http.post(
                "/project/action", json={"sessionId": session, "action": action}
            ),
            "POST /project/file": await ben.http.post(
                "/project/file", params={"session_id": session}, files={"file": ("a.md", b"x")}
            ),
            "GET /project/file/{file_id}": await ben.http.get(
                f"/project/file/{file.strip('.') or 'x'}", params={"session_id": session}
            ),
            "GET /api/knowledge/{agent}/documents/{document}": await ben.http.get(
                f"/api/knowledge/security/documents/{document.strip('.') or 'x'}"
            ),
            "GET /api/conversations/{conversation}/export": await ben.http.get(f"/api/conversations/{thread}/export"),
            "GET /api/runs/{run}": await ben.http.get(f"/api/runs/{run}"),
            "GET /api/runs/{run}/answer": await ben.http.get(f"/api/runs/{run}/answer"),
            "PUT /feedback": await ben.http.put(
                "/feedback",
                json={
                    "feedback": {"forId": stable_id(run, "run"), "threadId": thread, "value": 1},
                    "sessionId": session,
                },
            ),
            "DELETE /feedback": await ben.http.request("DELETE", "/feedback", json={"feedbackId": run}),
        }
        expected = dict.fromkeys(asked, 404)
        assert {door: response.status_code for door, response in asked.items()} == expected
        threads = await ben.http.post(
            "/project/threads", json={"pagination": {"first": 9}, "filter": {"userId": "ana"}}
        )
        assert threads.json()["data"] == []
        checked = {*asked, "POST /project/threads", "SOCKET /ws/socket.io"}
        assert checked == {door for door, who in DOORS.items() if who == "the owner"}
    assert not tab.page.steps
    assert not ana.tab.page.toasts


async def test_buttons_do_nothing_to_what_is_somebody_elses(
    ana: Belongings, ben: Site, orchestrator: ScriptedOrchestrator, knowledge: Knowledge
) -> None:
    """In Ben's own session, with the ids of what Ana has."""
    tab = await ben.tab()
    assert not await ben.act(tab, "open_passage", run=ana.run, number=1)
    assert not await ben.act(tab, "answer_alone", run=ana.run)
    assert not await ben.act(tab, "choose_agent", delivery=ana.delivery, agent="product", private=True)
    assert not await ben.act(tab, "stop_delivery", delivery=ana.delivery)
    await ben.act(tab, "remove_document", agent="security", document=ana.document)
    await ben.act(tab, "move_document", agent="security", document=ana.document, to="product")
    own = await ben.upload(tab, "keys.md", KEYS)
    await ben.act(tab, "replace_document", agent="security", document=ana.document, file=own)
    await ben.act(tab, "replace_document", agent="security", document=ana.document, file=ana.file)
    runs, delivery, gone = (ENGLISH.trouble(error) for error in (UnknownRun(), UnknownDelivery(), UnknownDocument()))
    said = (runs, delivery, gone, ENGLISH.files_gone)
    await tab.until(lambda page: len(page.toasts) == 8)
    assert [next(s for s in said if toast.startswith(s)) for toast in tab.page.toasts] == [
        runs, runs, delivery, delivery, gone, gone, gone, ENGLISH.files_gone
    ]  # fmt: skip
    assert not orchestrator.log.ended(ana.run)
    assert [document.source for document in knowledge.documents("security", "ana")] == ["keys.md"]
    assert ana.tab.page.props("Delivery")["stage"] == "asking"


async def test_a_foreign_conversation_is_empty_and_stays_apart(
    ana: Belongings, ben: Site, orchestrator: ScriptedOrchestrator
) -> None:
    """Opened by its address: nothing of it is shown, stopped, or joined."""
    before = dict(ana.tab.page.steps)
    tab = await ben.tab(thread=ana.tab.thread)
    assert await tab.until_heard("resume_thread_error") == "Thread not found."
    await tab.stop()
    await tab.ask("May I join?")
    task = await orchestrator.submitted.get()
    assert task.person == "ben"
    await orchestrator.happens(answer(run=task.id))
    await tab.until(lambda page: page.step("on_message")["end"] is not None)
    assert "keys" not in str(tab.page.steps)
    again = await ana.site.tab(thread=ana.tab.thread)
    await again.until(lambda page: page.props("Delivery")["stage"] == "asking")
    for page in (again.page, ana.tab.page):
        assert "May I join?" not in str(page.steps)
        assert page.steps.keys() == before.keys()
    assert not orchestrator.log.ended(ana.run)


async def test_a_session_that_is_not_ones_own_is_not_taken_up(ana: Belongings, ben: Site) -> None:
    """Somebody else's, and what would be a folder elsewhere."""
    import socketio

    cookie = "; ".join(f"{name}={value}" for name, value in ben.http.cookies.items())
    for session in (ana.tab.session, "../../knowledge", "", None, 7):
        tab = Tab(ben.address, cookie, "Council")
        tab.session = session  # type: ignore[assignment]
        with pytest.raises(socketio.exceptions.ConnectionError):
            await tab.connect()
    await ana.tab.ask("Am I still there?")
    await ana.tab.until(lambda page: "Am I still there?" in str(page.steps))


async def test_somebody_elses_file_is_in_no_message(
    ana: Belongings, ben: Site, orchestrator: ScriptedOrchestrator
) -> None:
    """It is as if it were gone."""
    tab = await ben.tab()
    await tab.ask("What is in this?", files=[ana.file])
    await tab.until(lambda page: str(page.step("Roundtable")["output"]) == ENGLISH.files_gone)
    assert orchestrator.submitted.empty()
    assert not [element for element in tab.page.elements.values() if element["name"] in ("Delivery", "Attached")]


@pytest.mark.parametrize("how", ["removed", "another password", "signed out"])
async def test_whose_session_ended_is_out_at_once(ana: Belongings, people: People, how: str) -> None:
    """At the addresses, and on the socket that is open: what is sent there is not even looked at."""
    import socketio

    match how:
        case "removed":
            people.accounts.remove("ana")
        case "another password":
            people.accounts.set_password("ana", cheap_passwords().hash("another long password"))
        case "signed out":
            cookies = dict(ana.site.http.cookies)
            assert (await ana.site.http.post("/logout")).json() == {"success": True}
            assert "access_token" not in ana.site.http.cookies, "the browser has forgotten it"
            ana.site.http.cookies.update(cookies)
    assert (await ana.site.http.get("/user")).status_code == 401
    if how != "signed out":
        await ana.tab.ask("Am I still there?")
    await ana.tab.until_gone()
    with pytest.raises(socketio.exceptions.ConnectionError):
        await ana.site.tab()


async def test_who_only_listens_is_sent_away_too(ana: Belongings, ben: Site, people: People) -> None:
    """By looking again, which the server does twice a second; others stay."""
    from chainlit.session import WebsocketSession

    from chat import host
    from chat.attendance import look

    tab = await ben.tab()
    people.accounts.remove("ana")
    await look()
    await ana.tab.until_gone()
    assert host.current().viewers.on(ana.tab.thread, "ana") == ()
    assert WebsocketSession.get_by_id(ana.tab.session) is None
    await tab.ask("Am I still there?")
    await tab.until(lambda page: page.step("on_message"))


async def test_what_the_removed_have_going_on_ends(
    ana: Belongings, orchestrator: ScriptedOrchestrator, ben: Site, people: People
) -> None:
    """The question is stopped and the files are let go, whether her page is open or not; another person's go on."""
    from chat import host
    from chat.attendance import look

    tab = await ben.tab()
    await tab.ask("How are keys rotated?")
    bens = await orchestrator.submitted.get()
    await ana.tab.lose()
    await look()
    assert not orchestrator.log.ended(ana.run)
    people.accounts.remove("ana")
    await look()
    ending = await orchestrator.ending(ana.run, "ana")
    assert ending is not None
    assert ending.result.state == "cancelled"
    delivery = host.current().deliveries.find(ana.delivery, "ana")
    with delivery.changes() as changed:
        while not delivery.over:
            changed.clear()
            await changed.wait()
    assert not orchestrator.log.ended(bens.id)


async def test_what_cannot_be_stopped_at_once_is_stopped_later(
    ana: Belongings, orchestrator: ScriptedOrchestrator, people: People
) -> None:
    """Redis is away when she is removed; or the accounts cannot be read, which removes nobody."""
    from chat.attendance import look

    known = people.accounts.file.read_text()
    await look()
    people.accounts.file.write_text("{")
    await look()
    people.accounts.file.write_text(known)
    await look()
    assert not orchestrator.log.ended(ana.run)
    cancel = orchestrator.cancel

    async def away(run: str, *, person: str) -> bool:
        orchestrator.cancel = cancel  # type: ignore[method-assign]
        raise EngineUnavailable("Redis is away.")

    orchestrator.cancel = away  # type: ignore[method-assign]
    people.accounts.remove("ana")
    await look()
    assert not orchestrator.log.ended(ana.run)
    await look()
    assert orchestrator.log.ended(ana.run)


async def test_with_a_new_password_the_same_page_goes_on(address: str, people: People, ana: Belongings) -> None:
    """The session of the page is hers as before; what held it up was the old cookie."""
    await ana.tab.lose()
    people.accounts.set_password("ana", cheap_passwords().hash("another long password"))
    async with Site.open(address, "ana", "another long password") as site:
        tab = await site.tab(thread=ana.tab.thread)
        await tab.until(lambda page: page.props("Delivery")["stage"] == "asking")


class TestRoles:
    """The team's documents are for curators to change."""

    @pytest.fixture
    async def documents(self, knowledge: Knowledge, tmp_path: Path) -> Mapping[str, str]:
        """One of the team's and one of Ben's."""
        ids = {}
        for name, text, person in (("leave.md", LEAVE, ""), ("keys.md", KEYS, "ben")):
            (tmp_path / name).write_text(text)
            ids[name] = (await knowledge.ingest("security", [Upload(tmp_path / name)], person=person))[0].document
        return ids

    async def test_a_member_is_offered_what_is_allowed(self, ben: Site, documents: Mapping[str, str]) -> None:
        """Of the team's documents only to have them; of a file only to keep it for oneself."""
        tab = await ben.tab()
        await tab.ask("/knowledge security")
        await tab.until(lambda page: page.props("Documents"))
        (security,) = (a for a in _mappings(tab.page.props("Documents")["agents"]) if a["agent"] == "security")
        changeable = {str(d["name"]): d["changeable"] for d in _mappings(security["documents"])}
        assert changeable == {"keys.md": True, "leave.md": False}
        await hand_in(ben, tab, new_md="# New\n\nSomething new.\n")
        await tab.until(lambda page: page.props("Delivery")["stage"] == "asking")
        assert tab.page.props("Delivery")["forAll"] is False
        assert said(tab.page).endswith("Who should keep this document? Only you will see it.")

    async def test_a_member_changes_nothing_of_the_teams(
        self, ben: Site, documents: Mapping[str, str], knowledge: Knowledge
    ) -> None:
        """Whatever a page sends; the sentence says who may."""
        tab = await ben.tab()
        team = {"agent": "security", "document": documents["leave.md"]}
        await ben.act(tab, "remove_document", **team)
        await ben.act(tab, "move_document", **team, to="product")
        await ben.act(tab, "replace_document", **team, file=await ben.upload(tab, "leave.md", KEYS))
        await hand_in(ben, tab, new_md="# New\n\nSomething new.\n")
        await tab.until(lambda page: page.props("Delivery")["stage"] == "asking")
        delivery = tab.page.props("Delivery")["delivery"]
        assert not await ben.act(tab, "choose_agent", delivery=delivery, agent="product", private=False)
        await tab.until(lambda page: len(page.toasts) == 4)
        assert set(tab.page.toasts) == {ENGLISH.trouble(NotAllowed())}
        assert [document.source for document in knowledge.documents("security", "")] == ["leave.md"]
        assert await ben.act(tab, "choose_agent", delivery=delivery, agent="product", private=True)
        await tab.until(lambda page: page.props("Delivery")["stage"] == "over")
        assert [(d.source, d.person) for d in knowledge.documents("product", "ben")] == [("new.md", "ben")]

    async def test_keep_this_is_for_oneself_then(self, ben: Site, knowledge: Knowledge) -> None:
        """It is kept, and said for whom and why."""
        tab = await ben.tab()
        await hand_in(ben, tab, "@product keep this for everybody", leave_md=LEAVE)
        await tab.until(lambda page: page.props("Delivery")["stage"] == "over")
        assert said(tab.page).endswith("Only you see it. Only curators keep something for everybody.")
        assert knowledge.documents("product", "ana") == []
        assert [d.person for d in knowledge.documents("product", "ben")] == ["ben"]

    async def test_what_is_ones_own_one_may_change(
        self, ben: Site, documents: Mapping[str, str], knowledge: Knowledge
    ) -> None:
        """A member too."""
        tab = await ben.tab()
        await ben.act(tab, "move_document", agent="security", document=documents["keys.md"], to="product")
        (moved,) = knowledge.documents("product", "ben")
        await ben.act(tab, "remove_document", agent="product", document=moved.id)
        assert knowledge.documents("product", "ben") == []

    @pytest.mark.parametrize("name", ["cleo", "otto"])
    async def test_curators_and_operators_may(
        self, address: str, documents: Mapping[str, str], knowledge: Knowledge, name: str
    ) -> None:
        """Put in for everybody, and take out."""
        async with Site.open(address, name, PASSWORD) as site:
            tab = await site.tab()
            await hand_in(site, tab, "@product keep this", leave_md=LEAVE)
            await tab.until(lambda page: page.props("Delivery")["stage"] == "over")
            await site.act(tab, "remove_document", agent="security", document=documents["leave.md"])
        assert [d.source for d in knowledge.documents("product", "ben")] == ["leave.md"]
        assert knowledge.documents("security", "") == []

    async def test_another_role_counts_at_once(
        self, ben: Site, documents: Mapping[str, str], people: People, knowledge: Knowledge
    ) -> None:
        """In the session that is there."""
        tab = await ben.tab()
        people.accounts.set_role("ben", "curator")
        await ben.act(tab, "remove_document", agent="security", document=documents["leave.md"])
        assert knowledge.documents("security", "") == []

    @pytest.mark.parametrize(("name", "status"), [("ben", 403), ("cleo", 403), ("otto", 200)])
    async def test_the_figures_are_for_operators(self, address: str, name: str, status: int) -> None:
        """Prometheus has a port of its own."""
        async with Site.open(address, name, PASSWORD) as site:
            assert (await site.http.get("/metrics")).status_code == status
            assert (await site.http.get("/api/status")).status_code == 200


class TestBehindAProxy:
    """It says with every request who it is, on this machine."""

    @pytest.fixture
    def people(self, tmp_path: Path) -> People:
        return People(Accounts(tmp_path / "people.json"), by_proxy=True, proxies=[ip_network("127.0.0.1")])

    async def test_it_brings_people_to_what_is_theirs(self, address: str, orchestrator: ScriptedOrchestrator) -> None:
        """At the addresses and on the socket; no cookie is good for anybody else."""
        import socketio

        named = {"x-forwarded-user": "Ana@Example.org"}
        async with httpx.AsyncClient(base_url=address, timeout=PATIENCE_SECONDS, headers=named) as http:
            assert (await http.get("/auth/config")).json()["headerAuth"]
            await http.get("/", headers={"accept": "text/html"})
            assert (await http.get("/user")).json()["identifier"] == "ana@example.org"
            cookie = f"access_token={http.cookies['access_token']}"
        tab = Tab(address, cookie, "Council", named)
        await tab.connect()
        await tab.ask("Who am I?")
        assert (await orchestrator.submitted.get()).person == "ana@example.org"
        for header in ({"x-forwarded-user": "ben"}, {}):
            async with httpx.AsyncClient(
                base_url=address, timeout=PATIENCE_SECONDS, headers={"cookie": cookie, **header}
            ) as http:
                assert (await http.get("/user")).status_code == 401
            other = Tab(address, cookie, "Council", header)
            other.session = tab.session
            with pytest.raises(socketio.exceptions.ConnectionError):
                await other.connect()
        await tab.lose()

    async def test_whom_it_does_not_name_is_told_so(self, address: str) -> None:
        """In their language; the page has a sentence of its own for the status. There is no password to be wrong."""
        for language, sentence in (("en", ENGLISH.not_named), ("de", GERMAN.not_named)):
            async with httpx.AsyncClient(base_url=address, headers={"accept-language": language}) as stranger:
                refused = await stranger.post("/auth/header")
            assert (refused.status_code, refused.json()["detail"]) == (403, sentence)


async def test_too_many_attempts_are_told_apart_from_a_wrong_password(address: str) -> None:
    """By their status, from which the page has its sentence."""
    given = {"username": "ben", "password": "wrong, and long"}
    async with httpx.AsyncClient(base_url=address, timeout=PATIENCE_SECONDS) as stranger:
        for _ in range(5):
            wrong = await stranger.post("/login", data=given)
            assert (wrong.status_code, wrong.json()["detail"]) == (401, "credentialssignin")
        refused = await stranger.post("/login", data={**given, "password": PASSWORD})
    assert refused.status_code == 429
    assert refused.json()["detail"].startswith("Too many attempts to sign in.")
    assert 0 < int(refused.headers["retry-after"]) <= 30


async def test_damaged_accounts_let_nobody_in(ana: Belongings, people: People) -> None:
    """Not even those who are there."""
    people.accounts.file.write_text("{")
    assert (await ana.site.http.get("/user")).status_code == 401
    assert (await ana.site.http.post("/login", data={"username": "ana", "password": PASSWORD})).status_code == 503
    await ana.tab.ask("Am I still there?")
    await ana.tab.until_gone()


def _mappings(value: object) -> Sequence[Mapping[str, object]]:
    assert isinstance(value, list)
    return value
