"""What the commands need of the rest of the product: the seam that a test puts a stand-in into."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from agents import AgentRegistry
    from cli.console import Console
    from knowledge import Document, Ingested
    from orchestration import Settings
    from orchestration.orchestrator import Orchestrator
    from orchestration.presence import Presence


class Shelves(Protocol):
    """The knowledge, as far as a command fills it or lists it; `knowledge.Knowledge` is one."""

    async def ingest(self, base: str, paths: "Sequence[Path]") -> "list[Ingested]": ...

    def documents(self, base: str, person: str = "local") -> "list[Document]": ...


class Council(Protocol):
    """An open runtime, as far as a command uses it."""

    @property
    def registry(self) -> "AgentRegistry": ...

    @property
    def knowledge(self) -> Shelves: ...

    @property
    def redis_available(self) -> bool: ...

    async def processes(self) -> "list[Presence]": ...
