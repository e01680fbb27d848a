"""A citation leads back to its document: the text around it, the file, and for a PDF its page."""

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from chat.wire import Json
from knowledge import Knowledge, Passage, Upload
from orchestration.messages import Answer, Citation, TaskResult
from tests.chat.browser_side import Site, Tab
from tests.chat.scripted import ScriptedOrchestrator
from tests.knowledge.pdfs import pdf

NOTES = """# Harbour

## Tides

The tide turns twice a day.

## Ebb

Ebb lasts six hours.

## Flood

Then flood.
"""


async def cited(
    site: Site, orchestrator: ScriptedOrchestrator, knowledge: Knowledge, file: Path, number: int, person: str = ""
) -> tuple[Tab, str, Passage]:
    """A page with an answer that cites the passage of that number in a document of Operations."""
    (taken,) = await knowledge.ingest("operations", [Upload(file)], person=person)
    passage = knowledge.passage("operations", f"{taken.document}#{number}", person="local")
    assert passage is not None
    tab = await site.tab()
    await tab.ask("How long does ebb last?")
    task = await orchestrator.submitted.get()
    citation = Citation(number=1, agent="operations", quote=passage.text, passage=passage)
    result = TaskResult(task=task.id, mode="council", state="answered", answer="Six hours.", citations=(citation,))
    await orchestrator.happens(Answer(run=task.id, result=result))
    await tab.until(lambda page: page.props("Sources"))
    return tab, task.id, passage


async def opened(site: Site, tab: Tab, run: str) -> Mapping[str, Json]:
    """The panel after a click."""
    await site.act(tab, "open_passage", run=run, number=1)
    await tab.until(lambda page: page.sidebar)
    return tab.page.props("Passage")


async def test_the_passage_stands_in_its_context(
    site: Site, orchestrator: ScriptedOrchestrator, knowledge: Knowledge, tmp_path: Path
) -> None:
    """With its neighbours before and after, and the address of the file."""
    (tmp_path / "notes.md").write_text(NOTES)
    tab, run, passage = await cited(site, orchestrator, knowledge, tmp_path / "notes.md", 1)
    props = await opened(site, tab, run)
    assert (props["text"], props["section"]) == ("Ebb lasts six hours.", "Ebb")
    assert str(props["before"]).strip() == "The tide turns twice a day."
    assert str(props["after"]).strip() == "Then flood."
    assert props["there"]
    assert props["url"] == f"/api/knowledge/operations/documents/{passage.document}"


async def test_a_pdf_is_opened_at_its_page(
    site: Site, orchestrator: ScriptedOrchestrator, knowledge: Knowledge, tmp_path: Path
) -> None:
    """Beside the chat, in the viewer of the page."""
    (tmp_path / "report.pdf").write_bytes(pdf("Ebb lasts six hours.", "Flood lasts six hours, too."))
    tab, run, passage = await cited(site, orchestrator, knowledge, tmp_path / "report.pdf", 1)
    await opened(site, tab, run)
    told = cast(Mapping[str, list[Mapping[str, Json]]], await tab.until_heard("set_sidebar_elements"))
    beside = told["elements"][1]
    assert (beside["type"], beside["page"]) == ("pdf", 2)
    assert beside["url"] == f"/api/knowledge/operations/documents/{passage.document}"


async def test_a_document_that_is_gone_says_so(
    site: Site, orchestrator: ScriptedOrchestrator, knowledge: Knowledge, tmp_path: Path
) -> None:
    """The answer stays as it was given; there is no way to a file that is not there."""
    (tmp_path / "notes.md").write_text(NOTES)
    tab, run, passage = await cited(site, orchestrator, knowledge, tmp_path / "notes.md", 1)
    await knowledge.remove("operations", passage.document, person="")
    props = await opened(site, tab, run)
    assert (props["there"], props["newer"], props["url"]) == (False, False, "")
    assert (props["before"], props["after"]) == ("", "")


async def test_a_newer_version_is_named_instead(
    site: Site, orchestrator: ScriptedOrchestrator, knowledge: Knowledge, tmp_path: Path
) -> None:
    """The passage is of the old one."""
    (tmp_path / "notes.md").write_text(NOTES)
    tab, run, _ = await cited(site, orchestrator, knowledge, tmp_path / "notes.md", 1, person="local")
    (tmp_path / "notes.md").write_text(NOTES + "\nAnd more.\n")
    (newer,) = await knowledge.ingest("operations", [Upload(tmp_path / "notes.md")], person="local")
    props = await opened(site, tab, run)
    assert (props["there"], props["newer"]) == (False, True)
    assert props["url"] == f"/api/knowledge/operations/documents/{newer.document}"
