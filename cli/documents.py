"""The files that a command line names: files as they are, folders with what is in them."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file and what it is called in a knowledge base."""

    path: Path
    name: str
    """Of a file in a folder: its path from there, so that files of one name in several folders are told apart."""


def named_files(paths: Iterable[Path], *, recursive: bool) -> Iterator[NamedFile]:
    """Hidden files and folders are left out of folders, links are not followed; what is named itself is always there.

    Without `recursive` a folder is given as it is, to be refused like anything that cannot be read.
    """
    for path in paths:
        if recursive and path.is_dir():
            yield from _inside(path)
        else:
            yield NamedFile(path, path.name)


def _inside(folder: Path) -> Iterator[NamedFile]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(parent, name)
            if not name.startswith(".") and not path.is_symlink():
                yield NamedFile(path, path.relative_to(folder).as_posix())
