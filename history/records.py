"""What is kept, as it is given out."""

from dataclasses import dataclass

from orchestration.messages import Mode, RunState, Task


@dataclass(frozen=True)
class Conversation:
    """The head of one conversation."""

    id: str
    person: str
    name: str
    named: bool
    """Whether a person gave it its name."""
    mode: Mode
    """Of what was asked last."""
    created: float
    active: float
    """When something was last asked or answered in it, epoch seconds."""


@dataclass(frozen=True)
class Page:
    """Some of a person's conversations, the newest first."""

    conversations: tuple[Conversation, ...]
    cursor: str
    """Where the next page begins; empty when there is none."""


@dataclass(frozen=True)
class Run:
    """What is known of a run without its events."""

    task: Task
    state: RunState | None
    """None for one that was noted when it was asked, and has not ended as far as is known here."""

    @property
    def ended(self) -> bool:
        return self.state is not None


@dataclass(frozen=True)
class Refusal:
    """A question that was not taken in."""

    person: str
    conversation: str
    message: str
    """The id of the chat message."""
    question: str
    sentence: str
    """Why."""
    again: bool
    """Whether asking again may help."""
    mode: Mode
    approval: bool
    """Whether the plan was to be shown first."""
    at: float
    undivided: bool = False
    """Whether it was a part of an earlier question, for one agent."""
    model: str = ""
    """The language model that was wished."""


@dataclass(frozen=True)
class HandedIn:
    """Files that a person handed in, as the page showed them last."""

    id: str
    person: str
    conversation: str
    name: str
    """What a conversation is called that began with them."""
    mode: Mode
    began: float
    picture: str
    """Whatever the chat draws it from."""


@dataclass(frozen=True)
class Feedback:
    """What a person thinks of an answer."""

    run: str
    good: bool
    comment: str
    at: float
