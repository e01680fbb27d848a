"""The list of a shelf's documents: the one file that says what is on it."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ValidationError

from knowledge.errors import StorageDamaged
from knowledge.files import storage_errors, write_file

MANIFEST = "manifest.json"


class Entry(BaseModel, frozen=True):
    """One document that is in."""

    id: str
    source: str
    title: str
    person: str
    """Whose it is; empty for the team's. The same for the whole shelf."""
    added: datetime
    content: str = ""
    """SHA-256 of the file, which also names it in the folder of originals; empty where it was not kept."""
    size: int = 0
    """Of the file, in bytes."""
    format: str = ""
    pages: int | None = None
    language: str = ""
    """ISO 639-1; empty where it cannot be told."""
    seed: bool
    """From the catalog, and therefore removed when the catalog no longer names it."""
    artefact: str
    """The name of the folder with its passages and vectors."""
    embedder: str
    chunking: str
    passages: int
    upload: str = ""
    """Names its files in the record; empty for what is in no record, such as the catalog's documents."""
    recorded: int = 0
    """The record's generation that it came with."""
    origin: str = ""
    """The record that it was in before this one, where it had to be brought into this one from a folder."""
    first_row: int
    """Its passages are the rows first_row, first_row + 1, … of the indexes. A row is never given twice."""

    @property
    def rows(self) -> range:
        return range(self.first_row, self.first_row + self.passages)


class Manifest(BaseModel, frozen=True):
    format: Literal[1] = 1
    person: str = ""
    """Whose shelf it is; empty for the team's."""
    generation: int = 0
    """Grows with every change."""
    next_row: int = 0
    documents: tuple[Entry, ...] = ()
    unwanted: frozenset[str] = frozenset()
    """Names of the catalog's documents that people took out: they do not come back at the next start."""
    record: str = ""
    """The id of the record that this shelf is a copy of; empty where the shelf is all there is."""
    recorded: int = 0
    """The record's generation up to which it is in line."""
    missing: tuple[Entry, ...] = ()
    """In the record, and still to be fetched."""

    def find(self, document: str) -> Entry | None:
        return next((entry for entry in self.documents if entry.id == document), None)

    def named(self, source: str) -> Entry | None:
        """The document that a new one of this name replaces."""
        return next((entry for entry in self.documents if entry.source == source), None)

    def with_content(self, content: str) -> Entry | None:
        """The document with this SHA-256, under whatever name, also where it is still to be fetched."""
        return next((entry for entry in (*self.documents, *self.missing) if entry.content == content), None)

    def expects(self, entry: Entry) -> bool:
        """Whether a document of the record may be put in: not what others took out or replaced meanwhile."""
        own = self.named(entry.source)
        if own is not None and own.upload == entry.upload:
            return own.artefact != entry.artefact
        if any(missing.upload == entry.upload for missing in self.missing):
            return True
        return entry.recorded > max(self.recorded, own.recorded if own is not None else 0)

    def with_entry(self, entry: Entry) -> "Manifest":
        """With `entry` in place of the one of the same name. Its rows are given here."""
        kept = [other for other in self.documents if other.source != entry.source]
        placed = entry.model_copy(update={"first_row": self.next_row})
        return self.model_copy(
            update={
                "generation": self.generation + 1,
                "next_row": self.next_row + entry.passages,
                "documents": (*kept, placed),
                "person": entry.person,
                "unwanted": self.unwanted - {entry.source},
                "missing": tuple(other for other in self.missing if other.source != entry.source),
            }
        )

    def without(self, documents: frozenset[str], unwanted: frozenset[str] = frozenset()) -> "Manifest":
        return self.model_copy(
            update={
                "generation": self.generation + 1,
                "documents": tuple(entry for entry in self.documents if entry.id not in documents),
                "unwanted": self.unwanted | unwanted,
            }
        )


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a stat says of a manifest. It differs after every replacement."""

    inode: int
    modified: int
    size: int


class ManifestFile:
    """`manifest.json` of one shelf."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: tuple[Stamp, Manifest] | None = None

    def stamp(self) -> Stamp | None:
        """None where there is no manifest yet."""
        with storage_errors(self._path.parent):
            try:
                found = self._path.stat()
            except FileNotFoundError:
                return None
        return Stamp(found.st_ino, found.st_mtime_ns, found.st_size)

    def read(self) -> Manifest:
        """The manifest, parsed again only where it changed; an empty one where there is none. Raises StorageDamaged."""
        stamp = self.stamp()
        if self._known is not None and self._known[0] == stamp:
            return self._known[1]
        with storage_errors(self._path.parent):
            try:
                content = self._path.read_bytes()
            except FileNotFoundError:
                return Manifest()
        try:
            manifest = Manifest.model_validate_json(content)
        except ValidationError as error:
            raise StorageDamaged(
                f"The list of documents of the base {self._path.parent.parent.name} is damaged (manifest.json)."
            ) from error
        if stamp is not None:
            # One that is newer than its stamp is read again the next time.
            self._known = (stamp, manifest)
        return manifest

    def write(self, manifest: Manifest) -> None:
        """The moment at which a change counts. The caller holds the folder's lock."""
        write_file(self._path, manifest.model_dump_json(indent=1).encode())
