"""What an operator does to a running system, from any process: look, halt, resume, deal with dead letters."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from agents import AgentRegistry, load_catalog
from orchestration import brake
from orchestration.brake import Halt
from orchestration.connections import Connections
from orchestration.dead_letters import DeadLetters
from orchestration.engine import open_engine
from orchestration.keys import PREFIX, Keys
from orchestration.presence import AgentHealth, Presence, PresenceReader
from orchestration.settings import Settings
from orchestration.store import RunStore


@dataclass(frozen=True)
class Operations:
    """Belongs to no process of its own: it is not seen as alive, and it drives and runs nothing."""

    connections: Connections
    keys: Keys
    dead_letters: DeadLetters
    presences: PresenceReader

    async def processes(self) -> list[Presence]:
        """Every process that is alive."""
        return await self.presences.alive()

    async def health(self) -> Mapping[str, AgentHealth]:
        """How each agent is doing."""
        return await self.presences.health()

    async def halted(self) -> Halt | None:
        """Why all agents stand still; None while they work."""
        return await brake.halted(self.connections.batcher, self.keys)

    async def halt(self, reason: str) -> Halt:
        """Stop all agents everywhere, within a second; an earlier halt keeps its time and reason."""
        halt = await self.halted() or Halt(since=time.time(), reason=reason)
        await brake.pull(self.connections.batcher, self.keys, halt)
        return halt

    async def resume(self) -> bool:
        """Let all agents work again; False when they did."""
        return await brake.release(self.connections.batcher, self.keys)


@asynccontextmanager
async def open_operations(
    settings: Settings, *, registry: AgentRegistry | None = None, prefix: str = PREFIX
) -> AsyncIterator[Operations]:
    """Raises ConfigurationError and EngineUnavailable."""
    registry = registry or load_catalog()
    keys = Keys(prefix)
    async with open_engine(settings) as connections:
        store = RunStore(connections.batcher, keys, settings.run)
        letters = DeadLetters(connections.batcher, keys, store, registry)
        yield Operations(connections, keys, letters, PresenceReader(connections.batcher, keys, registry))
