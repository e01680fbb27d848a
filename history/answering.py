"""Which runs of single agents go on, in whatever process of a data folder: each lives in one process and dies with it.

Whoever answers one holds the lock of a file of its own, which the kernel frees when that process is gone.
"""

import asyncio
import threading
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from history.errors import HistoryUnavailable
from knowledge.errors import StorageError
from knowledge.lock import FolderLock, HeldLock

FOLDER = "answering"
LEFT_SECONDS = 3_600.0
"""So long after it was made, the file of a process that was killed is taken away; by then nobody begins with it."""


class Answering:
    """Of one data folder, as one process has it."""

    def __init__(self, data: Path, clock: Callable[[], float]) -> None:
        self._folder = data / FOLDER
        self._clock = clock
        self._held: dict[str, HeldLock] = {}

    async def begin(self, run: str) -> None:
        """From now on every process knows that it goes on. Raises HistoryUnavailable."""
        if run not in self._held:
            self._held[run] = await asyncio.to_thread(self._hold, self._file(run))

    async def end(self, run: str) -> None:
        held = self._held.pop(run, None)
        if held is not None:
            await asyncio.to_thread(_let_go, self._file(run), held)

    async def goes_on(self, run: str) -> bool:
        """Whether a process that is there answers it."""
        return run in self._held or await asyncio.to_thread(_is_held, self._file(run))

    async def tidy(self) -> None:
        """Take away what processes that were killed have left."""
        await asyncio.to_thread(self._tidy)

    def _hold(self, file: Path) -> HeldLock:
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            # Somebody may just be looking whether it is held.
            return FolderLock(file).acquire(threading.Event())
        except (OSError, StorageError) as error:
            raise HistoryUnavailable(f"The folder {self._folder} cannot be used: {error}.") from error

    def _tidy(self) -> None:
        for file in self._folder.glob("*"):
            if file.stat().st_mtime < self._clock() - LEFT_SECONDS and not _is_held(file):
                file.unlink(missing_ok=True)

    def _file(self, run: str) -> Path:
        # What a run is called may be no name for a file.
        return self._folder / sha256(run.encode(errors="replace")).hexdigest()


def _is_held(file: Path) -> bool:
    if not file.exists():
        return False
    try:
        held = FolderLock(file).acquire_at_once()
    except StorageError:
        return False
    if held is not None:
        held.release()
    return held is None


def _let_go(file: Path, held: HeldLock) -> None:
    file.unlink(missing_ok=True)
    held.release()
