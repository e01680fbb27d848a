"""A folder that belongs to one running process, beside those of others; it goes with the process, however that ends."""

import os
import secrets
import threading
from pathlib import Path

from knowledge.files import make_folder, remove, storage_errors
from knowledge.lock import FolderLock, HeldLock


class OwnFolder:
    """`path` is made by `open`, which also removes what processes left that were killed."""

    def __init__(self, parent: Path, lock: FolderLock | None = None) -> None:
        """`lock` is held while folders come and go; without one, a lock in `parent` is."""
        self._parent = parent
        self._lock = lock or FolderLock(parent / ".lock")
        self.path = parent / f"{os.getpid()}-{secrets.token_hex(4)}"
        self._held: HeldLock | None = None

    def open(self) -> None:
        """Raises StorageError. Blocking."""
        make_folder(self._parent)
        with self._lock.held():
            make_folder(self.path)
            self._held = _alive(self.path).acquire(threading.Event())
            with storage_errors(self._parent):
                others = [other for other in self._parent.iterdir() if other.is_dir() and other != self.path]
                for other in others:
                    if (left := _alive(other).acquire_at_once()) is not None:
                        remove(other)
                        left.release()

    def close(self) -> None:
        """Blocking."""
        remove(self.path)
        if self._held is not None:
            self._held.release()


def _alive(folder: Path) -> FolderLock:
    """Held by the process whose folder it is for as long as it lives."""
    return FolderLock(folder / "alive")
