"""What is being worked on, for whoever writes log lines: the run, the step and the agent."""

from collections.abc import Mapping
from contextvars import ContextVar
from types import MappingProxyType

_subject: ContextVar[Mapping[str, str]] = ContextVar("subject", default=MappingProxyType({}))


def about(**ids: str) -> None:
    """From here on, in this asyncio task and in those that it starts, it is about this `task`, `step` or `agent`.

    Ids only, never text. What was said before and is not named again still holds.
    """
    _subject.set(MappingProxyType({**_subject.get(), **ids}))


def subject() -> Mapping[str, str]:
    """What it is about here; empty outside runs and steps."""
    return _subject.get()
