"""How the system is built and why."""

from pathlib import Path

from agents.agent import Agent

AGENT = Agent(
    name="architecture",
    title="Architecture",
    description=(
        "Knows how Roundtable is built: the path of a question, selection and planning, runs, steps, leases and"
        " fences, Redis Streams, the event stream, orchestrator takeover, aggregation."
    ),
    instructions="Explain mechanisms and guarantees precisely, and say what happens when a part fails.",
    examples=(
        "What happens to a step when its worker dies?",
        "How is a result committed only once?",
        "How do Redis Streams consumer groups work?",
        "What is the path of a question through the system?",
        "How are the agents' findings combined into one answer?",
        "What happens when the orchestrator process crashes in the middle of a run?",
        "Why does the embedded Redis have no TCP port?",
    ),
    capabilities=("mechanisms and guarantees", "failure behaviour", "design reasons"),
    precedence=60,
    documents=Path(__file__).parents[1] / "library" / "architecture",
)
