"""All shelves of one folder, and who may see which."""

import logging
from collections.abc import Sequence
from pathlib import Path

from knowledge.errors import StorageDamaged, UnknownDocument
from knowledge.lock import FolderLock
from knowledge.manifest import MANIFEST, Entry, ManifestFile
from knowledge.shelf import Shelf
from knowledge.shelf_name import ShelfName

log = logging.getLogger(__name__)


class Shelves:
    def __init__(self, folder: Path, embedder: str) -> None:
        self.folder = folder
        self.lock = FolderLock(folder / ".lock")
        self._embedder = embedder
        self._shelves: dict[ShelfName, Shelf] = {}

    def get(self, base: str, person: str = "") -> Shelf:
        """The person's own, or the team's. Raises InvalidBase."""
        name = ShelfName(base, person)
        if (shelf := self._shelves.get(name)) is None:
            shelf = self._shelves.setdefault(name, Shelf(self.folder, name, self.lock, self._embedder))
        return shelf

    def seen_by(self, person: str, bases: Sequence[str]) -> list[Shelf]:
        """The team's and the person's own, where anything was ever put in. Raises InvalidBase."""
        owners = ("", person) if person else ("",)
        shelves = [self.get(base, owner) for base in bases for owner in owners]
        return [shelf for shelf in shelves if shelf.exists()]

    def find(self, base: str, document: str, person: str) -> tuple[Shelf, Entry]:
        """Raises UnknownDocument where there is no such document, or not for this person."""
        for shelf in self.seen_by(person, [base]):
            if (entry := shelf.manifest().find(document)) is not None:
                return shelf, entry
        raise UnknownDocument("There is no such document.")

    def known(self, name: ShelfName, content: str) -> Entry | None:
        """The document with this content, if everybody for whom it would be put in sees it already.

        Nobody else's shelf is looked at: that something is there would tell what they keep.
        """
        for shelf in self.seen_by(name.person, [name.base]):
            known = shelf.manifest().with_content(content)
            if known is not None and known.embedder == self._embedder:
                return known
        return None

    def everything(self) -> list[Shelf]:
        """Those that are there, of all bases and people, but for damaged ones. Blocking."""
        for path in self.folder.glob(f"*/{MANIFEST}"):
            self.get(path.parent.name).open()  # of the first layout, which it takes over
        found: list[Shelf] = []
        for path in sorted(self.folder.glob(f"*/*/{MANIFEST}")):
            try:
                person = ManifestFile(path).read().person
            except StorageDamaged as error:
                log.warning("a shelf of %s is left out: %s", path.parent.parent.name, error)
                continue
            shelf = self.get(path.parent.parent.name, person)
            if shelf.folder == path.parent:
                found.append(shelf)
        return found
