"""CLINC150: which of ten domains a request belongs to, or none of them."""

from pathlib import Path

from pydantic import BaseModel

from agents import AgentRegistry
from evaluation.choosing import choices
from evaluation.labels import agent_name, make_agent
from evaluation.records import read_records, spread
from evaluation.result import Result, Tell
from evaluation.scores import auroc, mean
from knowledge import Knowledge


class _Profile(BaseModel):
    agent: str
    examples: tuple[str, ...]


class _Query(BaseModel):
    query: str
    agent: str | None


class Clinc150:
    """An agent is a domain with the examples of all its intents; the score of a query is its best agent's."""

    async def measure(self, folder: Path, knowledge: Knowledge, limit: int | None, tell: Tell) -> Result:
        examples: dict[str, list[str]] = {}
        for profile in read_records(folder / "agent_profiles.jsonl", _Profile):
            examples.setdefault(profile.agent, []).extend(profile.examples)
        queries = read_records(folder / "queries.jsonl", _Query)
        inside = spread([query for query in queries if query.agent is not None], limit)
        outside = spread([query for query in queries if query.agent is None], limit)
        registry = AgentRegistry(
            make_agent(domain, f"Handles requests about {domain.replace('_', ' ')}.", texts)
            for domain, texts in sorted(examples.items())
        )
        asked = await choices([query.query for query in inside], registry, knowledge, tell, "in scope")
        beside = await choices([query.query for query in outside], registry, knowledge, tell, "out of scope")
        right = [float(choice.best == agent_name(str(q.agent))) for choice, q in zip(asked, inside, strict=True)]
        return Result(
            set="clinc150",
            figures={
                "accuracy": mean(right),
                "out_of_scope_auroc": auroc([c.score for c in asked], [c.score for c in beside]),
                "in_scope_asked": mean([float(bool(choice.chosen)) for choice in asked]),
                "out_of_scope_refused": mean([float(not choice.chosen) for choice in beside]),
                "in_scope_agents_a_request": mean([len(choice.chosen) for choice in asked]),
            },
            counts={"in_scope": len(inside), "out_of_scope": len(outside), "agents": len(registry)},
        )
