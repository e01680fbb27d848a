"""Ways to answer, one a file."""

from collections.abc import Callable, Mapping

from agents.answerers.extractive import ExtractiveAnswerer
from agents.answerers.generative import GenerativeAnswerer
from agents.answers import Answerer
from agents.citing import Embed
from agents.models import Models

ANSWERERS: Mapping[str, Callable[[], Answerer]] = {"extractive": ExtractiveAnswerer}


def answering(models: Models, embed: Embed) -> Answerer:
    """The answerer for what is configured."""
    without = ANSWERERS["extractive"]()
    return GenerativeAnswerer(models, without, embed) if models else without


__all__ = ["ANSWERERS", "Answerer", "ExtractiveAnswerer", "GenerativeAnswerer", "answering"]
