"""Everything that can go wrong in this package, and who is meant to hear it.

KnowledgeError                 one clear sentence for a person
├── KnowledgeUnavailable       seeding failed, or the knowledge is closed: no answer can come from it
├── ModelUnavailable           the embedding model cannot be loaded or is not the one that was expected
├── UnreadableDocument         this one file cannot be read; the others are not touched by it
├── InvalidBase                this is not a name a knowledge base can have
└── StorageError               the folder cannot be used
    ├── StorageFull            no space is left; what was stored before still serves
    └── StorageDamaged         a stored file is not what was written
"""

from typing import Literal


class KnowledgeError(Exception):
    """Base of this package's errors; its text is one sentence that can be shown as it is."""


class KnowledgeUnavailable(KnowledgeError):
    """The knowledge could not be made ready, or is closed."""


class ModelUnavailable(KnowledgeError):
    """The embedding model cannot be loaded."""


UnreadableStatus = Literal["empty", "encrypted", "unsupported", "damaged"]


class UnreadableDocument(KnowledgeError):
    """A document was refused; the text says why."""

    def __init__(self, reason: str, status: UnreadableStatus = "damaged") -> None:
        super().__init__(reason)
        self.status: UnreadableStatus = status


class InvalidBase(KnowledgeError):
    """The name of a knowledge base cannot be used as a folder's name."""


class StorageError(KnowledgeError):
    """The folder of the knowledge cannot be read or written."""


class StorageFull(StorageError):
    """There is no space left (or a quota is reached); nothing was half-written."""


class StorageDamaged(StorageError):
    """A stored file cannot be understood."""
