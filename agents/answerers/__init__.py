"""Ways to answer, one a file."""

from collections.abc import Callable, Mapping

from agents.answerers.extractive import ExtractiveAnswerer
from agents.answers import Answerer
from agents.models import Models

ANSWERERS: Mapping[str, Callable[[], Answerer]] = {"extractive": ExtractiveAnswerer}


def answering(models: Models) -> Answerer:
    """The answerer for what is configured."""
    return ANSWERERS["extractive"]()


__all__ = ["ANSWERERS", "Answerer", "ExtractiveAnswerer", "answering"]
