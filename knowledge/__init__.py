"""Documents in, passages out: the knowledge bases of the agents.

`open_knowledge` gives a `Knowledge`; everything else here is what it takes and returns. Importing this
package loads no model and no index library: that happens at first use.
"""

from knowledge.embedding import Embedder, HashEmbedder
from knowledge.errors import (
    InvalidBase,
    KnowledgeError,
    KnowledgeUnavailable,
    ModelUnavailable,
    NameTaken,
    RecordUnavailable,
    StorageDamaged,
    StorageError,
    StorageFull,
    UnknownDocument,
    UnreadableDocument,
)
from knowledge.incoming import SourceFile, Upload
from knowledge.ingestion import Draft
from knowledge.knowledge import Knowledge, open_knowledge
from knowledge.minilm import MiniLM
from knowledge.passages import DIMENSIONS, Hit, Matrix, Passage, Sentence, SentenceKind, Vector
from knowledge.progress import Document, Ingested, KnowledgeStatus, Progress
from knowledge.record import Record
from knowledge.settings import KnowledgeSettings

__all__ = [
    "DIMENSIONS",
    "Document",
    "Draft",
    "Embedder",
    "HashEmbedder",
    "Hit",
    "Ingested",
    "InvalidBase",
    "Knowledge",
    "KnowledgeError",
    "KnowledgeSettings",
    "KnowledgeStatus",
    "KnowledgeUnavailable",
    "Matrix",
    "MiniLM",
    "ModelUnavailable",
    "NameTaken",
    "Passage",
    "Progress",
    "Record",
    "RecordUnavailable",
    "Sentence",
    "SentenceKind",
    "SourceFile",
    "StorageDamaged",
    "StorageError",
    "StorageFull",
    "UnknownDocument",
    "UnreadableDocument",
    "Upload",
    "Vector",
    "open_knowledge",
]
