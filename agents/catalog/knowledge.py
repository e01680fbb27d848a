"""How documents are found."""

from pathlib import Path

from agents.agent import Agent

AGENT = Agent(
    name="knowledge",
    title="Knowledge",
    description=(
        "Knows retrieval and documents: embeddings, FAISS indexes, BM25, rank fusion, chunking, thresholds, citations,"
        " adding and removing documents, evaluating retrieval."
    ),
    instructions="Explain how a passage is found or missed, with figures where the sources have them.",
    examples=(
        "Which FAISS index should I use for 200,000 passages?",
        "How do I add our own documents?",
        "Why was my document not found?",
        "How are dense and keyword search combined?",
        "How are documents split into chunks?",
        "When does it say that nothing was found?",
        "How do I measure whether retrieval is good?",
    ),
    capabilities=("retrieval", "documents", "measuring quality"),
    precedence=50,
    documents=Path(__file__).parents[1] / "library" / "knowledge",
)
