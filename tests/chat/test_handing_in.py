"""Documents handed in in the chat, over a real socket and into a real knowledge base. Read this first."""

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from chat import deliveries, delivery
from chat.errors import TooManyFiles, TooManyOpen, UnknownDelivery
from chat.wire import Json
from chat.words import ENGLISH
from history import HandedIn, History
from knowledge import HashEmbedder, Knowledge, KnowledgeSettings, Matrix, StorageFull, Upload, open_knowledge
from people import People
from tests.chat.browser_side import Site, Tab
from tests.chat.page import Page
from tests.chat.scripted import ScriptedOrchestrator
from tests.knowledge.pdfs import pdf
from tests.orchestration.waiting import PATIENCE_SECONDS, eventually

if TYPE_CHECKING:
    from chainlit.session import WebsocketSession

LEAVE = """# Parental leave

## How long it is

Parental leave at Harbour Lane lasts twenty-six weeks for each parent.
"""
KEYS = """# Key rotation

Secrets and keys of the vault are rotated every ninety days by the security officer.
"""


def files(page: Page) -> list[Mapping[str, Json]]:
    """The rows of the newest card."""
    return cast(list[Mapping[str, Json]], page.props("Delivery")["files"])


def states(page: Page) -> list[object]:
    return [file["state"] for file in files(page)]


def said(page: Page) -> str:
    return str(page.step("Roundtable")["output"])


def uploaded(tab: Tab) -> list[Path]:
    """What waits in the session's folder."""
    from chainlit.session import ws_sessions_id

    return list(ws_sessions_id[tab.session].files_dir.glob("*"))


async def hand_in(site: Site, tab: Tab, text: str = "", **contents: str | bytes) -> str:
    """Attach files (`leave_md` is leave.md) and press Enter."""
    ids = [await site.upload(tab, name.replace("_", "."), content) for name, content in contents.items()]
    return await tab.ask(text, files=ids)


async def asked_for_agent(site: Site, text: str = "", **contents: str | bytes) -> Tab:
    """A page on which it is asked who keeps the files."""
    tab = await site.tab()
    await hand_in(site, tab, text, **contents)
    await tab.until(lambda page: page.props("Delivery")["stage"] == "asking")
    return tab


async def test_it_is_proposed_asked_and_kept(site: Site, knowledge: Knowledge) -> None:
    """Every agent with its score; the one that is chosen has the document, and it is said what was learned."""
    tab = await asked_for_agent(site, leave_md=LEAVE)
    assert said(tab.page) == "No agent knows much like it yet. Who should keep this document?"
    choices = cast(list[Mapping[str, Json]], tab.page.props("Delivery")["choices"])
    assert {choice["agent"] for choice in choices} == {
        "architecture", "knowledge", "operations", "product", "security"
    }  # fmt: skip
    scores = [cast(float, choice["score"]) for choice in choices]
    assert scores == sorted(scores, reverse=True)
    delivery = tab.page.props("Delivery")["delivery"]
    assert await site.act(tab, "choose_agent", delivery=delivery, agent="operations", private=False)
    await tab.until(lambda page: page.props("Delivery")["stage"] == "over")
    assert said(tab.page).startswith("Operations learned “leave.md”: 1 passage in ")
    (kept,) = knowledge.documents("operations", person="somebody else")
    assert (kept.source, kept.person) == ("leave.md", "")


async def test_it_is_kept_without_asking_where_the_person_says_so(
    site: Site, knowledge: Knowledge, orchestrator: ScriptedOrchestrator
) -> None:
    """For one's own eyes; the question that came with it is asked when it is in, and by then it can be found."""
    tab = await site.tab()
    await hand_in(site, tab, "@security keep this for me. How often are keys rotated?", keys_md=KEYS)
    task = await orchestrator.submitted.get()
    assert task.question == "@security How often are keys rotated?"
    (kept,) = knowledge.documents("security", person="local")
    assert (kept.source, kept.person) == ("keys.md", "local")
    assert knowledge.documents("security", person="somebody else") == []
    vector = (await knowledge.embed([task.question]))[0]
    assert await knowledge.search(["security"], task.question, vector, person="local")
    await tab.until(lambda page: "Only you see it." in str(page.steps))


async def test_a_question_waits_for_the_choice_and_the_page_does_not(
    site: Site, orchestrator: ScriptedOrchestrator
) -> None:
    """While somebody is asked, something else can be asked; afterwards the first question is."""
    tab = await asked_for_agent(site, "How long is parental leave?", leave_md=LEAVE)
    await tab.until(lambda page: not page.running)
    await tab.ask("Who are you?")
    assert (await orchestrator.submitted.get()).question == "Who are you?"
    delivery = tab.page.props("Delivery")["delivery"]
    await site.act(tab, "choose_agent", delivery=delivery, agent="", private=False)
    assert (await orchestrator.submitted.get()).question == "How long is parental leave?"


async def test_a_bad_file_stops_no_other(site: Site, knowledge: Knowledge) -> None:
    """Each has its own sentence, in the chat."""
    tab = await site.tab()
    await hand_in(site, tab, "@product keep these", empty_md=b"", broken_pdf=b"%PDF-1.7 broken", leave_md=LEAVE)
    await tab.until(lambda page: page.props("Delivery")["stage"] == "over")
    assert states(tab.page) == ["rejected", "rejected", "added"]
    assert "empty" in str(files(tab.page)[0]["note"])
    assert str(files(tab.page)[1]["note"]).endswith(".")
    assert [document.source for document in knowledge.documents("product")] == ["leave.md"]
    assert "2 documents could not be taken in." in said(tab.page)


async def test_what_is_there_is_said_to_be_there(site: Site, knowledge: Knowledge, tmp_path: Path) -> None:
    """Under which name and with whom; nothing is asked, and nothing is indexed twice."""
    (tmp_path / "rules.md").write_text(LEAVE)
    await knowledge.ingest("product", [Upload(tmp_path / "rules.md")])
    tab = await site.tab()
    await hand_in(site, tab, leave_md=LEAVE)
    await tab.until(lambda page: page.props("Delivery")["stage"] == "over")
    assert files(tab.page)[0]["note"] == "already there: Product has it as “rules.md”"
    assert sum(len(knowledge.documents(agent)) for agent in ("product", "operations", "security")) == 1


async def test_what_somebody_else_keeps_is_not_betrayed(site: Site, knowledge: Knowledge, tmp_path: Path) -> None:
    """Not by a duplicate, and not by a score: it is as if it were not there."""
    tab = await asked_for_agent(site, leave_md=LEAVE)
    before = tab.page.props("Delivery")["choices"]
    (tmp_path / "diary.md").write_text(LEAVE)
    await knowledge.ingest("product", [Upload(tmp_path / "diary.md")], person="ana")
    tab = await asked_for_agent(site, leave_md=LEAVE)
    assert tab.page.props("Delivery")["choices"] == before


async def test_a_new_version_replaces_the_old_one(site: Site, knowledge: Knowledge) -> None:
    """Of the same name; it is said from when the other one was."""
    tab = await site.tab()
    for text in (LEAVE, LEAVE.replace("twenty-six", "thirty")):
        await hand_in(site, tab, "@product keep this", leave_md=text)
        await tab.until(lambda page: page.props("Delivery")["stage"] == "over")
    await tab.until(lambda page: "replaces the version of" in str(files(page)[0]["note"]))
    assert len(knowledge.documents("product")) == 1


async def test_a_pdf_is_told_with_its_pages(site: Site, knowledge: Knowledge) -> None:
    """And with its passages."""
    tab = await asked_for_agent(site, report_pdf=pdf("The first page is about tides.", "The second about ebb."))
    assert "2 passages" in str(files(tab.page)[0]["note"])


async def test_a_reload_and_a_second_window_show_the_same(site: Site) -> None:
    """A thread without a question is there all the same, in its history too; the choice can be made anywhere."""
    tab = await asked_for_agent(site, leave_md=LEAVE)
    second = await site.tab(thread=tab.thread)
    await second.until(lambda page: page.props("Delivery")["stage"] == "asking")
    assert second.page.steps.keys() == tab.page.steps.keys()
    threads = (await site.http.post("/project/threads", json={"pagination": {"first": 5}, "filter": {}})).json()["data"]
    assert [thread["name"] for thread in threads] == ["leave.md"]
    await tab.leave()
    delivery = second.page.props("Delivery")["delivery"]
    assert await site.act(second, "choose_agent", delivery=delivery, agent="product", private=True)
    await second.until(lambda page: page.props("Delivery")["stage"] == "over")
    assert states(second.page) == ["added"]


async def test_files_and_questions_keep_their_order(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """A page that is loaded again shows them as they came."""
    tab = await site.tab()
    await tab.ask("First?")
    await orchestrator.submitted.get()
    await tab.until(lambda page: page.running)
    await hand_in(site, tab, "@product keep this", leave_md=LEAVE)
    await tab.until(lambda page: page.props("Delivery")["stage"] == "over")
    await tab.ask("Last?")
    await orchestrator.submitted.get()
    again = await site.tab(thread=tab.thread)
    await again.until(lambda page: "Last?" in str(page.steps))
    texts = [step["output"] for step in again.page.steps.values() if step["type"] == "user_message"]
    assert texts == ["First?", "@product keep this", "Last?"]


async def test_nothing_can_be_kept(site: Site, knowledge: Knowledge) -> None:
    """The person has the last word; a second word counts for nothing."""
    tab = await asked_for_agent(site, leave_md=LEAVE)
    delivery = tab.page.props("Delivery")["delivery"]
    assert not await site.act(tab, "choose_agent", delivery=delivery, agent="nobody", private=False)
    assert await site.act(tab, "choose_agent", delivery=delivery, nowhere=True)
    await tab.until(lambda page: said(page) == "Nothing was kept.")
    assert not await site.act(tab, "choose_agent", delivery=delivery, agent="product", private=False)
    assert not any(knowledge.documents(agent) for agent in ("product", "security"))


async def test_a_guessed_delivery_is_unknown(site: Site) -> None:
    """As one of somebody else's is."""
    tab = await site.tab()
    for action in ("choose_agent", "stop_delivery"):
        assert not await site.act(tab, action, delivery="guessed", agent="product")
    await tab.until(lambda page: page.toasts == [ENGLISH.trouble(UnknownDelivery())] * 2)


async def test_only_so_many_are_open_at_a_time(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more is refused under its message, and its files are not kept waiting; settle one, and it is taken."""
    monkeypatch.setattr(deliveries, "MOST_OPEN", 1)
    tab = await asked_for_agent(site, leave_md=LEAVE)
    await hand_in(site, tab, keys_md=KEYS)
    await tab.until(lambda page: said(page).startswith(ENGLISH.trouble(TooManyOpen())))
    assert said(tab.page).endswith("This was not taken in: “keys.md”.")
    assert uploaded(tab) == []
    await site.act(tab, "choose_agent", delivery=tab.page.props("Delivery")["delivery"], nowhere=True)
    await tab.until(lambda page: page.props("Delivery")["stage"] == "over")
    await hand_in(site, tab, keys_md=KEYS)
    await tab.until(lambda page: states(page) == ["read"])


async def test_a_message_brings_only_so_many(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first are taken in, and each of the others is told; none of them is kept waiting."""
    monkeypatch.setattr(delivery, "MOST_FILES", 1)
    tab = await site.tab()
    await hand_in(site, tab, "@product keep these", leave_md=LEAVE, keys_md=KEYS)
    await tab.until(lambda page: states(page) == ["added", "rejected"])
    assert files(tab.page)[1]["note"] == ENGLISH.trouble(TooManyFiles(delivery.MOST_FILES))
    assert uploaded(tab) == []


async def test_files_that_a_restart_took_are_asked_for_again(site: Site, orchestrator: ScriptedOrchestrator) -> None:
    """The page still shows them attached; without a word their message would be a question about nothing."""
    tab = await site.tab()
    here = await site.upload(tab, "leave.md", LEAVE)
    await tab.ask("How long is it?", files=[here, "given by the server before"])
    await tab.until(lambda page: said(page) == ENGLISH.files_gone)
    assert orchestrator.submitted.empty()
    await site.act(tab, "replace_document", agent="security", document="any", file="given by the server before")
    await tab.until(lambda page: page.toasts == [ENGLISH.files_gone])


async def test_a_page_that_comes_back_hears_which_deliveries_are_known(site: Site) -> None:
    """Those of its conversation; a card of another one belongs to a server that is gone (public/roundtable.js)."""
    tab = await asked_for_agent(site, leave_md=LEAVE)
    assert (await tab.until_heard("window_message")) != {"roundtable": "deliveries", "known": []}
    await tab.lose()
    tab.heard.clear()
    await tab.connect()
    known = [tab.page.props("Delivery")["delivery"]]
    assert await tab.until_heard("window_message") == {"roundtable": "deliveries", "known": known}


async def test_a_file_that_is_attached_while_its_page_is_connecting(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy machine a person is faster: it is taken as soon as there is a session for it."""
    from chat.own_session import own_session_soon

    waiting = asyncio.Event()

    async def noticed(id: str) -> "WebsocketSession | None":
        waiting.set()
        return await own_session_soon(id)

    monkeypatch.setattr("chat.uploads.own_session_soon", noticed)
    tab = Tab(site.address, site.cookie, "Council")
    site.tabs.append(tab)
    attached = asyncio.create_task(site.upload(tab, "leave.md", LEAVE))
    await waiting.wait()
    await tab.connect()
    await tab.ask("@product keep this", files=[await attached])
    await tab.until(lambda page: states(page) == ["added"])


async def test_a_name_is_as_it_was(site: Site) -> None:
    """A browser writes a quotation mark in a name as %22."""
    tab = await site.tab()
    await tab.ask("@product keep this", files=[await site.upload(tab, 'the "new" leave.md', LEAVE)])
    await tab.until(lambda page: states(page) == ["added"])
    assert files(tab.page)[0]["name"] == 'the "new" leave.md'


async def test_stop_before_anything_was_read(site: Site, history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    """The card is there before the history has noted it, which takes a while on a slow disk."""
    noted, hand_in_there = asyncio.Event(), history.hand_in

    async def on_a_slow_disk(record: HandedIn) -> None:
        await noted.wait()
        await hand_in_there(record)

    monkeypatch.setattr(history, "hand_in", on_a_slow_disk)
    tab = await site.tab()
    await hand_in(site, tab, leave_md=LEAVE)
    await tab.until(lambda page: page.props("Delivery")["stoppable"])
    assert await site.act(tab, "stop_delivery", delivery=tab.page.props("Delivery")["delivery"])
    noted.set()
    await tab.until(lambda page: page.props("Delivery")["stage"] != "reading")
    assert said(tab.page) == "Stopped; nothing was kept."
    assert uploaded(tab) == []


class GatedEmbedder(HashEmbedder):
    """Embeds documents only while its gate is open."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.waiting = threading.Event()

    def embed(self, texts: Sequence[str]) -> Matrix:
        if not self.gate.is_set():
            self.waiting.set()
            assert self.gate.wait(PATIENCE_SECONDS)
        return super().embed(texts)


class TestWhileItIsTakenIn:
    """With an embedder that a test holds."""

    @pytest.fixture
    def embedder(self) -> GatedEmbedder:
        return GatedEmbedder()

    @pytest.fixture
    async def knowledge(self, tmp_path: Path, embedder: GatedEmbedder) -> AsyncIterator[Knowledge]:
        async with open_knowledge(tmp_path / "knowledge", KnowledgeSettings(), embedder, {}) as knowledge:
            await knowledge.wait_ready()
            yield knowledge
            embedder.gate.set()

    async def begin(self, site: Site, embedder: GatedEmbedder, text: str) -> Tab:
        """Files of which the first one is being embedded."""
        tab = await site.tab()
        embedder.gate.clear()
        await hand_in(site, tab, text, leave_md=LEAVE, keys_md=KEYS)
        await tab.until(lambda page: states(page)[0] == "embedding")
        await asyncio.to_thread(embedder.waiting.wait)
        return tab

    async def test_the_card_tells_how_far_it_is(self, site: Site, embedder: GatedEmbedder) -> None:
        """Read and split are behind it, the passages are counted, and it can be stopped."""
        tab = await self.begin(site, embedder, "@product keep these")
        assert said(tab.page) == "Learning 2 documents."
        assert (files(tab.page)[0]["behind"], files(tab.page)[0]["note"]) == (2, "passage 0 of 1")
        assert tab.page.props("Delivery")["stoppable"]
        assert not tab.page.running
        embedder.gate.set()
        await tab.until(lambda page: states(page) == ["added", "added"])
        assert [file["behind"] for file in files(tab.page)] == [4, 4]

    @pytest.mark.parametrize("by", ["the card", "the page"])
    async def test_stop_leaves_what_is_in_and_takes_no_more(
        self, site: Site, embedder: GatedEmbedder, knowledge: Knowledge, orchestrator: ScriptedOrchestrator, by: str
    ) -> None:
        """It is said, and what was asked with the files is not asked."""
        tab = await self.begin(site, embedder, "@product keep these. How long is it?")
        await tab.until(lambda page: page.running)
        if by == "the page":
            await tab.stop()
        else:
            await site.act(tab, "stop_delivery", delivery=tab.page.props("Delivery")["delivery"])
        await tab.until(lambda page: said(page) == "Stopped; nothing was kept." and not page.running)
        embedder.gate.set()
        assert states(tab.page) == ["left", "left"]
        assert knowledge.documents("product") == []
        assert orchestrator.submitted.empty()

    async def test_it_goes_on_without_a_page(self, site: Site, embedder: GatedEmbedder, knowledge: Knowledge) -> None:
        """The session and its files go; the documents come in, and whoever looks again sees it."""
        tab = await self.begin(site, embedder, "@product keep these")
        await tab.leave()
        embedder.gate.set()
        again = await site.tab(thread=tab.thread)
        await again.until(lambda page: states(page) == ["added", "added"])
        assert len(knowledge.documents("product")) == 2

    async def test_a_full_disk_is_one_sentence(
        self, site: Site, embedder: GatedEmbedder, knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What was in stays; the rest is not tried."""

        def full(*args: object, **kwargs: object) -> None:
            raise StorageFull(
                "There is no space left for the knowledge; what was stored before is kept and still answers."
            )

        monkeypatch.setattr(knowledge.shelves.get("product"), "put", full)
        tab = await self.begin(site, embedder, "@product keep these")
        embedder.gate.set()
        await tab.until(lambda page: page.props("Delivery")["stage"] == "over")
        assert said(tab.page) == ENGLISH.trouble(StorageFull())
        assert states(tab.page) == ["left", "left"]


async def test_the_door_for_files_judges_only_the_size(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too much is refused with a sentence before it is read; a stranger's page gets nothing in, and nobody out."""
    from chainlit.config import config

    monkeypatch.setattr(config.features.spontaneous_file_upload, "max_size_mb", 1)
    tab = await site.tab()
    to = f"/project/file?session_id={tab.session}"
    large = await site.http.post(to, files={"file": ("big.md", b"x" * 1_200_000, "text/markdown")})
    assert (large.status_code, large.json()["detail"]) == (413, ENGLISH.too_large(1))
    assert (await site.http.post(to, files={"other": ("a.md", b"x", "text/markdown")})).status_code == 400
    monkeypatch.setattr("chat.own_session.CONNECTING_SECONDS", 0.01)
    for session in ("5b1b1c9a-0000-4000-8000-000000000000", "../../etc"):
        strange = await site.http.post("/project/file", params={"session_id": session}, files={"file": ("a", b"x")})
        assert strange.status_code == 404
    page = await site.upload(tab, "page.html", "<script>alert(1)</script>")
    assert (await site.http.get(f"/project/file/{page}?session_id={tab.session}")).status_code == 404
    monkeypatch.setattr("chat.uploads.MOST_WAITING", 1)
    waiting = await site.http.post(to, files={"file": ("a.md", b"x")})
    assert (waiting.status_code, waiting.json()["detail"][:28]) == (429, "1 files of yours wait to be ")
    await tab.ask("@product keep this", files=[page])
    await tab.until(lambda page: states(page)[0] in ("added", "rejected"))
    assert (await site.http.post(to, files={"file": ("a.md", b"x")})).status_code == 200
    site.http.cookies.clear()
    assert (await site.http.post(to, files={"file": ("a.md", b"x")})).status_code == 401


async def test_a_card_is_there_after_the_server_started_again(
    site: Site, knowledge: Knowledge, orchestrator: ScriptedOrchestrator, history: History, people: People
) -> None:
    """As it was at the end; and the conversation is listed though nothing was asked in it."""
    tab = await site.tab()
    await hand_in(site, tab, "@security keep this", keys_md=KEYS)
    await tab.until(lambda page: page.props("Delivery")["stage"] == "over")
    await handed_in(history, tab.thread)
    await start_again(orchestrator, knowledge, history, people)
    again = await site.tab(thread=tab.thread)
    await again.until(lambda page: len(page.elements) == len(tab.page.elements))
    assert again.page.elements == tab.page.elements
    assert said(again.page) == said(tab.page)
    listed = await site.http.post("/project/threads", json={"pagination": {"first": 5}, "filter": {"search": "keys"}})
    assert [thread["id"] for thread in listed.json()["data"]] == [tab.thread]


async def test_files_that_were_being_taken_in_when_the_server_stopped_are_told(
    site: Site, knowledge: Knowledge, orchestrator: ScriptedOrchestrator, history: History, people: People
) -> None:
    """Nobody goes on with them, so the card does not pretend to."""
    tab = await asked_for_agent(site, leave_md=LEAVE)
    await start_again(orchestrator, knowledge, history, people)
    again = await site.tab(thread=tab.thread)
    await again.until(lambda page: page.props("Delivery")["stage"] == "over")
    assert "The server stopped meanwhile" in said(again.page)
    assert states(again.page) == ["left"]


async def handed_in(history: History, thread: str) -> None:
    """Wait until the card is kept as it is at the end; as it would be after a crash it is kept from the beginning."""

    async def over() -> bool:
        return any('"state": "added"' in one.picture for one in await history.handed_in("local", thread))

    await eventually(over, "the card is kept")


async def start_again(
    orchestrator: ScriptedOrchestrator, knowledge: Knowledge, history: History, people: People
) -> None:
    """The same folder, and nothing in memory."""
    from agents import load_catalog
    from chat import host

    await host.uninstall()
    host.install(orchestrator, load_catalog(), knowledge, history, people)
