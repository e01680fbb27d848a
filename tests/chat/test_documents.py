"""The command /knowledge: what the agents know, and what a person can do with each document."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import pytest

from chat.wire import Json
from chat.words import ENGLISH
from knowledge import Knowledge, Upload
from knowledge.errors import UnknownDocument
from knowledge.manifest import Manifest, ManifestFile
from tests.chat.browser_side import Site, Tab
from tests.chat.scripted import ScriptedOrchestrator
from tests.chat.test_handing_in import KEYS, LEAVE, files


@pytest.fixture
async def documents(knowledge: Knowledge, tmp_path: Path) -> Mapping[str, str]:
    """One of the team's, one of the person's own, one of Ana's; all with Security. Their ids, by name."""
    put = {"leave.md": (LEAVE, ""), "keys.md": (KEYS, "local"), "diary.md": ("# Diary\n\nDear diary.\n", "ana")}
    ids = {}
    for name, (text, person) in put.items():
        (tmp_path / name).write_text(text)
        ids[name] = (await knowledge.ingest("security", [Upload(tmp_path / name)], person=person))[0].document
    return ids


async def asked(site: Site, what: str = "/knowledge") -> Tab:
    tab = await site.tab()
    await tab.ask(what)
    await tab.until(lambda page: page.step("Roundtable"))
    return tab


def shelves(told: object) -> dict[str, list[str]]:
    """Names of documents by agent."""
    agents = cast(Sequence[Mapping[str, Sequence[Mapping[str, str]]]], cast(Mapping[str, object], told)["agents"])
    return {str(agent["agent"]): [document["name"] for document in agent["documents"]] for agent in agents}


async def test_it_lists_what_the_person_may_see(
    site: Site, documents: Mapping[str, str], orchestrator: ScriptedOrchestrator
) -> None:
    """Of every agent, with whose it is; it is no question and not kept."""
    tab = await asked(site)
    await tab.until(lambda page: shelves(page.props("Documents"))["security"] == ["keys.md", "leave.md"])
    assert tab.page.step("Roundtable")["output"] == "5 agents know 2 documents."
    agents = cast(Sequence[Mapping[str, Json]], tab.page.props("Documents")["agents"])
    security = next(agent for agent in agents if agent["agent"] == "security")
    keys, leave = cast(Sequence[Mapping[str, Json]], security["documents"])
    assert (keys["mine"], leave["mine"], leave["catalog"]) == (True, False, False)
    assert f"1 passage · {len(LEAVE)} bytes" in str(leave["facts"])
    assert leave["url"] == f"/api/knowledge/security/documents/{documents['leave.md']}"
    assert "diary" not in str(tab.page.elements)
    assert orchestrator.submitted.empty()
    assert "first_interaction" not in [event for event, _ in tab.heard]


@pytest.mark.parametrize("what", ["/knowledge security", "/knowledge @Security"])
async def test_one_agent_can_be_asked_for(site: Site, documents: Mapping[str, str], what: str) -> None:
    """By its name."""
    tab = await asked(site, what)
    await tab.until(lambda page: shelves(page.props("Documents")) == {"security": ["keys.md", "leave.md"]})
    assert tab.page.step("Roundtable")["output"] == "Security knows 2 documents."


async def test_an_agent_that_nobody_knows(site: Site) -> None:
    """Is told, with the name as it was typed."""
    tab = await asked(site, "/knowledge nobody")
    assert "no agent called “nobody”" in str(tab.page.step("Roundtable")["output"])


async def test_a_document_is_removed(site: Site, documents: Mapping[str, str], knowledge: Knowledge) -> None:
    """The list comes back without it."""
    tab = await asked(site)
    left = await site.act(tab, "remove_document", agent="security", document=documents["leave.md"])
    assert shelves(left)["security"] == ["keys.md"]
    await tab.until(lambda page: page.toasts == ["“leave.md” was removed."])
    assert [document.source for document in knowledge.documents("security", "local")] == ["keys.md"]


async def test_a_document_is_moved(site: Site, documents: Mapping[str, str], knowledge: Knowledge) -> None:
    """To another agent, still for the same people."""
    tab = await asked(site)
    moved = await site.act(tab, "move_document", agent="security", document=documents["keys.md"], to="operations")
    assert shelves(moved) == {
        "architecture": [], "knowledge": [], "operations": ["keys.md"], "product": [], "security": ["leave.md"]
    }  # fmt: skip
    assert knowledge.documents("operations", "ana") == []


async def test_long_lists_do_not_hold_up_the_chat(
    site: Site, documents: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list of thousands of documents takes a while to parse: no command and no button does it on the event loop."""
    threads: set[threading.Thread] = set()
    read = ManifestFile.read

    def watched(self: ManifestFile) -> Manifest:
        threads.add(threading.current_thread())
        return read(self)

    monkeypatch.setattr(ManifestFile, "read", watched)
    tab = await asked(site)
    await tab.ask("/agents")
    keys = documents["keys.md"]
    file = await site.upload(tab, "keys.md", KEYS.replace("ninety", "sixty"))
    await site.act(tab, "replace_document", agent="security", document=keys, file=file)
    await tab.until(lambda page: page.props("Delivery")["stage"] == "over")
    await site.act(tab, "move_document", agent="security", document=documents["leave.md"], to="product")
    await site.act(tab, "remove_document", agent="product", document=documents["leave.md"])
    assert threads
    assert threading.main_thread() not in threads


@pytest.mark.parametrize("name", ["keys.md", "new name.txt"])
async def test_a_document_is_replaced(
    site: Site, documents: Mapping[str, str], knowledge: Knowledge, name: str
) -> None:
    """By a file of any name, for the same people; how that goes is shown in the chat."""
    tab = await asked(site)
    file = await site.upload(tab, name, KEYS.replace("ninety", "sixty"))
    await site.act(tab, "replace_document", agent="security", document=documents["keys.md"], file=file)
    await tab.until(lambda page: page.props("Delivery")["stage"] == "over")
    assert "replaces the version of" in str(files(tab.page)[0]["note"])
    own = [document for document in knowledge.documents("security", "local") if document.person]
    assert [document.source for document in own] == [name]
    assert own[0].id != documents["keys.md"]


@pytest.mark.parametrize("document", ["diary.md", "no such"])
async def test_what_is_somebody_elses_is_as_if_it_were_not_there(
    site: Site, documents: Mapping[str, str], knowledge: Knowledge, document: str
) -> None:
    """At every door, and in the same words."""
    tab = await asked(site)
    id = documents.get(document, "no such")
    file = await site.upload(tab, "mine.md", KEYS)
    await site.act(tab, "remove_document", agent="security", document=id)
    await site.act(tab, "move_document", agent="security", document=id, to="product")
    await site.act(tab, "replace_document", agent="security", document=id, file=file)
    await site.act(tab, "remove_document", agent="../security", document=id)
    await tab.until(lambda page: page.toasts == [ENGLISH.trouble(UnknownDocument())] * 4)
    assert [document.source for document in knowledge.documents("security", "ana")] == ["diary.md", "leave.md"]
