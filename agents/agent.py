"""What an agent is."""

import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Agent(BaseModel):
    """A specialist: what it is called, what it knows and when to ask it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """Its mention and the name of its knowledge base and stream: lower case, such as `security`."""
    title: str
    """Its name for people."""
    description: str = Field(min_length=20)
    """What it knows, in a sentence or two; used to choose it."""
    instructions: str = ""
    """How a language model should answer as this agent."""
    examples: tuple[str, ...] = ()
    """Questions it should get; used to choose it."""
    capabilities: tuple[str, ...] = ()
    """A few words on what it can do, for people."""
    model: str | None = None
    """Its own language model, where one is configured."""
    precedence: int = Field(50, ge=0, le=100)
    """Decides order, and ties: higher goes first."""
    documents: Path | None = None
    """The folder of documents that it starts with."""

    @field_validator("name")
    @classmethod
    def _usable_as_a_mention(cls, name: str) -> str:
        if not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", name):
            raise ValueError("a name is lower-case letters, digits, - or _, starts with a letter, at most 40 long")
        return name

    def seeds(self) -> tuple[Path, ...]:
        """The documents it starts with, in a stable order."""
        return tuple(sorted(p for p in self.documents.iterdir() if p.is_file())) if self.documents else ()
