"""Writes that leave the old content or the new after a power cut, and clear words where they fail."""

import errno
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from knowledge.errors import StorageError, StorageFull

TEMPORARY = ".tmp-"
"""Begins the name of everything that is not finished. Such names are removed when the folder is opened."""

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turns an OSError into one sentence; a full disk's names no folder, which may be a temporary one."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise StorageFull(
                "There is no space left for the knowledge; what was stored before is kept and still answers."
            ) from error
        raise StorageError(f"Cannot use the knowledge folder {path.name}: {error.strerror or error}.") from error


def make_folder(folder: Path) -> None:
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)


def write_file(path: Path, content: bytes) -> None:
    """Replace the file at once. The caller holds the folder's lock, so the temporary name is its own."""
    temporary = path.with_name(TEMPORARY + path.name)
    with storage_errors(path.parent):
        try:
            _write_through(temporary, content)
            temporary.replace(path)
            _sync_folder(path.parent)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Create a folder with these files at once: whoever sees the folder sees all of them."""
    temporary = folder.with_name(TEMPORARY + folder.name)
    with storage_errors(folder.parent):
        try:
            remove(temporary)
            temporary.mkdir()
            for name, content in files.items():
                _write_through(temporary / name, content)
            _sync_folder(temporary)
            temporary.replace(folder)
            _sync_folder(folder.parent)
        except OSError:
            remove(temporary)
            raise


def keep_file(file: Path, under: Path) -> None:
    """Move a file of the same disk to where it stays. It is on the disk already; its name tells its content."""
    make_folder(under.parent)
    with storage_errors(under.parent):
        file.replace(under)
        _sync_folder(under.parent)


def move_folder(folder: Path, to: Path) -> None:
    """Move a folder on the same disk, on which what is in it is already."""
    with storage_errors(to.parent):
        folder.rename(to)
        _sync_folder(to.parent)


def copy_file(file: Path, to: Path) -> None:
    """The copy is there wholly or not at all. The caller holds the folder's lock."""
    make_folder(to.parent)
    temporary = to.with_name(TEMPORARY + to.name)
    with storage_errors(to.parent):
        try:
            with file.open("rb") as source, temporary.open("wb") as copy:
                shutil.copyfileobj(source, copy)
                copy.flush()
                os.fsync(copy.fileno())
            temporary.replace(to)
            _sync_folder(to.parent)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise


def remove_others(folder: Path, wanted: set[str]) -> None:
    """Remove the files of a folder whose names are not wanted."""
    with storage_errors(folder):
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.name not in wanted:
                remove(path)


def remove(path: Path) -> None:
    """Remove a file or a folder with what is in it, if it is there."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def remove_leftovers(folder: Path) -> None:
    """Remove what a killed process left unfinished. The caller holds the folder's lock."""
    with storage_errors(folder):
        for pattern in (f"{TEMPORARY}*", f"*/{TEMPORARY}*"):
            for leftover in folder.glob(pattern):
                remove(leftover)


def _write_through(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
