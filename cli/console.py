"""Where a command speaks: standard output for results, standard error for everything else."""

import os
import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TextIO

from cli.errors import NobodyReads, NotWritten

# Documents are data: a control sequence in one of them must not move the cursor or rename the window.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Console:
    """The two streams of a command."""

    out: TextIO
    err: TextIO

    def say(self, text: str) -> None:
        """A line of the result. Raises NobodyReads or NotWritten, at once and not when the command is over."""
        self.document(_CONTROL.sub("", text))

    def document(self, text: str) -> None:
        """The result for a program, as it is. Raises the same."""
        try:
            print(text, file=self.out, flush=True)
        except BrokenPipeError:
            raise NobodyReads("Nobody reads the result.") from None
        except OSError as error:
            raise NotWritten(f"Standard output takes nothing: {error.strerror}.") from error

    def note(self, text: str) -> None:
        """A line about what goes on, or what went wrong. Where nobody listens the command goes on all the same."""
        with suppress(OSError):
            print(_CONTROL.sub("", text), file=self.err, flush=True)

    def leave(self) -> None:
        """What could not be written is dropped; Python would try again at its exit, complain, and change the code."""
        for stream in (self.out, self.err):
            try:
                stream.flush()
            except OSError:
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, stream.fileno())
                os.close(nowhere)


def system_console() -> Console:
    """The streams of this process. One that was closed before it began takes everything and shows it to nobody."""
    # Else what is opened next has its number, and what a library writes to standard error goes into a database.
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(number)
    return Console(_open(sys.stdout), _open(sys.stderr))


def _open(stream: TextIO | None) -> TextIO:
    return open(os.devnull, "w") if stream is None else stream
