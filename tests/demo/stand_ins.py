"""A stage on which nothing happens: what was asked of it is written down."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from demo.errors import NotAsExpected


class Recorder:
    """Takes any call, and remembers its name with what was given."""

    paper = Path("harbour-office.pdf")

    def __init__(self, fails: str = "") -> None:
        self.calls: list[str] = []
        self._fails = fails

    def __getattr__(self, name: str) -> Callable[..., Coroutine[Any, Any, None]]:
        async def call(*given: object, **named: object) -> None:
            self.calls.append(" ".join(map(str, (name, *given, *named.values()))))
            if name == self._fails:
                raise NotAsExpected(f"{name} did not happen.")

        return call
