"""Language models: what they are to the rest, and which ones there are."""

from agents.models.model import Delta, LanguageModel, Prompt, Reply, Said, StartedAnew, ToolCall, ToolOffer
from agents.models.models import NO_MODEL, Models

__all__ = [
    "NO_MODEL",
    "Delta",
    "LanguageModel",
    "Models",
    "Prompt",
    "Reply",
    "Said",
    "StartedAnew",
    "ToolCall",
    "ToolOffer",
]
