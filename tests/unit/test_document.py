"""The JSON document of a run, made from its events alone."""

import pytest

from orchestration.document import AskDocument, document, plain_citations
from orchestration.messages import Answer, Finished, Restarted, Started
from tests.cli.runs import FIRST, PLAN, events, result


def test_a_whole_run() -> None:
    """Every part of the document, once."""
    assert document(events()).model_dump(mode="json") == {
        "task_id": "r",
        "mode": "council",
        "state": "answered",
        "selection": [
            {"agent": "operations", "score": 0.9, "scores": {"likeness": 0.9}, "reason": "because operations"},
            {"agent": "security", "score": 0.8, "scores": {"likeness": 0.8}, "reason": "because security"},
        ],
        "plan": {
            "steps": [
                {"id": "s1", "agent": "security", "question": "How is Redis secured?", "depends_on": []},
                {"id": "s2", "agent": "operations", "question": "Who restarts it?", "depends_on": ["s1"]},
            ]
        },
        "steps": [
            {
                "id": "s1",
                "agent": "security",
                "question": "How is Redis secured?",
                "state": "answered",
                "text": "With a password. [1]",
                "passages": [
                    {"source": "redis.md", "page": 3, "section": "Safety", "score": 0.8, "text": "Give it a password."}
                ],
                "seconds": 0.5,
                "error": None,
                "usage": [],
                "note": None,
            },
            {
                "id": "s2",
                "agent": "operations",
                "question": "Who restarts it?",
                "state": "nothing_found",
                "text": "",
                "passages": [],
                "seconds": 0.0,
                "error": None,
                "usage": [],
                "note": None,
            },
        ],
        "answer": "With a password. [1]",
        "citations": [
            {
                "number": 1,
                "agent": "security",
                "source": "redis.md",
                "page": 3,
                "section": "Safety",
                "quote": "a password",
            }
        ],
        "conflicts": [],
        "seconds": {"total": 1.5, "coordination": 0.01},
        "model": "",
        "planned_by": "",
        "usage": [],
        "notes": [],
        "reason": "",
    }


def test_steps_that_never_ended_keep_the_state_they_were_in() -> None:
    """A cancelled run: one step was at work, the other had not begun."""
    stopped = Answer(run="r", result=result("cancelled", steps=()))
    begun = [*events()[:3], Started(run="r", step="s1", agent="security", worker="w"), stopped]
    assert [step.state for step in document(begun).steps] == ["running", "waiting"]


def test_the_result_of_the_last_attempt_counts() -> None:
    """A worker died, and another one finished the step."""
    late = FIRST.model_copy(update={"text": "Again."})
    again = [
        *events()[:5],
        Restarted(run="r", step="s1", agent="security", worker="other"),
        Finished(run="r", step="s1", result=late),
        Answer(run="r", result=result(steps=())),
    ]
    assert document(again).steps[0].text == "Again."


def test_a_run_without_selection_or_plan() -> None:
    """It expired before anybody was chosen."""
    ended = document([Answer(run="r", result=result("expired", steps=(), reason="Too late."))])
    assert (ended.selection, ended.plan.steps, ended.steps, ended.reason) == ((), (), (), "Too late.")


def test_a_run_that_has_not_ended_has_no_document() -> None:
    """Half a document would look like a whole one."""
    with pytest.raises(ValueError, match="not ended"):
        document(events()[:-1])


def test_the_document_can_be_read_back() -> None:
    """Its shape is a contract."""
    told = document(events())
    assert AskDocument.model_validate_json(told.model_dump_json()) == told
    assert {step.id for step in told.steps} == {step.id for step in PLAN.steps}


def test_links_to_the_page_become_plain_numbers() -> None:
    """Other links are left alone."""
    text = "One [1](#cite-r-1)[2](#cite-r-2), see [3](https://example.org)."
    assert plain_citations(text) == "One [1][2], see [3](https://example.org)."
