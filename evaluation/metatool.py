"""MetaTool: agents with published descriptions, and which one or which two of them a request needs."""

from pathlib import Path

from pydantic import BaseModel

from agents import AgentRegistry
from evaluation.choosing import choices
from evaluation.labels import agent_name, make_agent
from evaluation.records import read_records, spread
from evaluation.result import Result, Tell
from evaluation.scores import exact, mean, precision, recall
from knowledge import Knowledge


class _Described(BaseModel):
    agent: str
    description: str
    in_multi: bool


class _Examples(BaseModel):
    agent: str
    examples: tuple[str, ...]


class _Request(BaseModel):
    query: str
    agents: tuple[str, ...]

    def right(self) -> set[str]:
        return {agent_name(agent) for agent in self.agents}


class MetaTool:
    """Two-agent requests over the agents that take part in them, single requests over all agents.

    A two-agent request does not say that it needs two, so it is asked twice: for exactly two, and with free choice.
    """

    async def measure(self, folder: Path, knowledge: Knowledge, limit: int | None, tell: Tell) -> Result:
        described = read_records(folder / "agents.jsonl", _Described)
        examples = {each.agent: each.examples for each in read_records(folder / "agent_examples.jsonl", _Examples)}
        multi = spread(read_records(folder / "multi.jsonl", _Request), limit)
        single = spread(read_records(folder / "single.jsonl", _Request), limit)
        everybody = AgentRegistry(make_agent(d.agent, d.description, examples.get(d.agent, ())) for d in described)
        pairs = everybody.only(agent_name(d.agent) for d in described if d.in_multi)
        requests = [request.query for request in multi]
        two = await choices(requests, pairs, knowledge, tell, "two agents", count=2)
        free = await choices(requests, pairs, knowledge, tell, "two agents, free choice")
        one = await choices([request.query for request in single], everybody, knowledge, tell, "one agent")
        exacts = [exact(choice.chosen, request.right()) for choice, request in zip(two, multi, strict=True)]
        freely = [(choice.chosen, request.right()) for choice, request in zip(free, multi, strict=True)]
        return Result(
            set="metatool",
            figures={
                "multi_exact": mean(exacts),
                "multi_exact_first_half": mean(exacts[::2]),
                "multi_exact_other_half": mean(exacts[1::2]),
                "multi_recall": mean([recall(c.chosen, r.right()) for c, r in zip(two, multi, strict=True)]),
                "multi_free_exact": mean([exact(chosen, right) for chosen, right in freely]),
                "multi_free_recall": mean([recall(chosen, right) for chosen, right in freely]),
                "multi_free_precision": mean([precision(chosen, right) for chosen, right in freely]),
                "multi_free_agents_a_request": mean([len(chosen) for chosen, _ in freely]),
                "single_accuracy": mean([float({c.best} == r.right()) for c, r in zip(one, single, strict=True)]),
                "single_free_exact": mean([exact(c.chosen, r.right()) for c, r in zip(one, single, strict=True)]),
            },
            counts={"multi": len(multi), "multi_agents": len(pairs), "single": len(single), "agents": len(everybody)},
        )
