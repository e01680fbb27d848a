"""Ways to answer, one a file."""

from collections.abc import Callable, Mapping

from agents.answerers.extractive import ExtractiveAnswerer
from agents.answerers.generative import GenerativeAnswerer
from agents.answers import Answerer
from agents.models import Models
from agents.sources import Embed
from agents.tools import Outside

ANSWERERS: Mapping[str, Callable[[], Answerer]] = {"extractive": ExtractiveAnswerer}


def answering(models: Models, embed: Embed, outside: Outside | None = None) -> Answerer:
    """The answerer for what is configured."""
    without = ANSWERERS["extractive"]()
    return GenerativeAnswerer(models, without, embed, outside) if models else without


__all__ = ["ANSWERERS", "Answerer", "ExtractiveAnswerer", "GenerativeAnswerer", "answering"]
