"""Small worlds for tests: two agents with a few sentences to know, and answerers that do as they are told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import SecretStr

from agents import Agent, AgentRegistry, Answerer, Question
from agents.answerers.scripted import ScriptedAnswerer
from agents.models import Models
from knowledge import HashEmbedder, KnowledgeSettings, open_knowledge
from orchestration import AgentOrchestrator, Settings, open_runtime
from orchestration.crash import Crash, survive
from orchestration.durability import LOCAL, Durability
from orchestration.keeping import Keeper
from orchestration.keys import PREFIX
from orchestration.messages import AnyEvent, Recorded
from orchestration.presence import Kind
from orchestration.settings import RunSettings
from tests.orchestration.waiting import in_time

GARDEN = """# Roses

## Watering

Roses want ten litres of water each week, given in the morning.
Water roses at their roots and never on their leaves.

## Pruning

Prune roses in March, when the forsythia blooms.
"""
KITCHEN = """# Bread

## Baking

Bake rye bread for fifty minutes at 220 degrees.
A rye bread is done when it sounds hollow.

## Keeping

Keep bread in a linen bag at room temperature.
"""


def registry(folder: Path) -> AgentRegistry:
    """A gardener and a baker, each with one document."""
    agents = []
    for name, title, text in (("garden", "Gardener", GARDEN), ("kitchen", "Baker", KITCHEN)):
        documents = folder / "library" / name
        documents.mkdir(parents=True, exist_ok=True)
        (documents / f"{name}.md").write_text(text)
        agents.append(
            Agent(name=name, title=title, description=f"Knows all about the {name} and its work.", documents=documents)
        )
    return AgentRegistry(agents)


SHORT_LEASE = 1.0
"""Seconds, for where somebody takes over from the dead. A busy machine may hold up the living for nearly as long."""


def settings(
    folder: Path, redis_url: str, signing_keys: Path | None = None, durability: Durability = LOCAL, **run: float | str
) -> Settings:
    """Settings of a world, in which nothing ends by itself while a test goes on."""
    return Settings(
        data=folder / "data",
        redis_url=SecretStr(redis_url),
        signing_keys=signing_keys,
        durability=durability,
        run=RunSettings.model_validate({"lease_seconds": 30, "deadline_seconds": 120, **run}),
    )


_indexed: dict[Path, bytes] = {}
"""The files of both agents' knowledge, by their place in the data folder; made by the first world of a process."""


async def index_once(folder: Path) -> None:
    """Put the agents' knowledge into a new world's data folder, so that it starts as an installation does every day.

    Reading and indexing the same two documents again for every test would cost more than most of the tests.
    """
    if (folder / "data" / "knowledge").exists():
        return
    if not _indexed:
        with TemporaryDirectory(prefix="rt-") as name:
            made = Path(name)
            seeds = {name: agent.seeds() for name, agent in registry(made).items()}
            opening = open_knowledge(made / "data" / "knowledge", KnowledgeSettings(), HashEmbedder(), seeds)
            async with opening as knowledge:
                await knowledge.wait_ready()
                await knowledge.sentences.settled()
            files = [path for path in (made / "data").rglob("*") if path.is_file()]
            _indexed.update({path.relative_to(made): path.read_bytes() for path in files})
    for path, content in _indexed.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


@asynccontextmanager
async def world(
    folder: Path,
    redis_url: str,
    prefix: str = PREFIX,
    *,
    answerer: Answerer | None = None,
    models: Models | None = None,
    workers: bool | list[str] = True,
    kind: Kind = "web",
    crash: Crash = survive,
    keeper: Keeper | None = None,
    signing_keys: Path | None = None,
    durability: Durability = LOCAL,
    **run: float | str,
) -> AsyncIterator[AgentOrchestrator]:
    """An open runtime over the two agents, its knowledge ready. With `models` they answer from what they know."""
    await index_once(folder)
    async with open_runtime(
        settings(folder, redis_url, signing_keys, durability, **run),
        registry=registry(folder),
        answerer=answerer or (ScriptedAnswerer() if models is None else None),
        models=models or Models(),
        embedder=HashEmbedder(),
        workers=workers,
        kind=kind,
        prefix=prefix,
        crash=crash,
        keeper=keeper,
    ) as orchestrator:
        await orchestrator.knowledge.wait_ready()
        yield orchestrator


@dataclass
class Gate:
    """Holds agents back until a test lets them go on; `waiting` says who is there."""

    held: frozenset[str] = frozenset({"garden", "kitchen"})
    waiting: set[str] = field(default_factory=set)
    stopped: set[str] = field(default_factory=set)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    def answerer(self) -> ScriptedAnswerer:
        """An answerer that waits at this gate."""
        return ScriptedAnswerer("At last.", before=self.wait)

    async def wait(self, question: Question) -> None:
        """Wait here until the gate opens."""
        if question.agent.name not in self.held:
            return
        self.waiting.add(question.agent.name)
        self.arrived.set()
        try:
            await self.opened.wait()
        except asyncio.CancelledError:
            self.stopped.add(question.agent.name)
            self.cancelled.set()
            raise
        finally:
            self.left.set()


async def events_until(stream: AsyncIterator[Recorded], kind: str) -> list[AnyEvent]:
    """Events up to the first one of a kind."""
    found: list[AnyEvent] = []
    async with in_time(f"there is an event {kind}", lambda: kinds(found)):
        async for recorded in stream:
            found.append(recorded.event)
            if recorded.event.kind == kind:
                break
    return found


def kinds(events: list[AnyEvent]) -> list[str]:
    """What happened, in order."""
    return [event.kind for event in events]
