"""One writer at a time, over threads and processes. The kernel frees the lock of a killed process."""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from knowledge.errors import KnowledgeUnavailable
from knowledge.files import storage_errors

_LOOK_AGAIN_SECONDS = 0.1


class FolderLock:
    """An advisory lock on one file. Each `held` opens the file anew, so it also excludes other threads."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def held(self) -> Iterator[None]:
        """Blocks until the lock is ours; it is meant to be held for milliseconds."""
        descriptor = self._open()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def acquire(self, give_up: threading.Event) -> "HeldLock":
        """Blocks like `held`, for a lock that is kept long; setting `give_up` ends the wait.

        Raises KnowledgeUnavailable when it gave up.
        """
        descriptor = self._open()
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if give_up.wait(_LOOK_AGAIN_SECONDS):
                    os.close(descriptor)
                    raise KnowledgeUnavailable("The knowledge is closed.") from None
            else:
                return HeldLock(descriptor)

    def acquire_at_once(self) -> "HeldLock | None":
        """None where somebody else has it."""
        descriptor = self._open()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return HeldLock(descriptor)

    def _open(self) -> int:
        with storage_errors(self._path.parent):
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


class HeldLock:
    """A lock that is ours until `release`."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        os.close(self._descriptor)
