"""How busy this machine is."""

import os
from dataclasses import dataclass
from pathlib import Path

STAT = Path("/proc/stat")
_IDLE = (3, 4)
"""Where the idle time, and that of waiting for a disk, stand among the first line's figures."""


@dataclass(frozen=True)
class Times:
    """Of all processors together since the machine started, in whatever unit."""

    idle: int
    all: int


class Processor:
    """Tells how much of it was not used since it was last asked."""

    def __init__(self, stat: Path = STAT) -> None:
        self._stat = stat
        self._before = self._times()

    def spare(self) -> float:
        """The share of the processors' time that nobody used, 0 to 1."""
        before, now = self._before, self._times()
        if before is None or now is None:
            # Not Linux: the load says about the same.
            return max(0.0, 1 - os.getloadavg()[0] / (os.cpu_count() or 1))
        self._before = now
        return (now.idle - before.idle) / max(1, now.all - before.all)

    def _times(self) -> Times | None:
        try:
            # The kernel has it in memory, so this waits for nothing.
            with self._stat.open() as file:
                return times(file.readline())
        except OSError:
            return None


def times(line: str) -> Times:
    """From the first line that Linux says; the times of guests are in those of users already."""
    figures = [int(figure) for figure in line.split()[1:9]]
    return Times(idle=sum(figures[place] for place in _IDLE), all=sum(figures))
