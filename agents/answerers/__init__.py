"""Ways to answer, one a file."""

from collections.abc import Callable, Mapping

from agents.answerers.extractive import ExtractiveAnswerer
from agents.answers import Answerer

ANSWERERS: Mapping[str, Callable[[], Answerer]] = {"extractive": ExtractiveAnswerer}

__all__ = ["ANSWERERS", "Answerer", "ExtractiveAnswerer"]
