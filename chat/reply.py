"""What Roundtable says under a message without a run: the answer to a command, or why something is refused.

It is on this page only; nothing of it is kept.
"""

import time
from collections.abc import Mapping
from typing import Literal

from chat.changes import Emission
from chat.picture import AUTHOR
from chat.viewer import Window
from chat.wire import Element, Json, Step, stable_id

About = Literal["documents", "export", "help", "refused", "roster", "status"]


def element_id(message: str, about: About) -> str:
    """Of the element under a reply."""
    return stable_id(message, about, "element")


async def reply(
    window: Window,
    message: str,
    about: About,
    said: str,
    *,
    failed: bool = False,
    element: Literal["Documents", "Offer"] | None = None,
    props: Mapping[str, Json] | None = None,
) -> None:
    """Say it in the place of what was said before `about` the same, with an `element` under it."""
    now = time.time()
    step = Step(
        id=stable_id(message, about),
        thread=window.thread,
        parent=None,
        type="assistant_message",
        name=AUTHOR,
        output=said,
        began=now,
        ended=now,
        failed=failed,
    )
    await window.emit(Emission("new_message", step.json()))
    if element is not None:
        under = Element(
            id=element_id(message, about), thread=window.thread, step=step.id, name=element, props=props or {}
        )
        await window.emit(Emission("element", under.json()))


async def refuse(window: Window, message: str, sentence: str) -> None:
    """Say why what the message wanted is not done."""
    await reply(window, message, "refused", sentence, failed=True)


async def take_back(window: Window, message: str, about: About) -> None:
    """Take a reply off the page."""
    await window.emit(Emission("remove_element", {"id": element_id(message, about)}))
    await window.emit(Emission("delete_message", {"id": stable_id(message, about)}))
