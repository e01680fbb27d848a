"""What the commands need of the rest of the product: the seam that a test puts a stand-in into."""

import logging
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    # Only names for the type checker: this module is imported by every command, the product by those that need it.
    from agents import Agent
    from knowledge import Document, Ingested, Progress, Upload
    from orchestration import Operations, Settings, Task
    from orchestration.messages import Recorded


log = logging.getLogger(__name__)


class Shelves(Protocol):
    """The knowledge, as far as a command changes it; `knowledge.Knowledge` is one."""

    async def ingest(
        self, base: str, uploads: "Sequence[Upload]", *, on_progress: "Callable[[Progress], None]"
    ) -> "list[Ingested]": ...

    def documents(self, base: str, person: str) -> "list[Document]": ...

    async def remove(self, base: str, document: str, *, person: str) -> "Document": ...


class Outage(Protocol):
    """Whether Redis is away; `orchestration.outage.Outage` is one."""

    @property
    def sentence(self) -> str: ...

    async def begins(self) -> None: ...

    async def ends(self) -> None: ...


class Council(Protocol):
    """An open runtime, as far as commands use it; `orchestration.AgentOrchestrator` is one."""

    @property
    def registry(self) -> "Mapping[str, Agent]": ...

    @property
    def outage(self) -> Outage | None: ...

    async def placed(self, task: "Task") -> "Task": ...

    def stream(self, task: "Task") -> "AsyncIterator[Recorded]": ...

    async def cancel(self, run: str, *, person: str) -> bool: ...

    async def metrics(self) -> bytes: ...


@dataclass(frozen=True)
class Runtime:
    """The ways into the product."""

    read_settings: "Callable[[], Settings]"
    agents: "Callable[[], Mapping[str, Agent]]"
    """The catalog, without opening anything."""
    open_runtime: Callable[..., AbstractAsyncContextManager[Council]]
    open_single: Callable[..., AbstractAsyncContextManager[Council]]
    open_shelves: Callable[..., AbstractAsyncContextManager[Shelves]]
    """The knowledge alone, to fill it for every process that shares it."""
    open_operations: "Callable[[Settings], AbstractAsyncContextManager[Operations]]"
    """What an operator does to a running system. Starts the embedded Redis for as long when nobody else uses it."""
    documents: "Callable[[Settings, Agent], int]"
    """How many documents an agent answers from: the team's, and those of the local person."""


def real_runtime() -> Runtime:
    """The product itself."""
    # Read when the model is loaded: a progress bar between the lines of a command is noise.
    os.environ.setdefault("TQDM_DISABLE", "1")
    from agents import load_catalog
    from orchestration import open_operations, open_shelves, open_single, read_settings

    return Runtime(
        read_settings=read_settings,
        agents=load_catalog,
        open_runtime=_open_runtime,
        open_single=open_single,
        open_shelves=open_shelves,
        open_operations=open_operations,
        documents=_documents,
    )


@asynccontextmanager
async def _open_runtime(settings: "Settings", **given: Any) -> "AsyncIterator[Council]":
    """Where conversations are kept in the data folder, what ends while this process is there is kept by it, too."""
    from history import HistoryError, Keeper, is_there, open_history
    from orchestration import open_runtime

    async with AsyncExitStack() as stack:
        keeper = None
        if is_there(settings.data):
            try:
                history = await stack.enter_async_context(open_history(settings.data))
                keeper = Keeper(history, days=settings.history.days)
            except HistoryError as error:
                # Only who serves the conversations needs them; nothing is lost, as Redis waits for the history.
                log.warning("%s", error)
        yield await stack.enter_async_context(open_runtime(settings, keeper=keeper, **given))


def _documents(settings: "Settings", agent: "Agent") -> int:
    """Those that are stored, and those of the catalog that the next start will store. Loads no model."""
    from knowledge import Knowledge, MiniLM

    folder = settings.data / "knowledge"
    coming = {path.name for path in agent.seeds()}
    if not folder.is_dir():
        return len(coming)
    knowledge = Knowledge(folder, settings.knowledge, MiniLM())
    try:
        stored = knowledge.documents(agent.name)
        removed = knowledge.removed_from_catalog(agent.name)
        return len(stored) + len(coming - removed - {document.source for document in stored if not document.person})
    finally:
        knowledge.close()
