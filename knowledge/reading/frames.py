"""What parent and child say to each other, over pipes: a length in four bytes, then JSON. Nothing is unpickled.

A job is followed by the file's bytes, as many as it says. The child answers with any number of `Step`, `Text` and
`Chunks`, then one `Done` or `Refused`. Long answers come in many small frames, so that taking one apart never holds
up the parent's event loop.
"""

import struct
from typing import Annotated, Literal

from pydantic import BaseModel, Field, TypeAdapter

from knowledge.chunking import Chunk
from knowledge.errors import ReadStatus

HEADER = struct.Struct(">I")
MOST_FRAME_BYTES = 16_000_000
CHUNKS_A_FRAME = 20
CHARACTERS_A_FRAME = 100_000


class Job(BaseModel, frozen=True):
    """Read this file."""

    name: str
    size: int
    """Bytes that follow."""
    chunk_words: int
    max_pages: int
    seconds: float
    """Of processor time."""


class Ready(BaseModel, frozen=True):
    """The child has started, or has finished with a file and takes the next."""

    kind: Literal["ready"] = "ready"


class Step(BaseModel, frozen=True):
    """How far it is."""

    kind: Literal["step"] = "step"
    stage: Literal["reading", "splitting"]
    done: int = 0
    total: int = 0


class Text(BaseModel, frozen=True):
    """A further part of the document's text."""

    kind: Literal["text"] = "text"
    text: str


class Chunks(BaseModel, frozen=True):
    """Further passages."""

    kind: Literal["chunks"] = "chunks"
    chunks: list[Chunk]


class Done(BaseModel, frozen=True):
    """The rest about a document that was read."""

    kind: Literal["done"] = "done"
    title: str
    format: str
    pages: int | None
    language: str
    remarks: tuple[str, ...]


class Refused(BaseModel, frozen=True):
    """The document cannot be read."""

    kind: Literal["refused"] = "refused"
    status: ReadStatus
    reason: str
    spent: bool = False
    """The child is not to be used again."""


Answer = Annotated[Ready | Step | Text | Chunks | Done | Refused, Field(discriminator="kind")]
ANSWER: TypeAdapter[Answer] = TypeAdapter(Answer)


def framed(message: BaseModel) -> bytes:
    """The bytes of a message."""
    body = message.model_dump_json().encode()
    return HEADER.pack(len(body)) + body
