"""Where a command speaks: standard output for results, standard error for everything else."""

import re
import sys
from dataclasses import dataclass
from typing import TextIO

# Documents are data: a control sequence in one of them must not move the cursor or rename the window.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Console:
    """The two streams of a command."""

    out: TextIO
    err: TextIO

    def say(self, text: str) -> None:
        """A line of the result."""
        print(_CONTROL.sub("", text), file=self.out, flush=True)

    def note(self, text: str) -> None:
        """A line about what goes on, or what went wrong."""
        print(_CONTROL.sub("", text), file=self.err, flush=True)


def system_console() -> Console:
    """The streams of this process."""
    return Console(sys.stdout, sys.stderr)
