"""One owner's documents in one knowledge base: the folder, its changes, and the snapshot searches use. Blocking."""

import hashlib
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from knowledge.artefacts import Artefacts
from knowledge.errors import StorageDamaged, StorageError
from knowledge.files import (
    copy_file,
    keep_file,
    make_folder,
    remove,
    remove_leftovers,
    remove_others,
    storage_errors,
    write_file,
)
from knowledge.index import DenseIndex, Rows
from knowledge.lexical import Change, IndexedPassage, open_lexical
from knowledge.lock import FolderLock
from knowledge.manifest import MANIFEST, Entry, Manifest, ManifestFile, Stamp
from knowledge.package import ORIGINAL, Package
from knowledge.passages import DIMENSIONS, Matrix
from knowledge.record import Listing
from knowledge.shelf_name import ShelfName
from knowledge.snapshot import LoadedEntry, Snapshot

log = logging.getLogger(__name__)

_DOCUMENTS = "documents"
_ORIGINALS = "originals"


@dataclass(frozen=True)
class _Loaded:
    stamp: Stamp | None
    snapshot: Snapshot


class Shelf:
    """Reads see the newest snapshot; writes go originals and artefacts first, manifest second, indexes last.

    The manifest's replacement is the moment at which a document is in. The index files are caches for its
    content and are made again where they do not match. The lock is the whole folder's, over all processes; whoever
    indexes holds one of the shelf's own for longer.
    Whoever may not see an owner's documents is never given the shelf, so nothing of it is ranked or counted.
    """

    def __init__(self, parent: Path, name: ShelfName, lock: FolderLock, embedder: str) -> None:
        self.name = name
        self.folder = folder = parent / name.folder
        self._lock = lock
        self._indexing = FolderLock(folder / ".indexing.lock")
        self._embedder = embedder
        self._manifest = ManifestFile(folder / MANIFEST)
        self.artefacts = Artefacts(folder / _DOCUMENTS)
        self._originals = folder / _ORIGINALS
        self._reloading = threading.Lock()
        self._loaded: _Loaded | None = None

    def open(self) -> None:
        """Make the folder and remove what a killed process left. Raises StorageError."""
        with self._lock.held():
            make_folder(self.folder)
            remove_leftovers(self.folder)
            if not self.name.person:
                self._take_over_from_the_first_layout()

    def exists(self) -> bool:
        """Whether anything was ever put in."""
        return self.folder.is_dir()

    def manifest(self) -> Manifest:
        """What is on the shelf at this moment, whoever put it there."""
        return self._manifest.read()

    def original(self, entry: Entry) -> Path | None:
        """The file as it was put in; None where it is not kept."""
        path = self._originals / entry.content
        return path if entry.content and path.is_file() else None

    def snapshot(self) -> Snapshot:
        """The newest state, loaded again if the manifest changed (one stat where it did not).

        Raises StorageError where nothing was ever loaded; else the last state goes on serving.
        """
        loaded = self._loaded
        try:
            if loaded is None or self._manifest.stamp() != loaded.stamp:
                loaded = self._reload()
        except StorageError:
            if loaded is None:
                raise
            log.exception("the base %s cannot be loaded again; its last state serves", self.name.base)
        return loaded.snapshot

    def files(self, entry: Entry) -> Mapping[str, Path]:
        """A document's files by name, the original with them where it is kept. Raises StorageDamaged."""
        files = self.artefacts.files(entry.artefact)
        original = self.original(entry)
        return files if original is None else {**files, ORIGINAL: original}

    def put(self, entry: Entry, package: Package, *, again: Entry | None = None) -> Literal["added", "replaced"]:
        """Put a document in, in place of the one of the same name. Raises StorageError.

        One that others took out or replaced meanwhile stays out, and so do one of the catalog that a person's
        document stands in place of, and one that is made `again` and is not there any more.
        """
        with self._lock.held():
            manifest = self._manifest.read()
            replaced = manifest.named(entry.source)
            if (again is None or replaced == again) and self._may_put(entry, manifest):
                if package.original.is_file():
                    keep_file(package.original, self._originals / entry.content)
                self.artefacts.keep(entry.artefact, package.document)
                self._change(manifest, manifest.with_entry(entry))
        return "added" if replaced is None else "replaced"

    def take(self, other: "Shelf", entry: Entry) -> bool:
        """Put in what stands on another shelf of the same person, as it is there; False where it stays out.

        Raises StorageError.
        """
        with self._lock.held():
            manifest = self._manifest.read()
            entry = entry.model_copy(update={"seed": False})
            if taken := self._may_put(entry, manifest):
                self.artefacts.copy(other.artefacts, entry.artefact)
                if (original := other.original(entry)) is not None:
                    copy_file(original, self._originals / entry.content)
                self._change(manifest, manifest.with_entry(entry))
        return taken

    def follow(self, listing: Listing, *, joining: bool = False) -> bool:
        """Come in line with the record, as far as that needs no fetching; whether anything changed.

        An older listing than the last one is ignored, and so is one of a record that this shelf is no copy of,
        unless it is `joining` it. Raises StorageError.
        """
        with self._lock.held():
            manifest = self._manifest.read()
            if manifest.record != listing.record:
                if not joining:
                    return False
            elif listing.generation < manifest.recorded:
                return False
            after = listing.applied_to(manifest, self.name.person)
            if after is manifest:
                return False
            make_folder(self.folder)
            self._change(manifest, after)
        return (after.documents, after.missing) != (manifest.documents, manifest.missing)

    def drop(self, documents: Iterable[str], unwanted: Iterable[str] = ()) -> None:
        """Take documents out; what is `unwanted` is not put in again from the catalog. Raises StorageError."""
        gone = frozenset(documents)
        if not gone:
            return
        with self._lock.held():
            manifest = self._manifest.read()
            self._change(manifest, manifest.without(gone, frozenset(unwanted)))

    def settle(self) -> None:
        """After changes: bring the indexes up to date, and remove what no document uses."""
        self.snapshot()
        with self._lock.held():
            manifest = self._manifest.read()
            used = {entry.artefact for entry in manifest.documents}
            for name in self.artefacts.names():
                if name not in used:
                    self.artefacts.remove(name)
            remove_others(self._originals, {entry.content for entry in manifest.documents})
            if self._loaded is not None and self._manifest.stamp() == self._loaded.stamp:
                self._save_dense(self._loaded.snapshot)

    def _may_put(self, entry: Entry, manifest: Manifest) -> bool:
        if entry.upload:
            return manifest.expects(entry)
        before = manifest.named(entry.source)
        return not entry.seed or (entry.source not in manifest.unwanted and (before is None or before.seed))

    def _change(self, before: Manifest, after: Manifest) -> None:
        """Write the list, then remove what no longer belongs to anything on it."""
        self._manifest.write(after)
        for artefact in {e.artefact for e in before.documents} - {e.artefact for e in after.documents}:
            self.artefacts.remove(artefact)
        with storage_errors(self.folder):
            for content in {e.content for e in before.documents} - {e.content for e in after.documents} - {""}:
                remove(self._originals / content)

    def _reload(self) -> _Loaded:
        with self._reloading:
            if self._loaded is not None and self._manifest.stamp() == self._loaded.stamp:
                return self._loaded  # another thread did it while this one waited
            # Words are indexed on the disk, which takes its time: changes do not wait for that, only other processes
            # that index the same shelf.
            with self._indexing.held():
                before = self._loaded.snapshot if self._loaded is not None else None
                with self._lock.held():
                    stamp = self._manifest.stamp()
                    index = self._read(self._manifest.read(), before)
                self._loaded = _Loaded(stamp, index())
            return self._loaded

    def _read(self, manifest: Manifest, before: Snapshot | None) -> Callable[[], Snapshot]:
        """Read what `before` does not have; the result makes the snapshot, and needs no file of a document for it."""
        known = {loaded.entry: loaded for loaded in before.entries} if before is not None else {}
        entries = [
            loaded
            for entry in manifest.documents
            if (loaded := known.get(entry) or self._load_entry(entry)) is not None
        ]
        now = {loaded.entry for loaded in entries}
        removed = [entry for entry in known if entry not in now]
        added = [loaded for loaded in entries if loaded.entry not in known]
        if before is not None and not removed and not added:
            return lambda: before
        key = _key(loaded.entry for loaded in entries)

        def everything() -> list[IndexedPassage]:
            return [passage for loaded in entries for passage in loaded.indexed()]

        change = None
        if before is not None:
            indexed = [passage for loaded in added for passage in loaded.indexed()]
            change = Change(before.key, [entry.id for entry in removed], indexed)
        dense = self._dense(key, entries, before, removed, added)

        def index() -> Snapshot:
            return Snapshot(
                base=self.name.base,
                key=key,
                entries=tuple(entries),
                dense=dense,
                lexical=open_lexical(self.folder / "words", key, everything, change),
                artefacts=self.artefacts,
            )

        return index

    def _load_entry(self, entry: Entry) -> LoadedEntry | None:
        """None for what another embedder's vectors belong to, and for a damaged document."""
        if entry.embedder != self._embedder:
            return None
        try:
            chunks = self.artefacts.chunks(entry.artefact)
        except StorageDamaged as error:
            log.warning("the document %s of the base %s is left out: %s", entry.id, self.name.base, error)
            return None
        return LoadedEntry(entry, chunks) if len(chunks) == entry.passages else None

    def _dense(
        self,
        key: str,
        entries: list[LoadedEntry],
        before: Snapshot | None,
        removed: list[Entry],
        added: list[LoadedEntry],
    ) -> DenseIndex:
        if before is not None:
            return before.dense.changed(_rows(removed), _rows(e.entry for e in added), self._vectors(added))
        rows = _rows(loaded.entry for loaded in entries)
        try:
            stored = DenseIndex.from_bytes(self._dense_file(key).read_bytes())
            if np.array_equal(np.sort(stored.rows()), np.sort(rows)):
                return stored
        except FileNotFoundError:
            pass
        except (OSError, ValueError):
            log.warning("the stored vector index of %s is damaged and is built again", self.name.base)
        return DenseIndex.of(rows, self._vectors(entries))

    def _vectors(self, entries: list[LoadedEntry]) -> Matrix:
        parts = [self.artefacts.passage_vectors(loaded.entry.artefact) for loaded in entries]
        return np.concatenate([np.empty((0, DIMENSIONS), dtype=np.float32), *parts])

    def _save_dense(self, snapshot: Snapshot) -> None:
        path = self._dense_file(snapshot.key)
        if path.exists():
            return
        try:
            write_file(path, snapshot.dense.to_bytes())
        except StorageError as error:
            log.warning("the vector index of %s was not stored: %s", self.name.base, error)
            return
        for older in self.folder.glob("vectors-*.faiss"):
            if older != path:
                remove(older)

    def _dense_file(self, key: str) -> Path:
        return self.folder / f"vectors-{key}.faiss"

    def _take_over_from_the_first_layout(self) -> None:
        """Until version 0.1 a base had one folder for everybody, which held the team's documents only."""
        base = self.folder.parent
        if (base / MANIFEST).is_file() and not (self.folder / MANIFEST).exists():
            with storage_errors(base):
                if (base / _DOCUMENTS).exists():
                    (base / _DOCUMENTS).rename(self.folder / _DOCUMENTS)
                (base / MANIFEST).rename(self.folder / MANIFEST)
                for cache in (base / "words", *base.glob("vectors-*.faiss")):
                    remove(cache)


def _key(entries: Iterable[Entry]) -> str:
    """Names exactly these documents on exactly these rows: an index built for them carries it."""
    digest = hashlib.blake2b(digest_size=12)
    for entry in entries:
        digest.update(f"{entry.artefact} {entry.first_row} {entry.passages}\n".encode())
    return digest.hexdigest()


def _rows(entries: Iterable[Entry]) -> Rows:
    return np.array([row for entry in entries for row in entry.rows], dtype=np.int64)
