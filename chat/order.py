"""What a person hands in, and what was said with it."""

from dataclasses import dataclass, field
from pathlib import Path

from chat.manner import Manner
from chat.words import ENGLISH, Words


@dataclass(frozen=True)
class HandedIn:
    """A file as the page left it with the session."""

    name: str
    path: Path


@dataclass(frozen=True)
class Choice:
    """Where the files go."""

    agent: str
    """Empty for each file where it fits best."""
    private: bool


@dataclass(frozen=True)
class Order:
    """What a person handed in, and what was said with it."""

    person: str
    thread: str
    files: tuple[HandedIn, ...]
    message: str = ""
    """The id of the message; empty where there was none."""
    text: str = ""
    """As it was typed."""
    question: str = ""
    """What is asked when the files are in."""
    manner: Manner = field(default_factory=Manner)
    """How it is asked."""
    choice: Choice | None = None
    for_all: bool = True
    """Whether the person may keep it for everybody."""
    narrowed: bool = False
    """Whether they wanted to and may not."""
    words: Words = ENGLISH
    """What it is kept in, where nobody looks any more."""
    unknown: str = ""
    """An agent that was named and does not exist."""
    replaces: str = ""
    """The id of the document that the one file is a new version of, under whatever name."""
