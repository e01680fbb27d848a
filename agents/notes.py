"""What a person should know of how a language model was, or was not, part of an answer."""

from collections.abc import Mapping
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

    def sentence(self) -> str:
        return f"{_DONE_WITHOUT[self.kind]}: {_WHY[self.why].format(model=self.model)}."


_DONE_WITHOUT: Mapping[NoteKind, str] = {
    "planned_without_model": "Planned without the model",
    "answered_without_model": "Answered with sentences of the sources, without the model",
    "written_without_model": "Put together from the agents' answers, without the model",
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
