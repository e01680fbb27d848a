"""Leaves a model alone that fails again and again, then tries it with one request."""

import time
from collections.abc import Callable

FAILURES = 5
"""So many in a row make it rest; one success and it is as before."""
FIRST_SECONDS = 30.0
"""The first rest; it doubles with each further failure after a rest."""
MOST_SECONDS = 300.0


class Resting:
    """What this process knows of one model. Whoever begins says how it went: `worked`, `failed` or `left`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._until = 0.0
        self._tried = False
        """Whether somebody is trying it after a rest; everybody else waits for how that goes."""

    def begin(self) -> bool:
        """Whether it may be asked now."""
        if self._clock() < self._until or self._tried:
            return False
        self._tried = self._failures >= FAILURES
        return True

    @property
    def seconds(self) -> float:
        """How long it is still left alone; 0 where it may be asked."""
        return max(0.0, self._until - self._clock())

    def worked(self) -> None:
        self._failures, self._until, self._tried = 0, 0.0, False

    def failed(self, wanted: float = 0.0) -> None:
        """`wanted`: seconds for which its provider asked to be left alone."""
        now, rest = self._clock(), 0.0
        # Who was asked before a rest began says nothing new: many who fail at once are one failure to come back from.
        if now >= self._until:
            self._failures += 1
            self._tried = False
            rest = FIRST_SECONDS * 2 ** min(self._failures - FAILURES, 10) if self._failures >= FAILURES else 0.0
        self._until = max(self._until, now + min(max(rest, wanted), MOST_SECONDS))

    def left(self) -> None:
        """Nothing was learnt: whoever asked went away, or asked for what it does not do."""
        self._tried = False
