"""Tools that a model may want to be called while it answers, one a file."""

from collections.abc import Callable, Mapping

from agents.answers import Question
from agents.tools.calculator import Calculator
from agents.tools.own_search import OwnSearch
from agents.tools.tool import Outcome, Outside, Tool

WITHIN: Mapping[str, Callable[[Question], Tool | None]] = {
    "search_knowledge": lambda question: OwnSearch(question.search) if question.search is not None else None,
    "calculate": lambda question: Calculator(),
}
"""Tools without any effect outside, for every agent; None where there is nothing to use it on."""


def tools_within(question: Question) -> tuple[Tool, ...]:
    """What may be offered to a model that has read documents."""
    made = (make(question) for make in WITHIN.values())
    return tuple(tool for tool in made if tool is not None)


__all__ = ["WITHIN", "Outcome", "Outside", "Tool", "tools_within"]
