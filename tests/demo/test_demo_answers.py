"""What a new user sees in the first minutes: the demo questions and their answers, with the real model."""

import re
from dataclasses import dataclass

import pytest

from chat.starters import STARTERS, Beginning
from orchestration import AgentOrchestrator, Task, TaskResult
from orchestration.aggregation import NOTHING
from tests.questions import OUTSIDE, PARAPHRASES

pytestmark = pytest.mark.asyncio(loop_scope="session")

EXPECTED = {
    "A worker died": {"architecture", "operations", "security"},
    "Back up, confidentially": {"operations", "security"},
    "Malicious documents": {"knowledge", "security"},
    "When an agent fails": {"architecture", "product"},
    "Back to one agent": {"operations", "product"},
    "Which FAISS index": {"knowledge"},
}
"""Who answers each starter."""


@dataclass(frozen=True)
class Quote:
    """A sentence of an answer and the passage it claims to be from."""

    text: str
    passage: str


async def ask(council: AgentOrchestrator, question: str) -> TaskResult:
    return await council.dispatch_task(Task(question=question))


def words(text: str) -> str:
    """The words in order: what remains when white space and Markdown's markers are left out."""
    return " ".join(re.findall(r"\w+", text.lower()))


def quotes(result: TaskResult) -> list[Quote]:
    """Every claim of every agent; of a table's row ("Head: cell; head: cell") each cell."""
    found = []
    for step in result.steps:
        passages = {passage.id: passage.text for passage in step.passages}
        for claim in step.claims:
            cells = [cell.partition(": ")[2] for cell in claim.quote.split("; ")] if claim.kind == "row" else []
            found += [Quote(text, passages[claim.passage]) for text in cells or [claim.quote]]
    return found


async def test_what_the_documents_do_not_know_is_not_answered(council: AgentOrchestrator) -> None:
    """Of twenty questions about something else at least eighteen get "Nothing found on this" and where to look."""
    refused = []
    for question in OUTSIDE:
        result = await ask(council, question)
        if result.state == "nothing_found":
            assert result.answer.startswith(NOTHING)
            assert result.citations, "the nearest sources are named"
            refused.append(question)
    assert len(refused) >= 18, set(OUTSIDE) - set(refused)


async def test_a_question_in_other_words_is_answered_by_the_right_agent(council: AgentOrchestrator) -> None:
    """All twenty are answered, at least eighteen with the agent whose documents know it."""
    missed = []
    for question, agent in PARAPHRASES:
        result = await ask(council, question)
        assert result.state == "answered", question
        if agent not in result.contributed:
            missed.append((question, agent, result.contributed))
    assert len(missed) <= 2, missed


@pytest.mark.parametrize("starter", STARTERS, ids=lambda starter: starter.label)
async def test_a_starter_shows_the_agents_it_was_made_for(council: AgentOrchestrator, starter: Beginning) -> None:
    """Two or three agents work together, and the one about FAISS needs one only."""
    result = await ask(council, starter.question)
    assert result.state == "answered"
    assert set(result.contributed) == EXPECTED[starter.label]
    assert NOTHING not in result.answer


async def test_every_quote_is_in_its_document(council: AgentOrchestrator) -> None:
    """Word for word, in each starter's answer."""
    for starter in STARTERS:
        result = await ask(council, starter.question)
        found = quotes(result)
        assert found
        for quote in found:
            assert words(quote.text) in words(quote.passage), quote.text


async def test_a_simple_question_goes_to_one_agent(council: AgentOrchestrator) -> None:
    """A definition needs no panel, and begins with the definition."""
    result = await ask(council, "What is a lease?")
    assert result.state == "answered"
    assert len(result.steps) == 1
    assert result.answer.startswith("A lease is ")
