"""A click on a citation: its passage in the side panel."""

import asyncio
import logging
from dataclasses import dataclass

from chat.changes import Emission
from chat.documents import address
from chat.errors import ChatError, UnknownCitation
from chat.host import Host, current
from chat.props import passage_props
from chat.viewer import Window
from chat.wire import Element, Json, PdfPage, stable_id
from chat.words import shortened
from knowledge import Knowledge, KnowledgeError
from orchestration.errors import RoundtableError
from orchestration.messages import Answer, Citation, TaskResult

log = logging.getLogger(__name__)


async def open_passage(window: Window, run: str, number: int) -> bool:
    """Show a source beside the chat; False, with a note in the corner of the page, when that is not possible."""
    try:
        host = current()
        citation = await find(host, window, run, number)
    except (RoundtableError, ChatError) as error:
        log.warning("source %s of run %s cannot be opened: %s", number, run, error)
        await window.emit(Emission("toast", {"message": window.words.trouble(error), "type": "error"}))
        return False
    await show(window, run, citation, await asyncio.to_thread(document_of, host.knowledge, citation, window.person))
    return True


async def find(host: Host, window: Window, run: str, number: int) -> Citation:
    """The citation behind a number; raises UnknownRun, or UnknownCitation for a number that is not there."""
    result = host.viewers.of(window).result(run) or await _result(host, window, run)
    for citation in result.citations if result else ():
        if citation.number == number:
            return citation
    raise UnknownCitation("This answer has no such source.")


@dataclass(frozen=True)
class Standing:
    """Where a passage stands at this moment."""

    there: bool
    """Whether its document is still there, as it was when the answer was given."""
    newer: bool = False
    """Whether another version of it is."""
    before: str = ""
    after: str = ""
    url: str = ""
    """Of the file; empty where there is none."""
    pdf: bool = False


def document_of(knowledge: Knowledge, citation: Citation, person: str) -> Standing:
    """What the person can see of the document behind a citation, and the text around the passage. Blocking."""
    passage = citation.passage
    if not passage.base:
        return Standing(there=True)  # It is in no document that could be gone.
    try:
        documents = knowledge.documents(passage.base, person)
        same = next((document for document in documents if document.id == passage.document), None)
        if same is None:
            other = next((document for document in documents if document.source == passage.source), None)
            url = address(passage.base, other.id) if other is not None and other.size else ""
            return Standing(there=False, newer=other is not None, url=url)
        around = knowledge.context(passage.base, passage.id, person=person)
    except KnowledgeError as error:
        log.warning("the document of passage %s cannot be looked at: %s", passage.id, error)
        return Standing(there=True)
    before, found, after = around.partition(passage.text)
    url = address(passage.base, same.id) if same.size else ""
    pdf = bool(url) and (same.format == "PDF" or same.source.lower().endswith(".pdf"))
    return Standing(True, before=before if found else "", after=after if found else "", url=url, pdf=pdf)


async def show(window: Window, run: str, citation: Citation, standing: Standing) -> None:
    """Open the side panel: the passage, and below it the PDF that it is from, at its page.

    The element is also sent on its own: the page closes the panel at the next change of any element unless it knows
    one that stands at the side.
    """
    element = Element(
        id=stable_id(window.thread, "passage"),
        thread=window.thread,
        step="",
        name="Passage",
        props={**passage_props(citation, standing.before, standing.after), **_document_props(standing)},
        display="side",
    )
    passage = citation.passage
    beside: list[Json] = [element.json()]
    if standing.pdf and passage.page is not None:
        # The viewer looks at its page only when it is made: another page is another element.
        id = stable_id(window.thread, "pdf", passage.document, str(passage.page))
        beside.append(PdfPage(id, window.thread, passage.source, standing.url, passage.page).json())
    title = f"{citation.number} · {shortened(passage.title or passage.source, 60)}"
    await window.emit(Emission("element", element.json()))
    await window.emit(Emission("set_sidebar_title", title))
    key = f"{run}-{citation.number}"
    await window.emit(Emission("set_sidebar_elements", {"elements": beside, "key": key}))


def _document_props(standing: Standing) -> dict[str, Json]:
    return {"there": standing.there, "newer": standing.newer, "url": standing.url, "pdf": standing.pdf}


async def _result(host: Host, window: Window, run: str) -> TaskResult | None:
    # Sources come with the end of a run, so whoever can click on one does not wait here.
    async for recorded in host.log.follow(run, person=window.person):
        if isinstance(recorded.event, Answer):
            return recorded.event.result
    return None
