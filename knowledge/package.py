"""A document as files in a folder of its own, on its way onto a shelf."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from knowledge.files import make_folder, storage_errors

ORIGINAL = "original"
_DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Package:
    """On the disk of the knowledge, so that it gets onto the shelf by renaming. Blocking."""

    folder: Path

    @property
    def document(self) -> Path:
        """The folder with its passages and vectors."""
        return self.folder / _DOCUMENT

    @property
    def original(self) -> Path:
        """The file as it was put in, where it is kept."""
        return self.folder / ORIGINAL

    def files(self) -> Mapping[str, Path]:
        """By name."""
        files = {path.name: path for path in sorted(self.document.iterdir())}
        return {**files, ORIGINAL: self.original} if self.original.is_file() else files

    def append(self, name: str, part: bytes) -> None:
        """Write more of a file that is being fetched. Raises StorageError."""
        make_folder(self.document)
        path = self.original if name == ORIGINAL else self.document / Path(name).name
        with storage_errors(self.folder), path.open("ab") as file:
            file.write(part)

    def finish(self) -> None:
        """Bring it all to the disk: the shelf's list must not be there before what it names. Raises StorageError."""
        with storage_errors(self.folder):
            for path in (*self.files().values(), self.document):
                descriptor = os.open(path, os.O_RDONLY)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
