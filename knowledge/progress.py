"""What a person can watch: the seeding, one ingestion, and what is in a base."""

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from knowledge.errors import ReadStatus


class KnowledgeStatus(BaseModel, frozen=True):
    """How far the seeding is; `done` of `total` passages are embedded."""

    state: Literal["loading", "indexing", "ready", "failed"] = "loading"
    done: int = 0
    total: int = 0
    detail: str = ""
    """One sentence; the reason where the state is "failed"."""

    @property
    def settled(self) -> bool:
        """True once the seeding has ended, well or badly."""
        return self.state in ("ready", "failed")


class Progress(BaseModel, frozen=True):
    """One step in the ingestion of one file: `done` of `total` pages are read, or passages embedded."""

    source: str
    stage: Literal["reading", "splitting", "embedding", "indexing", "finished"]
    done: int = 0
    total: int = 0


class Ingested(BaseModel, frozen=True):
    """What became of one file."""

    path: Path
    source: str
    """The name it is kept under."""
    status: Literal["added", "replaced", "unchanged", "rejected"]
    reason: str = ""
    """One clear sentence; empty unless rejected, or already there under another name."""
    read: ReadStatus = "read"
    document: str = ""
    """Its id; empty where it was rejected."""
    title: str = ""
    format: str = ""
    pages: int | None = None
    language: str = ""
    passages: int = 0
    remarks: tuple[str, ...] = ()
    """What of it was not read and why, a sentence each."""
    seconds: float = 0.0


class Document(BaseModel, frozen=True):
    """A document of a knowledge base."""

    id: str
    source: str
    title: str
    passages: int
    added: datetime
    person: str
    """Whose it is; empty for the team's."""
    seed: bool
    """From the catalog."""
    size: int
    """Of the file, in bytes; 0 where that is not known."""
    format: str
    pages: int | None
    language: str
    """ISO 639-1; empty where it cannot be told."""
