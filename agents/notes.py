"""What a person should know of how a language model was, or was not, part of an answer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from agents.errors import Why

NoteKind = Literal["planned_without_model", "answered_without_model", "written_without_model"]
"""What was done without a model although one was to do it."""


class Note(BaseModel):
    """A model was asked and something else had to do; told by its kind, so that each page words it in its language."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: NoteKind
    model: str
    why: Why


@dataclass(frozen=True)
class Shortfall:
    """What a model did not do for one reason."""

    model: str
    why: Why
    kinds: tuple[NoteKind, ...]

    def sentence(self) -> str:
        *some, last = (_DONE[kind] for kind in self.kinds)
        done = f"{', '.join(some)} and {last}" if some else last
        return f"{done.capitalize()} without the model: {_WHY[self.why].format(model=self.model)}."


def shortfalls(notes: Iterable[Note]) -> list[Shortfall]:
    """Each reason once: a model that is away is so for everybody."""
    causes: dict[tuple[str, Why], dict[NoteKind, None]] = {}
    for note in notes:
        causes.setdefault((note.model, note.why), {})[note.kind] = None
    return [Shortfall(model, why, tuple(kinds)) for (model, why), kinds in causes.items()]


_DONE: Mapping[NoteKind, str] = {
    "planned_without_model": "planned",
    "answered_without_model": "answered",
    "written_without_model": "put together",
}
_WHY: Mapping[Why, str] = {
    "timeout": "{model} was silent for too long",
    "unreachable": "{model} cannot be reached",
    "rate_limited": "{model} has too much to do at the moment",
    "refused": "{model} did not accept the request",
    "interrupted": "{model} broke off in the middle",
    "unusable": "what {model} said could not be used",
    "budget": "what {model} may use for this question was used up",
    "resting": "{model} failed several times and is left alone for a while",
    "unknown": "{model} is not set up there",
}
