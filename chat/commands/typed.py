"""Which command a message is. Pure; the commands are an argument."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Generic, TypeVar

LIKE = 0.7
"""How alike a word must be to a command to be taken for it typed wrong, 0 to 1: `/hlep` is, `/home` is not."""

_COMMAND = re.compile(r"/([a-z]{2,20})", re.IGNORECASE)

T = TypeVar("T")


@dataclass(frozen=True)
class Typed(Generic[T]):
    """A command, and what was written behind it."""

    command: T
    words: str


@dataclass(frozen=True)
class Mistyped:
    """What looks like a command and is none."""

    typed: str
    near: str = ""
    """The command that is written like it."""


def command_of(chosen: str | None, text: str, commands: Mapping[str, T]) -> Typed[T] | Mistyped | None:
    """The command that was chosen from the list, or typed after a slash; None for a question, which may begin with a
    path.
    """
    if chosen is not None and chosen in commands:
        return Typed(commands[chosen], text.strip())
    first, *rest = text.split(maxsplit=1)[:2] or [""]
    found = _COMMAND.fullmatch(first)
    if found is None:
        return None
    name = found[1].lower()
    if name in commands:
        return Typed(commands[name], rest[0].strip() if rest else "")
    near = _nearest(name, commands)
    if near:
        return Mistyped(first, near)
    if not rest:
        return Mistyped(first)
    return None


def _nearest(name: str, names: Iterable[str]) -> str:
    return next(iter(get_close_matches(name, names, 1, LIKE)), "")
