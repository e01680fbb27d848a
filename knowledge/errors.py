"""Everything that can go wrong in this package, and who is meant to hear it.

KnowledgeError                 one clear sentence for a person
├── KnowledgeUnavailable       seeding failed, or the knowledge is closed: no answer can come from it
├── ModelUnavailable           the embedding model cannot be loaded or is not the one that was expected
├── UnreadableDocument         this one file cannot be read; the others are not touched by it
│   ├── ReadingTooLong         reading it was stopped at the limit of seconds
│   └── ReaderDied             the process that read it ended without giving a reason
├── UnknownDocument            no such document is in this base, or not for this person
├── NameTaken                  another document of this name is where one is to be moved
├── RecordUnavailable          the record of the documents cannot be read or changed; what is in the folder answers
├── InvalidBase                this is not a name a knowledge base can have
└── StorageError               the folder cannot be used
    ├── StorageFull            no space is left; what was stored before still serves
    └── StorageDamaged         a stored file is not what was written
"""

from typing import Literal

ReadStatus = Literal["read", "empty", "encrypted", "unsupported", "damaged"]
"""What became of reading a file: what is too large to be read counts as unsupported."""


class KnowledgeError(Exception):
    """Base of this package's errors; its text is one sentence that can be shown as it is."""


class KnowledgeUnavailable(KnowledgeError):
    """The knowledge could not be made ready, or is closed."""


class ModelUnavailable(KnowledgeError):
    """The embedding model cannot be loaded."""


class UnreadableDocument(KnowledgeError):
    """A document was refused; the text says why."""

    def __init__(self, reason: str, status: ReadStatus = "damaged") -> None:
        super().__init__(reason)
        self.status: ReadStatus = status


class UnknownDocument(KnowledgeError):
    """There is no such document, for this person."""


class NameTaken(KnowledgeError):
    """A document is not moved in place of another one, of which nobody has spoken."""

    def __init__(self, base: str, source: str) -> None:
        super().__init__(f"There is another “{source}” among the documents of {base}; remove or rename one first.")


class ReadingTooLong(UnreadableDocument):
    """Reading a document took longer than it may."""

    def __init__(self, seconds: float) -> None:
        reason = f"Reading it takes longer than the {seconds:g} seconds that one file may take; split it into parts."
        super().__init__(reason, status="unsupported")


class ReaderDied(UnreadableDocument):
    """The reading process ended in the middle of a document."""

    def __init__(self, ending: str) -> None:
        super().__init__(f"It is damaged in a way that ended the process reading it ({ending}).")


class RecordUnavailable(KnowledgeError):
    """The record of all machines' documents does not answer, or refuses."""


class InvalidBase(KnowledgeError):
    """The name of a knowledge base cannot be used as a folder's name."""


class StorageError(KnowledgeError):
    """The folder of the knowledge cannot be read or written."""


class StorageFull(StorageError):
    """There is no space left (or a quota is reached); nothing was half-written."""


class StorageDamaged(StorageError):
    """A stored file cannot be understood."""
