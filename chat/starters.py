"""Questions for an empty chat; each needs other agents than the one before."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Beginning:
    """A question on a button."""

    label: str
    question: str
    icon: str


STARTERS = (
    Beginning(
        "A worker died",
        "A worker died while it was answering: what happens to its step, how do I notice, and could another user see "
        "the answer?",
        "/public/icons/pulse.svg",
    ),
    Beginning(
        "Back up, confidentially",
        "How do I back up the data folder, and how do I keep the backup confidential?",
        "/public/icons/checklist.svg",
    ),
    Beginning(
        "Malicious documents",
        "Can a malicious document make an agent leak data, and how is retrieval protected?",
        "/public/icons/shield.svg",
    ),
    Beginning(
        "When an agent fails",
        "What do people see when an agent fails, and how is the final answer put together?",
        "/public/icons/diagram.svg",
    ),
    Beginning(
        "Back to one agent",
        "How do I go back to a single agent, and what do people notice?",
        "/public/icons/compass.svg",
    ),
    Beginning(
        "Which FAISS index",
        "Which FAISS index should I use for 200,000 passages?",
        "/public/icons/book.svg",
    ),
)
