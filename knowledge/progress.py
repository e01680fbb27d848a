"""What a person can watch: the seeding, one ingestion, and what is in a base."""

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel


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
    status: Literal["added", "replaced", "unchanged", "rejected"]
    reason: str = ""
    """One clear sentence; empty unless rejected."""
    passages: int = 0
    title: str = ""


class Document(BaseModel, frozen=True):
    """A document of a knowledge base."""

    id: str
    source: str
    title: str
    passages: int
    added: datetime
    person: str
    """Whose it is; empty for the team's."""
