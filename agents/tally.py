"""What was spent on language models for something as a whole, whoever spent it and however it ended."""

from contextvars import ContextVar

from agents.usage import Usage

_tally: ContextVar[list[Usage] | None] = ContextVar("tally", default=None)


def begin_tally() -> list[Usage]:
    """From here on what is spent in this asyncio task, and in those that it starts, is added to this list."""
    tally: list[Usage] = []
    _tally.set(tally)
    return tally


def add_to_tally(*usages: Usage) -> None:
    """Where nobody wants to know, nothing is kept."""
    tally = _tally.get()
    if tally is not None:
        tally.extend(usages)
