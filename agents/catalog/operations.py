"""How to run the system day by day."""

from pathlib import Path

from agents.agent import Agent

AGENT = Agent(
    name="operations",
    title="Operations",
    description=(
        "Knows how to run Roundtable: starting and stopping, more workers, watching and logs, backup and"
        " restore, disk space, upgrades, ports in use, rollback to the single agent."
    ),
    instructions="Give steps that can be followed, with the commands, and say how to check that they worked.",
    examples=(
        "How do I notice that a worker died?",
        "How do I back up and restore the data folder?",
        "How do I run more workers on another machine?",
        "What do I do when the disk is full?",
        "How do I upgrade without losing anything?",
        "How do I roll back to a single agent?",
        "The port is already in use, what now?",
    ),
    capabilities=("runbooks", "backup and restore", "upgrades"),
    precedence=55,
    documents=Path(__file__).parents[1] / "library" / "operations",
)
