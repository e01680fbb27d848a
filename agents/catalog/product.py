"""What people see and do."""

from pathlib import Path

from agents.agent import Agent

AGENT = Agent(
    name="product",
    title="Product",
    description=(
        "Knows what people see and do in the chat: steps, plan, Stop, reload, citations, profiles, nothing found,"
        " asking good questions, phones and accessibility, trust, introducing it to a team."
    ),
    instructions="Speak from the view of the person in front of the page.",
    examples=(
        "What do I see when an agent fails?",
        "What happens when I press Stop?",
        "Can I reload the page while it is answering?",
        "How do I open the source of a citation?",
        "How should I word my question?",
        "What does nothing found mean?",
        "How do I introduce this to my team?",
    ),
    capabilities=("using the chat", "reading a run", "introducing it to people"),
    precedence=45,
    documents=Path(__file__).parents[1] / "library" / "product",
)
