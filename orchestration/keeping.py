"""Who keeps runs beyond their time in Redis or in this process; the history of conversations is one."""

from collections.abc import Sequence
from typing import Protocol

from orchestration.endings import Ended
from orchestration.messages import Recorded, Task


class Keeper(Protocol):
    """Told of everything that ends. It raises nothing: what it cannot do now it does later."""

    async def follow(self, ended: Ended) -> None:
        """Take over what ends in Redis, until cancelled."""
        ...

    async def accepted(self, task: Task) -> None:
        """The single agent answers this; it lives in this process only."""
        ...

    async def ended(self, events: Sequence[Recorded]) -> None:
        """All events of a run of the single agent, which has ended."""
        ...
