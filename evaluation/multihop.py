"""HotpotQA and MuSiQue: questions that need several passages at once. Measures retrieval; nothing is answered."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel

from agents import AgentRegistry
from evaluation.choosing import choices
from evaluation.clusters import clusters
from evaluation.labels import make_agent
from evaluation.records import read_records, spread
from evaluation.result import Result, Tell
from evaluation.retrieving import Search, find, ingest
from evaluation.scores import mean, recall
from knowledge import Hit, Knowledge

_AGENTS = 5
_NEAR, _DEEP = 5, 10
_NAMED = 40
"""How many of its passages' titles describe an agent."""


class _Passage(BaseModel):
    pid: str
    title: str
    text: str


class _Question(BaseModel):
    source: str
    question: str
    gold: tuple[str, ...]


class MultiHop:
    """A passage is a document with a title. Five agents share them out by their embeddings (k-means, seed 0)."""

    async def measure(self, folder: Path, knowledge: Knowledge, limit: int | None, tell: Tell) -> Result:
        passages = read_records(folder / "passages.jsonl", _Passage)
        questions = spread(read_records(folder / "questions.jsonl", _Question), limit)
        vectors = await knowledge.embed([f"{passage.title}\n{passage.text}" for passage in passages])
        of = await asyncio.to_thread(clusters, vectors, _AGENTS)
        shares = {f"share-{n + 1}": [p for p, where in zip(passages, of, strict=True) if where == n] for n in set(of)}
        with tempfile.TemporaryDirectory() as files:
            paths = {name: [_written(Path(files), passage) for passage in share] for name, share in shares.items()}
            await ingest(knowledge, paths, tell)
        registry = AgentRegistry(
            make_agent(name, f"Knows about {'; '.join(p.title for p in share[:_NAMED])}.", ())
            for name, share in shares.items()
        )
        asked = [question.question for question in questions]
        merged = await find(knowledge, [Search(text, list(shares), _DEEP) for text in asked], tell, "all agents")
        chosen = [choice.chosen for choice in await choices(asked, registry, knowledge, tell, "choosing agents")]
        narrow = [Search(text, agents, _DEEP) for text, agents in zip(asked, chosen, strict=True)]
        selected = await find(knowledge, narrow, tell, "the chosen agents")
        figures = _figures("", questions, merged)
        for source in sorted({question.source for question in questions}):
            of_source = [n for n, question in enumerate(questions) if question.source == source]
            figures |= _figures(f"{source}_", [questions[n] for n in of_source], [merged[n] for n in of_source])
        figures |= _figures("selected_", questions, selected)
        figures["selected_agents_a_question"] = mean([len(agents) for agents in chosen])
        return Result(
            set="multihop",
            figures=figures,
            counts={"questions": len(questions), "passages": len(passages), "agents": len(registry)},
        )


def _written(folder: Path, passage: _Passage) -> Path:
    path = folder / f"{passage.pid}.md"
    path.write_text(f"# {passage.title}\n\n{passage.text}\n", encoding="utf-8")
    return path


def _figures(prefix: str, questions: Sequence[_Question], found: Sequence[Sequence[Hit]]) -> dict[str, float]:
    """A document may have several passages; it counts once, where its first one stands."""
    ranked = [list(dict.fromkeys(hit.passage.source.removesuffix(".md") for hit in hits)) for hits in found]
    near = [recall(pids[:_NEAR], question.gold) for pids, question in zip(ranked, questions, strict=True)]
    deep = [recall(pids[:_DEEP], question.gold) for pids, question in zip(ranked, questions, strict=True)]
    return {
        f"{prefix}recall_at_5": mean(near),
        f"{prefix}recall_at_10": mean(deep),
        f"{prefix}all_support_at_5": mean([float(share == 1) for share in near]),
    }
