"""Copies of the files that are being taken in: the file itself may change or go while it is read."""

import hashlib
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from knowledge.errors import UnreadableDocument
from knowledge.files import make_folder, remove, storage_errors
from knowledge.lock import FolderLock
from knowledge.names import clean_name
from knowledge.own_folder import OwnFolder
from knowledge.package import Package
from knowledge.threads import Threads

_BLOCK_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that somebody wants kept, and its name for people."""

    path: Path
    name: str = ""
    """Empty for the file's own name."""

    @property
    def source(self) -> str:
        """The name without what is no part of a name: control characters, a way up or to the root."""
        parts = (self.name or self.path.name).replace("\\", "/").split("/")
        return "/".join(clean_name(part) for part in parts if part.strip(" .")) or "document"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A copy of a file, with the identity of the document that it is."""

    source: str
    person: str
    path: Path
    content: str
    """SHA-256 in hexadecimal."""
    size: int
    """In bytes."""

    @property
    def id(self) -> str:
        """The same content under the same name for the same person is the same document."""
        return hashlib.sha256(f"{self.content}\0{self.source}\0{self.person}".encode()).hexdigest()[:20]


class Incoming:
    """A process' own folder for them, on the disk of the knowledge, so that a copy can be kept by moving it."""

    def __init__(self, folder: Path, lock: FolderLock) -> None:
        self._own = OwnFolder(folder / ".incoming", lock)

    def open(self) -> None:
        """Also removes what processes left that were killed. Raises StorageError. Blocking."""
        self._own.open()

    @contextmanager
    def copy(self, upload: Upload, person: str, most_bytes: int) -> Iterator[SourceFile]:
        """The copy is gone afterwards, unless it was moved. Raises UnreadableDocument, StorageError. Blocking."""
        path = self._own.path / secrets.token_hex(8)
        try:
            yield _copied(upload, person, path, most_bytes)
        finally:
            path.unlink(missing_ok=True)

    @contextmanager
    def package(self) -> Iterator[Package]:
        """An empty one; what was not moved onto a shelf is gone afterwards. Raises StorageError. Blocking."""
        package = Package(self._own.path / secrets.token_hex(8))
        try:
            make_folder(package.folder)
            yield package
        finally:
            remove(package.folder)

    def close(self) -> None:
        self._own.close()


@asynccontextmanager
async def packing(incoming: Incoming, threads: Threads) -> AsyncIterator[Package]:
    """`Incoming.package`, off the event loop."""
    package = incoming.package()
    opened = await threads.run(package.__enter__)
    try:
        yield opened
    finally:
        await threads.run(package.__exit__, None, None, None)


def _copied(upload: Upload, person: str, path: Path, most_bytes: int) -> SourceFile:
    digest = hashlib.sha256()
    size = 0
    try:
        if not upload.path.is_file():
            reason = "It is a folder, not a file." if upload.path.is_dir() else "There is no such file."
            raise UnreadableDocument(reason, "unsupported")
        source = upload.path.open("rb")
    except OSError as error:
        raise UnreadableDocument(f"The file cannot be read: {error.strerror}.", "damaged") from error
    with source, storage_errors(path.parent), path.open("xb") as copy:
        while block := source.read(_BLOCK_BYTES):
            size += len(block)
            if size > most_bytes:
                raise UnreadableDocument(f"It is larger than {most_bytes // 1_000_000} MB.", "unsupported")
            digest.update(block)
            copy.write(block)
        copy.flush()
        os.fsync(copy.fileno())
    return SourceFile(upload.source, person, path, digest.hexdigest(), size)
