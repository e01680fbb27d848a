"""What the page understands: a step and an element as they travel over the socket.

Chainlit's own Step, Message and CustomElement are not used: they invent ids and write files, and the same run must
have the same ids in every window.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]
Detail = Literal["answer", "agents", "everything"]
"""How much of a run is shown, from the least to the most."""
StepType = Literal["user_message", "assistant_message", "run", "tool", "retrieval", "llm"]

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "roundtable.invalid")


@lru_cache(maxsize=10_000)
def stable_id(run: str, *parts: str) -> str:
    """The same id for the same part of the same run, in every process and window.

    Remembered, because each drawing of a run asks for all of them again.
    """
    return str(uuid.uuid5(_NAMESPACE, "/".join((run, *parts))))


def moment(at: float | None) -> str | None:
    """Epoch seconds as the page reads them."""
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


@dataclass(frozen=True)
class Step:
    """One step of the page, whole: sending it again replaces what the page had."""

    id: str
    thread: str
    parent: str | None
    type: StepType
    name: str
    output: str
    began: float
    ended: float | None
    streaming: bool = False
    failed: bool = False
    open: bool = False
    """Whether it starts unfolded."""
    folds: bool = False
    """Whether it folds by itself when it ends."""
    avatar: str = ""
    detail: Detail = "answer"
    """From which detail on it is shown."""
    feedback: Mapping[str, Json] | None = None
    """What the person thinks of the run, as its thumbs show it."""

    def json(self) -> dict[str, Json]:
        return {
            **({"feedback": self.feedback} if self.feedback is not None else {}),
            "id": self.id,
            "threadId": self.thread,
            "parentId": self.parent,
            "type": self.type,
            "name": self.name,
            "input": "",
            "output": self.output,
            "createdAt": moment(self.began),
            "start": moment(self.began),
            "end": moment(self.ended),
            "streaming": self.streaming,
            "isError": self.failed,
            "waitForAnswer": False,
            "showInput": False,
            "language": None,
            "generation": None,
            "tags": None,
            "defaultOpen": self.open,
            "autoCollapse": self.folds,
            "metadata": {"avatarName": self.avatar} if self.avatar else {},
        }


@dataclass(frozen=True)
class Element:
    """A custom element (public/elements/<name>.jsx) under a step, whole."""

    id: str
    thread: str
    step: str
    name: Literal[
        "Selection",
        "Proposal",
        "PlanGraph",
        "Sources",
        "Passage",
        "Offer",
        "Attached",
        "Delivery",
        "Documents",
        "Again",
        "Spent",
    ]
    props: Mapping[str, Json]
    display: Literal["inline", "side"] = "inline"
    detail: Detail = "answer"
    """From which detail on it is shown."""

    def json(self) -> dict[str, Json]:
        return {
            "id": self.id,
            "threadId": self.thread,
            "type": "custom",
            "name": self.name,
            "display": self.display,
            "forId": self.step,
            "props": self.props,
            "mime": "application/json",
            "url": None,
            "chainlitKey": None,
            "objectKey": None,
            "size": None,
            "page": None,
            "language": None,
            "autoPlay": None,
            "playerConfig": None,
        }


@dataclass(frozen=True)
class PdfPage:
    """A PDF beside the chat, opened at a page, in Chainlit's own viewer."""

    id: str
    thread: str
    name: str
    url: str
    page: int

    def json(self) -> dict[str, Json]:
        return {
            "id": self.id,
            "threadId": self.thread,
            "type": "pdf",
            "name": self.name,
            "display": "side",
            "forId": "",
            "mime": "application/pdf",
            "url": self.url,
            "page": self.page,
        }


@dataclass(frozen=True)
class Picture:
    """A run as the page shows it; a parent stands before its children."""

    steps: tuple[Step, ...] = ()
    elements: tuple[Element, ...] = ()
