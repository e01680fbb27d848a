"""Conversations over the demo knowledge, and what somebody asks next.

Written before anything was tuned; what is in `HELD_OUT` was looked at only when all was done.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class FollowUp:
    """A question that means something only after the ones before it."""

    before: tuple[str, ...]
    """What was asked in the conversation, oldest first; some of it is a follow-up itself."""
    question: str
    agent: str
    document: str
    """Who answers it, and from which of their documents."""


FOLLOW_UPS: tuple[FollowUp, ...] = (
    FollowUp(
        ("How do I add our own documents to an agent?",),
        "How long does that take?",
        "knowledge",
        "adding-documents.md",
    ),
    FollowUp(
        ("How do I add our own documents to an agent?",),
        "And who can read them?",
        "knowledge",
        "adding-documents.md",
    ),
    FollowUp(
        ("How do I upgrade Roundtable?",),
        "And if it goes wrong?",
        "operations",
        "upgrading.md",
    ),
    FollowUp(
        ("How do I make a backup of the data folder?",),
        "How do I test it?",
        "operations",
        "backup-and-restore.md",
    ),
    FollowUp(
        ("How do I make a backup of the data folder?", "How do I test it?"),
        "And how do I keep it confidential?",
        "security",
        "confidential-backups.md",
    ),
    FollowUp(
        ("What is a lease?",),
        "How long is it?",
        "architecture",
        "leases-and-fences.md",
    ),
    FollowUp(
        ("What is the difference between a lease and a fence?",),
        "What is the second one good for?",
        "architecture",
        "leases-and-fences.md",
    ),
    FollowUp(
        ("What does an HNSW index do?",),
        "Is it faster than comparing with everything?",
        "knowledge",
        "faiss-index-types.md",
    ),
    FollowUp(
        ("What does an HNSW index do?",),
        "How much memory does it need?",
        "knowledge",
        "faiss-index-types.md",
    ),
    FollowUp(
        ("How do I back up the data folder, and how do I keep the backup confidential?",),
        "And how do I restore from the second one?",
        "security",
        "confidential-backups.md",
    ),
    FollowUp(
        ("Can a malicious document make an agent leak data?",),
        "What can it still do?",
        "security",
        "prompt-injection.md",
    ),
    FollowUp(
        ("How do I go back to a single agent?",),
        "What do people notice then?",
        "operations",
        "rollback-to-a-single-agent.md",
    ),
    FollowUp(
        ("How do I go back to a single agent?",),
        "How can I test this?",
        "operations",
        "rollback-to-a-single-agent.md",
    ),
    FollowUp(
        ("What happens to a step when its worker dies?",),
        "How do I notice that?",
        "operations",
        "worker-died.md",
    ),
    FollowUp(
        ("What happens to a step when its worker dies?",),
        "What about operations?",
        "operations",
        "worker-died.md",
    ),
    FollowUp(
        ("What happens to a step when its worker dies?",),
        "And the orchestrator?",
        "architecture",
        "orchestrator-ownership-and-takeover.md",
    ),
    FollowUp(
        ("What happens when I press Stop?",),
        "What about a reload?",
        "product",
        "stop-reload-and-returning.md",
    ),
    FollowUp(
        ("How is the embedded Redis protected?",),
        "And with a server of our own?",
        "security",
        "securing-redis.md",
    ),
    FollowUp(
        ("How long is history kept?",),
        "Can I delete it earlier?",
        "security",
        "privacy-and-deletion.md",
    ),
    FollowUp(
        ("Why does my PDF give no results?",),
        "What should I check before adding one?",
        "knowledge",
        "pdf-pitfalls.md",
    ),
    FollowUp(
        ("What do I do when the disk is full?",),
        "How can I prevent that next time?",
        "operations",
        "disk-full.md",
    ),
    FollowUp(
        ("What is BM25?",),
        "When is it better than embeddings?",
        "knowledge",
        "bm25-and-rank-fusion.md",
    ),
    FollowUp(
        ("How do I run workers on a second machine?",),
        "How many do I need?",
        "operations",
        "more-workers-and-a-second-machine.md",
    ),
    FollowUp(
        ("How is the final answer put together?",),
        "Why?",
        "architecture",
        "aggregation-into-one-answer.md",
    ),
    FollowUp(
        ("What is a fence?",),
        "Warum?",
        "architecture",
        "leases-and-fences.md",
    ),
    FollowUp(
        ("How do I back up the data folder, and how do I keep the backup confidential?",),
        "Und bei der zweiten?",
        "security",
        "confidential-backups.md",
    ),
    FollowUp(
        ("How do I add our own documents to an agent?",),
        "Wie lange dauert das?",
        "knowledge",
        "adding-documents.md",
    ),
)

HELD_OUT: tuple[FollowUp, ...] = (
    FollowUp(
        ("How do I put a reverse proxy in front of the page?",),
        "When is that needed?",
        "security",
        "reverse-proxy.md",
    ),
    FollowUp(
        ("What is chunking?",),
        "How long should one be?",
        "knowledge",
        "chunking.md",
    ),
    FollowUp(
        ("What do I do when the computer was stolen?",),
        "Who has to be informed?",
        "security",
        "incident-response.md",
    ),
    FollowUp(
        ("How do I start Roundtable with systemd?",),
        "And the workers?",
        "operations",
        "systemd-unit.md",
    ),
    FollowUp(
        ("How do I write a good question?",),
        "And one with several parts?",
        "product",
        "writing-good-questions.md",
    ),
    FollowUp(
        ("Which embedding model does Roundtable use?",),
        "What are its limits?",
        "knowledge",
        "embeddings.md",
    ),
    FollowUp(
        ("What happens when the orchestrator dies?", "How long does the takeover take?"),
        "Why is there no leader?",
        "architecture",
        "orchestrator-ownership-and-takeover.md",
    ),
    FollowUp(
        ("Can I use Roundtable on a phone?",),
        "And with a screen reader?",
        "product",
        "mobile-and-accessibility.md",
    ),
    FollowUp(
        ("How do I update a document?",),
        "And how do I remove it?",
        "knowledge",
        "updating-and-removing-documents.md",
    ),
    FollowUp(
        ("What is DNS rebinding?",),
        "Wie teste ich das?",
        "security",
        "host-and-origin-checks.md",
    ),
)

NEW_TOPICS: tuple[tuple[str, str], ...] = (
    ("How do I make a backup of the data folder?", "What is a lease?"),
    ("How do I make a backup of the data folder?", "Which FAISS index should I use for 200,000 passages?"),
    ("What is a lease?", "How do I keep a backup confidential?"),
    ("What is a lease?", "How long does it take to add a document?"),
    ("What is a lease?", "Is it safe to expose the page to the internet?"),
    ("What happens when I press Stop?", "Can a malicious document make an agent leak data?"),
    ("What happens when I press Stop?", "A worker died while it was answering: what happens to its step?"),
    ("What is BM25?", "Does a worker renew its lease?"),
    ("What is BM25?", "Can someone who cannot use a mouse work with it?"),
    ("What is BM25?", "What happens to documents that contain personal data?"),
    ("How do I upgrade Roundtable?", "How often should I test the backup?"),
    ("How do I upgrade Roundtable?", "Is there one boss process that everything depends on?"),
    ("How do I upgrade Roundtable?", "There is no space left on the volume. What do I clean up first?"),
    (
        "How do I upgrade Roundtable?",
        "Someone demands that we erase everything with her name in it. What is to be done?",
    ),
    ("Why does my PDF give no results?", "And how do I secure the Redis server?"),
    ("Why does my PDF give no results?", "When do runs end as expired?"),
    ("Why does my PDF give no results?", "What do people see when an agent fails?"),
    ("How is the embedded Redis protected?", "thanks"),
    ("How is the embedded Redis protected?", "Thank you very much!"),
    ("How is the embedded Redis protected?", "Danke, super!"),
    ("How is the embedded Redis protected?", "Who won the football World Cup in 1974?"),
    ("How is the embedded Redis protected?", "Write me a sonnet about autumn leaves."),
    ("How long is history kept?", "Chunking"),
    ("How long is history kept?", "@security How do I keep a backup confidential?"),
    ("How long is history kept?", "Was ist ein Lease?"),
    ("How long is history kept?", "Wie sichere ich den Redis-Server?"),
    ("How do I go back to a single agent?", "How do I give the second machine its own workers?"),
)
"""A question, and one after it that has a subject of its own: it is answered as if nothing had been said."""

HELD_OUT_TOPICS: tuple[tuple[str, str], ...] = (
    ("What is chunking?", "How do I recognise that a worker is dead?"),
    ("What is chunking?", "Which rights must the data folder have so that other accounts cannot look inside it?"),
    ("How do I write a good question?", "What does the event stream say?"),
    ("How do I write a good question?", "Does anything leave the computer?"),
    ("Can I use Roundtable on a phone?", "Something else already listens on 8000. What do I do?"),
    ("Can I use Roundtable on a phone?", "Okay, got it"),
    ("What is DNS rebinding?", "How are dense and keyword search combined?"),
    ("What is DNS rebinding?", "So how do I stop one worker on purpose?"),
    ("What is DNS rebinding?", "Wie lange wird der Verlauf aufbewahrt?"),
    ("What is DNS rebinding?", "I shut the tab by accident halfway through. Is it all gone?"),
)
