"""How the system is kept safe and private."""

from pathlib import Path

from agents.agent import Agent

AGENT = Agent(
    name="security",
    title="Security",
    description=(
        "Knows how to keep a self-hosted assistant safe and private: who may see what, access control, origin checks,"
        " reverse proxies, prompt injection, secrets, privacy, securing Redis, incident response."
    ),
    instructions="Name the threat, the protection and what remains; never promise more than the sources say.",
    examples=(
        "Could another user see my answer?",
        "Can a malicious document make an agent leak data?",
        "How do I secure the Redis server?",
        "Which files hold secrets and what are their permissions?",
        "How is another web site kept from talking to the chat?",
        "How do I delete somebody's personal data?",
        "How do I keep a backup confidential?",
    ),
    capabilities=("threats and protections", "privacy", "incident response"),
    precedence=65,
    documents=Path(__file__).parents[1] / "library" / "security",
)
