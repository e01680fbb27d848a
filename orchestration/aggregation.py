"""One answer from what the agents found. Nothing is lost: each finding is used, merged or its agent named missing.

Grouped by sub-question; within it the agent with the best finding first, precedence deciding near ties; statements
that say the same are merged; citations are numbered once, in the order in which the answer uses them.
"""

import re
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from agents import AgentRegistry, Claim, Note, Usage
from agents.agreement import agree
from agents.marks import mark
from agents.plain import as_markdown, inert
from agents.words import content_words, likeness
from knowledge import Passage
from knowledge.stretch import covers
from orchestration.conflicts import Finding, find_conflicts
from orchestration.messages import Citation, Conflict, Selection, StepResult, Task

MERGE = 0.75
"""Statements that share this much of their words, and agree, say the same."""
MOST_PER_PART = 5
NEAR_BEST = 0.80
"""An agent whose best finding is a smaller share of the part's best adds only that one."""
NOTHING = "Nothing found on this."
NEAREST = " The nearest sources, which do not answer it:"


@dataclass(frozen=True)
class Aggregate:
    """The whole answer."""

    text: str
    citations: tuple[Citation, ...]
    conflicts: tuple[Conflict, ...]
    contributed: tuple[str, ...]
    missing: tuple[str, ...]
    usage: tuple[Usage, ...] = ()
    note: Note | None = None


@dataclass(frozen=True)
class Anew:
    """What was written so far no longer counts."""


class Aggregator(Protocol):
    """Combines results: pieces of text as they come, then one Aggregate, last."""

    def aggregate(
        self,
        task: Task,
        selection: Selection,
        results: Sequence[StepResult],
        registry: AgentRegistry,
        seconds: float,
    ) -> AsyncGenerator[str | Anew | Aggregate, None]:
        """`seconds`: how long it may take."""
        ...


@dataclass
class _Statement:
    claim: Claim
    sources: list[tuple[str, Passage, str]] = field(default_factory=list)
    """Agent, passage and quote of everybody who said it."""


class ExtractiveAggregator:
    """Puts the agents' own sentences together; writes none."""

    async def aggregate(
        self,
        task: Task,
        selection: Selection,
        results: Sequence[StepResult],
        registry: AgentRegistry,
        seconds: float = 0.0,
    ) -> AsyncGenerator[str | Anew | Aggregate, None]:
        numbers = Numbers(task.id)
        text = ""
        found = [
            _statements([r for r in results if r.part == number], registry) for number in range(len(selection.parts))
        ]
        for part, statements in zip(selection.parts, _each_once(found), strict=True):
            block = _block(part.heading if len(selection.parts) > 1 else "", statements, numbers)
            if block:
                text += block
                yield block
        ending = Ending.of(results, selection, numbers, registry)
        if ending.text:
            yield ending.text
        yield ending.aggregate(text, numbers)


@dataclass(frozen=True)
class Ending:
    """What stands below every answer: who did not answer, and what may disagree."""

    text: str
    conflicts: tuple[Conflict, ...]
    missing: tuple[str, ...]

    @classmethod
    def of(
        cls, results: Sequence[StepResult], selection: Selection, numbers: "Numbers", registry: AgentRegistry
    ) -> "Ending":
        failed = [r for r in results if r.state == "failed"]
        conflicts = _conflicts(results, numbers, registry)
        text = _missing(failed, selection, registry)
        text += "".join(f"\n\n> **Possible disagreement:** {c.settled}" for c in conflicts)
        return cls(text, conflicts, tuple(dict.fromkeys(r.agent for r in failed)))

    def aggregate(
        self, text: str, numbers: "Numbers", usage: tuple[Usage, ...] = (), note: Note | None = None
    ) -> Aggregate:
        """The whole, with the text that stands above it."""
        contributed = tuple(dict.fromkeys(c.agent for c in numbers.citations))
        whole = (text + self.text).strip()
        return Aggregate(whole, tuple(numbers.citations), self.conflicts, contributed, self.missing, usage, note)


class Numbers:
    """Hands out citation numbers, one a passage; a passage that is part of another one has the same."""

    def __init__(self, run: str) -> None:
        self._run = run
        self.citations: list[Citation] = []

    def cite(self, agent: str, passage: Passage, quote: str) -> str:
        for at, citation in enumerate(self.citations):
            wider = covers(passage.id, citation.passage.id)
            if citation.passage.base == passage.base and (wider or covers(citation.passage.id, passage.id)):
                update: dict[str, object] = {"passage": passage} if wider else {}
                if quote not in citation.quote:
                    update["quote"] = f"{citation.quote}\n{quote}".strip()
                self.citations[at] = citation.model_copy(update=update)
                return self._link(citation.number)
        number = len(self.citations) + 1
        self.citations.append(Citation(number=number, agent=agent, quote=quote, passage=passage))
        return self._link(number)

    def number_of(self, passage: str) -> int | None:
        return next((c.number for c in self.citations if covers(c.passage.id, passage)), None)

    def _link(self, number: int) -> str:
        return f"[{number}](#cite-{self._run}-{number})"


def nothing_found(run: str, selection: Selection, registry: AgentRegistry) -> Aggregate:
    """What is said when no agent knows anything: the nearest sources, who was not asked, and no answer."""
    numbers = Numbers(run)
    lines = []
    for passage in selection.nearest:
        where = " › ".join(filter(None, (passage.title, passage.section)))
        lines.append(
            f"- {as_markdown(where)} ({as_markdown(passage.source)}) {numbers.cite(passage.base, passage, '')}"
        )
    text = NOTHING
    if lines:
        text += f"{NEAREST}\n\n" + "\n".join(lines)
    text += _missing((), selection, registry)
    return Aggregate(text, tuple(numbers.citations), (), (), ())


def _statements(results: Sequence[StepResult], registry: AgentRegistry) -> list[_Statement]:
    """The statements of one part: best agent first, the same statement once, commands behind their sentence."""
    ordered = sorted(
        (r for r in results if r.claims),
        key=lambda r: (-round(r.confidence, 1), -registry[r.agent].precedence if r.agent in registry else 0),
    )
    enough = NEAR_BEST * max((r.confidence for r in ordered), default=0.0)
    statements: list[_Statement] = []
    for result in ordered:
        passages = {p.id: p for p in result.passages}
        for claim in result.claims if result.confidence >= enough else result.claims[:1]:
            if claim.support in ("uncited", "unsupported"):
                statements.append(_Statement(claim))
                continue
            carried = [passages[name] for name in (claim.passage, *claim.also) if name in passages]
            if not carried:
                continue
            sources = [(result.agent, passage, claim.quote if n == 0 else "") for n, passage in enumerate(carried)]
            same = next((s for s in statements if _same(s.claim, claim)), None)
            if same is not None:
                same.sources.extend(sources)
            else:
                statements.append(_Statement(claim, sources))
    return _within_limit(statements)


def _each_once(parts: Sequence[Sequence[_Statement]]) -> list[list[_Statement]]:
    """What several parts found stands in the part it answers best; a part that has nothing else keeps its best."""
    home: dict[str, tuple[float, int]] = {}
    for number, statements in enumerate(parts):
        for statement in statements:
            text, here = _normal(statement.claim.text), (-statement.claim.relevance, number)
            home[text] = min(home.get(text, here), here)
    result = []
    for number, statements in enumerate(parts):
        own = [s for s in statements if home[_normal(s.claim.text)][1] == number]
        prose = any(s.claim.kind != "code" for s in own)
        result.append(own if prose else _lead_of(statements))
    return result


def _lead_of(statements: Sequence[_Statement]) -> list[_Statement]:
    return [s for s in statements if s.claim.kind != "code"][:1]


def _within_limit(statements: list[_Statement]) -> list[_Statement]:
    prose = [s for s in statements if s.claim.kind != "code"]
    if len(prose) <= MOST_PER_PART:
        return statements
    kept = {id(s) for s in sorted(prose, key=lambda s: -s.claim.relevance)[:MOST_PER_PART]}
    result: list[_Statement] = []
    for at, statement in enumerate(statements):
        code = statement.claim.kind == "code"
        if id(statement) in kept or (code and at and id(statements[at - 1]) in kept):
            result.append(statement)
    return result


def _same(one: Claim, other: Claim) -> bool:
    if one.kind == "code" or other.kind == "code":
        return _normal(one.text) == _normal(other.text)
    # A source must not stand behind a figure that is not its own: two versions of a rule differ in nothing else.
    alike = likeness(content_words(one.text), content_words(other.text)) >= MERGE
    return alike and agree(one.text, other.text)


def _normal(text: str) -> str:
    return re.sub(r"\W+", " ", text).strip().lower()


def _block(heading: str, statements: Sequence[_Statement], numbers: Numbers) -> str:
    title = f"\n\n**{as_markdown(heading)}**\n\n" if heading else ""
    if not statements:
        return f"{title}{NOTHING}" if heading else ""
    lines = ""
    for at, statement in enumerate(statements):
        claim = statement.claim
        cited = "".join(dict.fromkeys(numbers.cite(*source) for source in statement.sources))
        if claim.support in ("uncited", "unsupported"):
            cited = mark(claim.support)
        # A model wrote Markdown, a document only text.
        told = as_markdown(claim.text) if claim.support == "quoted" else inert(" ".join(claim.text.split()))
        if claim.kind == "code":
            doubted = "" if statement.sources else f"{cited}\n"
            lines += f"\n\n```\n{claim.text}\n```\n{doubted}"
        elif at == 0:
            lines += f"{told} {cited}\n"
        else:
            lines += f"\n- {told} {cited}"
    return title + lines


def _missing(failed: Sequence[StepResult], selection: Selection, registry: AgentRegistry) -> str:
    """Who was asked and did not answer, and who was not asked because it fails at the moment."""

    def title(agent: str) -> str:
        return registry[agent].title if agent in registry else agent

    said = [f"{title(r.agent)} did not answer: {r.error}" for r in failed]
    resting = [agent for part in selection.parts for agent in part.agents if agent.left_out]
    said += [f"{title(agent.agent)} was left out for now: {agent.left_out}." for agent in resting]
    return "\n\n> " + " ".join(as_markdown(s) for s in dict.fromkeys(said)) if said else ""


def _conflicts(results: Sequence[StepResult], numbers: Numbers, registry: AgentRegistry) -> tuple[Conflict, ...]:
    findings = []
    for result in results:
        documents = {p.id: p.document for p in result.passages}
        for claim in result.claims:
            number = numbers.number_of(claim.passage)
            if claim.kind != "code" and number is not None:
                precedence = registry[result.agent].precedence if result.agent in registry else 0
                findings.append(Finding(result.agent, precedence, claim.text, documents.get(claim.passage, ""), number))
    return find_conflicts(findings)
