"""A progress bar on standard error, for a person at a terminal only."""

import shutil
from types import TracebackType
from typing import TextIO

_WIDTH = 24
_ERASE = "\r\x1b[K"


class Bar:
    """One line that is drawn again and again; nothing is written where nobody looks."""

    def __init__(self, stream: TextIO, files: int) -> None:
        self._stream = stream
        self._files = files
        self._finished = 0
        self._seen = stream.isatty()

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._write(_ERASE)

    def show(self, name: str, stage: str, done: int = 0, total: int = 0) -> None:
        """What is being done to a file; `total` 0 where that cannot be counted."""
        share = (self._finished + (done / total if total else 0)) / max(self._files, 1)
        full = min(int(share * _WIDTH), _WIDTH)
        figures = f" {done} of {total}" if total else ""
        visible = "".join(letter if letter.isprintable() else " " for letter in name)
        line = f"[{'#' * full}{'.' * (_WIDTH - full)}] {self._finished} of {self._files}  {visible}: {stage}{figures}"
        self._write(_ERASE + line[: shutil.get_terminal_size().columns - 1])

    def finish(self) -> None:
        """One more file is done."""
        self._finished += 1

    def _write(self, text: str) -> None:
        if self._seen:
            self._stream.write(text)
            self._stream.flush()
