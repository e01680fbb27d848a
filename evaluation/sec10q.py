"""Questions over quarterly reports in PDF: which of the answer's numbers are found. Nothing is answered."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel

from evaluation.labels import agent_name
from evaluation.records import read_records, spread
from evaluation.result import Result, Tell
from evaluation.retrieving import Search, find, ingest
from evaluation.scores import mean, number_recall
from knowledge import Hit, Knowledge
from orchestration.splitting import split_question

_PASSAGES = 12


class _Page(BaseModel):
    doc: str
    company: str


class _Question(BaseModel):
    question: str
    source_docs: tuple[str, ...]
    numbers: tuple[str, ...]


class Sec10Q:
    """An agent is a company with its reports. Only questions whose answer holds numbers are asked.

    A composite question is asked as it is, and once more in the parts that the orchestrator makes of it, which
    then share the same twelve passages.
    """

    async def measure(self, folder: Path, knowledge: Knowledge, limit: int | None, tell: Tell) -> Result:
        companies = {page.doc: agent_name(page.company) for page in read_records(folder / "pages.jsonl", _Page)}
        questions = _with_numbers(read_records(folder / "questions.jsonl", _Question))
        single = spread([q for q in questions if len(q.source_docs) == 1], limit)
        several = spread([q for q in questions if len(q.source_docs) > 1], limit)
        composite = spread(_with_numbers(read_records(folder / "composite_questions.jsonl", _Question)), limit)
        agents = sorted(set(companies.values()))
        reports = {
            agent: [folder / "pdf" / f"{doc}.pdf" for doc, company in companies.items() if company == agent]
            for agent in agents
        }
        passages = await ingest(knowledge, reports, tell)
        figures: dict[str, float] = {}
        words: list[float] = []
        for name, asked in (("single", single), ("multi", several), ("composite", composite)):
            found = await find(knowledge, [Search(q.question, agents, _PASSAGES) for q in asked], tell, name)
            figures[f"{name}_numbers_in_12"] = _numbers(asked, found)
            words += [sum(len(hit.passage.text.split()) for hit in hits) for hits in found]
        split = [[part.question for part in split_question(q.question)] for q in composite]
        searches = [Search(part, agents, _PASSAGES // len(parts)) for parts in split for part in parts]
        of_parts = iter(await find(knowledge, searches, tell, "parts"))
        shared = [[hit for _ in parts for hit in next(of_parts)] for parts in split]
        figures["composite_split_numbers_in_12"] = _numbers(composite, shared)
        figures["parts_a_composite"] = mean([len(parts) for parts in split])
        figures["words_in_12"] = mean(words)
        return Result(
            set="sec10q",
            figures=figures,
            counts={
                "single": len(single),
                "multi": len(several),
                "composite": len(composite),
                "documents": len(companies),
                "passages": passages,
                "agents": len(agents),
            },
        )


def _with_numbers(questions: Sequence[_Question]) -> list[_Question]:
    return [question for question in questions if question.numbers]


def _numbers(questions: Sequence[_Question], found: Sequence[Sequence[Hit]]) -> float:
    texts = ["\n".join(hit.passage.text for hit in hits) for hits in found]
    return mean([number_recall(text, question.numbers) for text, question in zip(texts, questions, strict=True)])
