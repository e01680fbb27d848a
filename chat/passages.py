"""A click on a citation: its passage in the side panel."""

import logging

from chat.changes import Emission
from chat.errors import ChatError, UnknownCitation
from chat.host import Host, current
from chat.props import passage_props
from chat.viewer import Window
from chat.wire import Element, stable_id
from chat.words import shortened
from orchestration.errors import RoundtableError
from orchestration.messages import Answer, Citation, TaskResult

log = logging.getLogger(__name__)


async def open_passage(window: Window, run: str, number: int) -> bool:
    """Show a source beside the chat; False, with a note in the corner of the page, when that is not possible."""
    try:
        citation = await find(current(), window, run, number)
    except (RoundtableError, ChatError) as error:
        log.warning("source %s of run %s cannot be opened: %s", number, run, error)
        await window.emit(Emission("toast", {"message": str(error), "type": "error"}))
        return False
    await show(window, run, citation)
    return True


async def find(host: Host, window: Window, run: str, number: int) -> Citation:
    """The citation behind a number; raises UnknownRun, or UnknownCitation for a number that is not there."""
    result = host.viewers.of(window).result(run) or await _result(host, window, run)
    for citation in result.citations if result else ():
        if citation.number == number:
            return citation
    raise UnknownCitation("This answer has no such source.")


async def show(window: Window, run: str, citation: Citation) -> None:
    """Open the side panel.

    The element is also sent on its own: the page closes the panel at the next change of any element unless it knows
    one that stands at the side.
    """
    element = Element(
        id=stable_id(window.thread, "passage"),
        thread=window.thread,
        step="",
        name="Passage",
        props=passage_props(citation),
        display="side",
    )
    passage = citation.passage
    title = f"{citation.number} · {shortened(passage.title or passage.source, 60)}"
    await window.emit(Emission("element", element.json()))
    await window.emit(Emission("set_sidebar_title", title))
    key = f"{run}-{citation.number}"
    await window.emit(Emission("set_sidebar_elements", {"elements": [element.json()], "key": key}))


async def _result(host: Host, window: Window, run: str) -> TaskResult | None:
    # Sources come with the end of a run, so whoever can click on one does not wait here.
    async for recorded in host.orchestrator.follow(run, person=window.person):
        if isinstance(recorded.event, Answer):
            return recorded.event.result
    return None
