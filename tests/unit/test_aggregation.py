"""Several findings become one answer. Pure; no Redis."""

import pytest

from agents import Agent, AgentRegistry, Claim
from knowledge import Passage
from orchestration.aggregation import Aggregate, ExtractiveAggregator, nothing_found
from orchestration.messages import PartSelection, Selection, StepResult, Task

REGISTRY = AgentRegistry(
    [
        Agent(name="ops", title="Operations", description="Knows how to run things well.", precedence=60),
        Agent(name="sec", title="Security", description="Knows how to keep things safe.", precedence=70),
    ]
)


def passage(name: str, base: str = "ops") -> Passage:
    return Passage(id=f"{name}#0", base=base, document=name, source=f"{name}.md", title=name.title(), text="...")


def claim(text: str, source: str, relevance: float = 0.8) -> Claim:
    return Claim(text=text, quote=text, passage=f"{source}#0", relevance=relevance)


def found(agent: str, *claims: Claim, part: int = 0, confidence: float = 0.8) -> StepResult:
    passages = tuple(passage(c.passage.removesuffix("#0"), agent) for c in claims)
    return StepResult(
        step=f"{agent}-{part}", agent=agent, question="?", part=part, state="answered",
        claims=claims, passages=passages, confidence=confidence,
    )  # fmt: skip


async def combine(*results: StepResult, headings: tuple[str, ...] = ("What?",)) -> Aggregate:
    parts = tuple(PartSelection(question=heading, heading=heading, agents=()) for heading in headings)
    selection = Selection(parts=parts, threshold=0.3)
    pieces = [
        piece
        async for piece in ExtractiveAggregator().aggregate(
            Task(id="run", question="Is it so?"), selection, results, REGISTRY
        )
    ]
    assert isinstance(pieces[-1], Aggregate)
    return pieces[-1]


async def test_every_finding_is_used_and_cited_once() -> None:
    """Two agents, two statements, two numbers, in the order in which the answer uses them."""
    answer = await combine(
        found("ops", claim("Restart the worker.", "restart")),
        found("sec", claim("Rotate the secret afterwards.", "secrets")),
    )
    assert "Restart the worker. [" in answer.text
    assert [c.number for c in answer.citations] == [1, 2]
    assert answer.text.index("[1](#cite-run-1)") < answer.text.index("[2](#cite-run-2)")
    assert set(answer.contributed) == {"ops", "sec"}


async def test_a_passage_and_a_wider_one_are_one_source() -> None:
    """Two parts found the same place, one of them with what stands after it."""
    narrow = found("ops", claim("Restart the worker.", "restart"))
    wide = found("ops", claim("Then wait.", "restart").model_copy(update={"passage": "restart#0-1"}), part=1)
    both = passage("restart").model_copy(update={"id": "restart#0-1", "text": "... and more"})
    answer = await combine(
        narrow, wide.model_copy(update={"passages": (both,)}), headings=("What do I do?", "And then?")
    )
    [citation] = answer.citations
    assert citation.passage == both
    assert citation.quote == "Restart the worker.\nThen wait."
    assert answer.text.count("[1](#cite-run-1)") == 2


async def test_statements_that_say_the_same_are_merged() -> None:
    """One sentence, both sources behind it."""
    answer = await combine(
        found("ops", claim("The lease lasts ten seconds by default.", "leases")),
        found("sec", claim("By default the lease lasts ten seconds.", "fences")),
    )
    assert answer.text.count("lasts ten seconds") == 1
    assert "[1](#cite-run-1)[2](#cite-run-2)" in answer.text


@pytest.mark.parametrize(
    "other",
    [
        "The keys of the northern vault are rotated by the warden every 60 days.",
        "The keys of the northern vault are not rotated by the warden every 90 days.",
    ],
)
async def test_statements_that_differ_in_a_figure_or_a_no_are_not_merged(other: str) -> None:
    """No source is cited for what it does not say, and both are there to be compared."""
    one = "The keys of the northern vault are rotated by the warden every 90 days."
    answer = await combine(found("ops", claim(one, "old")), found("sec", claim(other, "new")))
    assert one in answer.text
    assert other in answer.text
    assert "[1](#cite-run-1)[2]" not in answer.text
    assert len(answer.conflicts) == 1


async def test_the_answer_is_grouped_by_sub_question() -> None:
    """Each part has its heading; a part that nobody could answer says so."""
    answer = await combine(
        found("ops", claim("Restart the worker.", "restart"), part=0),
        headings=("What do I do?", "Who did it?"),
    )
    assert answer.text.index("**What do I do?**") < answer.text.index("Restart") < answer.text.index("**Who did it?**")
    assert answer.text.endswith("Nothing found on this.")


async def test_what_answers_two_parts_stands_where_it_answers_best() -> None:
    """It is said once, and no part that was answered is called unanswered."""
    twice = "The file of the secret has mode 0600."
    answer = await combine(
        found("ops", claim("The secret is in the data folder.", "secrets"), claim(twice, "secrets", 0.5)),
        found("ops", claim(twice, "secrets", 0.9), part=1),
        headings=("Where is the secret?", "Who may read it?"),
    )
    assert answer.text.count(twice) == 1
    assert answer.text.index("**Who may read it?**") < answer.text.index(twice)
    assert "Nothing found" not in answer.text


async def test_a_part_whose_only_finding_stands_elsewhere_repeats_it() -> None:
    """Better said twice than called unknown."""
    answer = await combine(
        found("ops", claim("The secret has mode 0600.", "secrets", 0.9)),
        found("ops", claim("The secret has mode 0600.", "secrets", 0.6), part=1),
        headings=("What mode has the secret?", "Who may read it?"),
    )
    assert answer.text.count("The secret has mode 0600.") == 2
    assert "Nothing found" not in answer.text


async def test_an_agent_that_knows_little_adds_little() -> None:
    """Of findings much weaker than another agent's only the best is used; none is lost entirely."""
    answer = await combine(
        found("ops", claim("Restart the worker.", "restart", 0.9), confidence=0.9),
        found("sec", claim("Rotate secrets.", "secrets", 0.5), claim("Read logs.", "logs", 0.4), confidence=0.5),
    )
    assert "Rotate secrets." in answer.text
    assert "Read logs." not in answer.text
    assert set(answer.contributed) == {"ops", "sec"}


async def test_a_missing_agent_is_named_with_its_reason() -> None:
    """A failure is part of the answer, not hidden."""
    failed = StepResult(step="s2", agent="sec", question="?", state="failed", error="Security ran out of time.")
    answer = await combine(found("ops", claim("Restart the worker.", "restart")), failed)
    assert answer.missing == ("sec",)
    assert "Security did not answer: Security ran out of time." in answer.text


async def test_figures_that_differ_are_marked() -> None:
    """Both stay in the answer; which goes first, and why, is said."""
    answer = await combine(
        found("ops", claim("The lease of a step lasts 10 seconds by default.", "leases")),
        found("sec", claim("The lease of a step lasts 30 seconds by default here.", "fences")),
    )
    (conflict,) = answer.conflicts
    assert "different figures" in conflict.settled
    assert "sec goes first" in conflict.settled
    assert "Possible disagreement" in answer.text


async def test_markup_in_a_document_stays_text() -> None:
    """A sentence cannot bring a picture, a link or HTML into the answer."""
    evil = "![x](https://evil.example/p.png) <img src=x> [click](https://evil.example) `code`"
    answer = await combine(found("ops", claim(evil, "evil")))
    assert "![" not in answer.text
    assert "<img" not in answer.text.replace("\\<", "")
    assert "](https" not in answer.text.replace("\\]", "")
    assert "`code`" in answer.text


def test_nothing_found_names_the_nearest_sources() -> None:
    """No invented answer, but a place to look."""
    selection = Selection(parts=(), threshold=0.3, nearest=(passage("backup"),))
    answer = nothing_found("run", selection, REGISTRY)
    assert answer.text.startswith("Nothing found on this.")
    assert "backup.md" in answer.text
    assert answer.citations[0].quote == ""
