"""What a person takes along, as a browser gets it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from agents import AgentRegistry, load_catalog
from api import create_app
from chat import host
from history import Refusal, open_history
from knowledge import HashEmbedder, KnowledgeSettings, open_knowledge
from orchestration import Settings
from orchestration.messages import Accepted, Answer, Citation, Recorded, TaskResult
from people import Accounts, People
from tests.api.test_application import Running
from tests.api.test_documents import KnownPage
from tests.chat.events import RUN, THREAD, accepted, passage, task
from tests.chat.scripted import ScriptedOrchestrator

ANSWER = TaskResult(
    task=RUN,
    mode="council",
    state="answered",
    answer=f"Copy the folder. [1](#cite-{RUN}-1)",
    citations=(Citation(number=1, agent="operations", quote="Stop the server.", passage=passage()),),
    contributed=("operations",),
)
EVENTS = [
    Recorded(id="1-0", at=100.0, event=accepted(person="ana", question="Backup: how?")),
    Recorded(id="2-0", at=101.0, event=Answer(run=RUN, result=ANSWER)),
]


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Ana's browser; she has asked one question."""

    @asynccontextmanager
    async def opening() -> AsyncIterator[Running]:
        registry: AgentRegistry = load_catalog()
        async with (
            open_history(tmp_path) as history,
            open_knowledge(tmp_path / "knowledge", KnowledgeSettings(), HashEmbedder(), {}) as knowledge,
        ):
            await history.keep(EVENTS)
            host.install(
                ScriptedOrchestrator(), registry, knowledge, history, People(Accounts(tmp_path / "people.json"))
            )
            yield Running()
            await host.uninstall()

    app = create_app(Settings(data=tmp_path), page=KnownPage(), opening=opening)
    async with app.running():
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        headers = {"x-person": "ana"}
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000", headers=headers) as client:
            yield client


async def test_a_conversation_as_a_file(client: httpx.AsyncClient) -> None:
    """It is called like the conversation, as far as a file can be."""
    answer = await client.get(f"/api/conversations/{THREAD}/export")
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''Backup-how.md"
    assert answer.text.startswith("# Backup: how?\n\n## Backup: how?\n")
    assert answer.text.endswith("1. **Backup**, Copying, backup.md; found by Operations\n\n   > Stop the server.\n")


async def test_a_conversation_is_told_as_the_page_shows_it(client: httpx.AsyncClient) -> None:
    """A question that another run answered stands there once, one that was not taken in with the reason."""
    history, asked = host.current().history, {"person": "ana", "question": "Restore: how?"}
    await history.note(task("council", asked_at=200.0, **asked))
    alone = ANSWER.model_copy(update={"task": "alone"})
    answered = task("alone", asked_at=200.0, mode="single", replaces="council", **asked)
    await history.keep(
        [
            Recorded(id="1-0", at=200.0, event=Accepted(run="alone", task=answered)),
            Recorded(id="2-0", at=201.0, event=Answer(run="alone", result=alone)),
        ]
    )
    refused = task("refused", person="ana", question="Delete: how?", message="m1", asked_at=150.0)
    refusal = Refusal("ana", THREAD, "m1", refused.question, "Roundtable is full.", True, "council", False, 150.0)
    await history.refuse(refusal, refused)
    told = (await client.get(f"/api/conversations/{THREAD}/export")).text
    asked_in_order = [line for line in told.splitlines() if line.startswith("## ")]
    assert asked_in_order == ["## Backup: how?", "## Delete: how?", "## Restore: how?"]
    assert told.count("*Roundtable is full.*") == 1


async def test_one_answer_to_be_copied_and_its_run_as_json(client: httpx.AsyncClient) -> None:
    copied = await client.get(f"/api/runs/{RUN}/answer")
    assert copied.text.startswith("## Backup: how?\n")
    assert "content-disposition" not in copied.headers
    run = await client.get(f"/api/runs/{RUN}")
    assert run.headers["content-disposition"] == f"attachment; filename*=UTF-8''{RUN}.json"
    assert (run.json()["task_id"], run.json()["state"]) == (RUN, "answered")
    assert run.json()["citations"][0]["quote"] == "Stop the server."


async def test_an_answer_that_was_given_a_moment_ago_can_be_taken_along(client: httpx.AsyncClient) -> None:
    """It is on the page, and the history takes it over soon."""
    asked = task("just now", person="ana", question="Restore: how?", asked_at=200.0)
    orchestrator = host.current().orchestrator
    assert isinstance(orchestrator, ScriptedOrchestrator)
    await host.current().history.note(asked)
    await orchestrator.submit(asked)
    assert (await client.get("/api/runs/just now")).status_code == 404
    assert "Copy the folder." not in (await client.get("/api/runs/just now/answer")).text
    result = ANSWER.model_copy(update={"task": "just now"})
    await orchestrator.happens(Answer(run="just now", result=result))
    assert (await client.get("/api/runs/just now")).json()["state"] == "answered"
    assert "Copy the folder." in (await client.get("/api/runs/just now/answer")).text
    assert (await client.get(f"/api/conversations/{THREAD}/export")).text.count("Copy the folder.") == 2


PATHS = (f"/api/conversations/{THREAD}/export", f"/api/runs/{RUN}/answer", f"/api/runs/{RUN}")


@pytest.mark.parametrize("path", PATHS)
async def test_nobody_else_learns_that_it_is_there(client: httpx.AsyncClient, path: str) -> None:
    """Neither somebody else nor nobody; and what is not there looks the same."""
    other, nobody = await client.get(path, headers={"x-person": "bo"}), await client.get(path, headers={"x-person": ""})
    missing = await client.get(path.replace(THREAD, "elsewhere").replace(RUN, "another"))
    assert (other.status_code, nobody.status_code) == (404, 401)
    assert (missing.status_code, missing.text) == (404, other.text)
