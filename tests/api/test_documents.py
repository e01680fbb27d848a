"""The files behind the documents, as a browser gets them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request

from api import Application, create_app
from api.headers import DOCUMENT_POLICY, PDF_POLICY
from chat.errors import NotStarted
from chat.german import GERMAN
from knowledge import HashEmbedder, Knowledge, KnowledgeSettings, Upload, open_knowledge
from orchestration import Settings
from tests.api.test_application import Running
from tests.knowledge.pdfs import pdf

PDF = pdf("Tides turn twice a day.")
FILES: Mapping[str, bytes] = {
    "tides.pdf": PDF,
    "Ebb and \u201cflood\u201d.md": b"# Ebb\n\nSix hours.\n",
    "page.txt": b"<script>alert(document.cookie)</script> and some words\n",
}


class KnownPage:
    """Instead of Chainlit: whoever asks says who they are."""

    def mount(self, app: FastAPI) -> None:
        pass

    def person(self, request: Request) -> str:
        return request.headers.get("x-person", "")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        yield


@pytest.fixture
async def knowledge(tmp_path: Path) -> AsyncIterator[Knowledge]:
    async with open_knowledge(tmp_path / "knowledge", KnowledgeSettings(), HashEmbedder(), {}) as knowledge:
        await knowledge.wait_ready()
        yield knowledge


@pytest.fixture
async def client(tmp_path: Path, knowledge: Knowledge) -> AsyncIterator[httpx.AsyncClient]:
    """Ana's browser."""

    @asynccontextmanager
    async def opening() -> AsyncIterator[Running]:
        yield Running(knowledge=knowledge)

    app: Application = create_app(Settings(data=tmp_path), page=KnownPage(), opening=opening)
    async with app.running():
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        headers = {"x-person": "ana"}
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000", headers=headers) as client:
            yield client


async def put(knowledge: Knowledge, folder: Path, name: str, person: str = "ana") -> str:
    """Give a document to Security; its address."""
    (folder / name).write_bytes(FILES[name])
    (taken,) = await knowledge.ingest("security", [Upload(folder / name)], person=person)
    assert taken.status == "added", taken.reason
    return f"/api/knowledge/security/documents/{taken.document}"


async def test_a_file_comes_back_as_it_was_put_in(
    client: httpx.AsyncClient, knowledge: Knowledge, tmp_path: Path
) -> None:
    """With its name and type, as something to keep: nothing in it runs, whatever it is."""
    for name, kind in (("Ebb and \u201cflood\u201d.md", "text/markdown"), ("page.txt", "text/plain")):
        got = await client.get(await put(knowledge, tmp_path, name))
        assert (got.status_code, got.content) == (200, FILES[name])
        assert got.headers["content-type"].startswith(kind)
        assert got.headers["content-disposition"].startswith("attachment")
        assert got.headers["x-content-type-options"] == "nosniff"
        assert got.headers["content-security-policy"] == DOCUMENT_POLICY
        assert "private" in got.headers["cache-control"]
    name = "Ebb%20and%20%E2%80%9Cflood%E2%80%9D.md"
    assert f"filename*=utf-8''{name}" in (await client.get(await put_again(knowledge))).headers["content-disposition"]


async def put_again(knowledge: Knowledge) -> str:
    document = next(d for d in knowledge.documents("security", "ana") if d.source.startswith("Ebb"))
    return f"/api/knowledge/security/documents/{document.id}"


async def test_a_pdf_can_be_shown(client: httpx.AsyncClient, knowledge: Knowledge, tmp_path: Path) -> None:
    """Where that is asked for, and in pieces as viewers ask; nothing else is shown beside the chat."""
    address = await put(knowledge, tmp_path, "tides.pdf")
    shown = await client.get(address, params={"inline": "true"})
    assert shown.headers["content-type"] == "application/pdf"
    assert shown.headers["content-disposition"].startswith("inline")
    assert shown.headers["content-security-policy"] == PDF_POLICY
    assert (await client.get(address)).headers["content-disposition"].startswith("attachment")
    part = await client.get(address, headers={"range": "bytes=0-4"})
    assert (part.status_code, part.content) == (206, b"%PDF-")
    text = await client.get(await put(knowledge, tmp_path, "page.txt"), params={"inline": "true"})
    assert text.headers["content-disposition"].startswith("attachment")


async def test_what_a_person_may_not_see_is_not_there(
    client: httpx.AsyncClient, knowledge: Knowledge, tmp_path: Path
) -> None:
    """Somebody else's document, one that never was and one that is gone are the same."""
    private = await put(knowledge, tmp_path, "tides.pdf")
    gone = await put(knowledge, tmp_path, "page.txt")
    await knowledge.remove("security", gone.rpartition("/")[2], person="ana")
    answers = [
        await client.get(private, headers={"x-person": "ben"}),
        await client.get("/api/knowledge/security/documents/no-such"),
        await client.get(gone),
        await client.get(private.replace("security", "operations")),
        await client.get("/api/knowledge/..%2Fsecurity/documents/no-such"),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers[:4]}) == 1
    assert (await client.get(private)).status_code == 200


async def test_the_team_s_document_is_everybody_s(
    client: httpx.AsyncClient, knowledge: Knowledge, tmp_path: Path
) -> None:
    """Of those who signed in."""
    address = await put(knowledge, tmp_path, "tides.pdf", person="")
    assert (await client.get(address, headers={"x-person": "ben"})).content == PDF
    assert (await client.get(address, headers={"x-person": ""})).status_code == 401


async def test_the_guard_stands_before_it(client: httpx.AsyncClient, knowledge: Knowledge, tmp_path: Path) -> None:
    """As before everything else: another site's page gets nothing."""
    address = await put(knowledge, tmp_path, "tides.pdf")
    for headers in ({"host": "evil.example"}, {"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}):
        assert (await client.get(address, headers=headers)).status_code == 403


async def test_before_anything_is_open(tmp_path: Path) -> None:
    """A browser may be faster than the start."""

    @asynccontextmanager
    async def opening() -> AsyncIterator[Running]:
        raise AssertionError("nothing is opened here")
        yield

    app = create_app(Settings(data=tmp_path), page=KnownPage(), opening=opening)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
        asked = {"x-person": "ana", "accept-language": "de-DE,de;q=0.9"}
        got = await client.get("/api/knowledge/security/documents/x", headers=asked)
        assert (got.status_code, got.text) == (503, GERMAN.trouble(NotStarted("")) + "\n")
