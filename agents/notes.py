"""What a person should know of how a language model was, or was not, part of an answer."""

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
