"""What an operator does to a running system, from any process: look, halt, resume, deal with dead letters."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from redis.exceptions import RedisError

from agents import AgentRegistry, load_catalog
from orchestration import brake
from orchestration.alarms import Alarm, read_alarms
from orchestration.backlog import Backlog, read_backlogs
from orchestration.brake import Halt
from orchestration.connections import Connections
from orchestration.dead_letters import DeadLetters
from orchestration.engine import open_engine
from orchestration.errors import ConfigurationError
from orchestration.keys import PREFIX, Keys
from orchestration.presence import AgentHealth, Presence, PresenceReader
from orchestration.settings import MOST_SHARDS, RunSettings, Settings
from orchestration.sharding import agree, divide
from orchestration.signing import Signing, read_key_ring
from orchestration.store import RunStore
from orchestration.trouble import told
from orchestration.versions import OtherVersion, read_other_versions

LOOK_SECONDS = 0.05
"""Nobody tells when the last step was let go, so it is looked for this often."""


@dataclass(frozen=True)
class Operations:
    """Belongs to no process of its own: it is not seen as alive, and it drives and runs nothing."""

    connections: Connections
    keys: Keys
    agents: tuple[str, ...]
    settings: RunSettings
    dead_letters: DeadLetters
    presences: PresenceReader

    async def processes(self) -> list[Presence]:
        """Every process that is alive."""
        return await self.presences.alive()

    async def health(self) -> Mapping[str, AgentHealth]:
        """How each agent is doing."""
        return await self.presences.health()

    async def backlogs(self) -> Mapping[str, Backlog]:
        """How many steps of each agent wait, and how many are in hand."""
        return await read_backlogs(self.connections.batcher, self.keys, self.agents, self.settings.lease_ms)

    async def other_versions(self) -> list[OtherVersion]:
        """What only programs of other versions may go on with, and which of those are alive. Looks at the runs, which
        not every user of Redis may.
        """
        return await read_other_versions(self.connections.batcher, self.keys, self.presences)

    async def alarms(self) -> Mapping[str, Alarm]:
        """For which agents messages were forged lately."""
        return await read_alarms(self.connections.batcher, self.keys, self.agents)

    async def clock(self) -> float:
        """Epoch seconds by the server's clock, which is the one that signs of life are dated by."""
        seconds, micros = await self.connections.batcher("TIME")
        return int(seconds) + int(micros) / 1e6

    async def halted(self) -> Halt | None:
        """Why all agents stand still; None while they work."""
        return await brake.halted(self.connections.batcher, self.keys)

    async def halt(self, reason: str) -> bool:
        """Stop all agents everywhere, within a second; False when they were, and that halt stays as it is."""
        return await brake.pull(self.connections.batcher, self.keys, Halt(since=time.time(), reason=reason))

    async def until_still(self, seconds: float) -> int:
        """After a halt, wait until no step is in hand, at most so long; returns how many still are.

        Nobody can take up a step after 0 was returned: every claim is refused from the halt on.
        """
        loop = asyncio.get_running_loop()
        patience = loop.time() + seconds
        while True:
            in_hand = sum(backlog.in_hand for backlog in (await self.backlogs()).values())
            if not in_hand or loop.time() >= patience:
                return in_hand
            await asyncio.sleep(LOOK_SECONDS)

    async def resume(self) -> bool:
        """Let all agents work again; False when they did."""
        return await brake.release(self.connections.batcher, self.keys)

    async def divide(self, shards: int) -> None:
        """Divide the runs among so many shards from now on. Raises ConfigurationError where that cannot be done now."""
        if not 1 <= shards <= MOST_SHARDS:
            raise ConfigurationError(f"The runs can be divided among 1 to {MOST_SHARDS} shards.")
        # Those of other versions, too, which look for their runs where they were.
        if alive := await self.presences.schemas():
            running = "1 process runs" if len(alive) == 1 else f"{len(alive)} processes run"
            raise ConfigurationError(f"The runs cannot be divided anew while {running}.")
        if shards != len(self.keys.shards):
            await divide(self.connections.batcher, self.keys, Keys(self.keys.prefix, shards))


@asynccontextmanager
async def open_operations(
    settings: Settings, *, registry: AgentRegistry | None = None, prefix: str = PREFIX
) -> AsyncIterator[Operations]:
    """Raises ConfigurationError and EngineUnavailable; the latter also for what Redis refuses later on."""
    registry = registry or load_catalog()
    keys = Keys(prefix, settings.run.shards)
    signing = Signing(await asyncio.to_thread(read_key_ring, settings.signing_keys))
    async with open_engine(settings) as connections:
        await agree(connections.batcher, keys)
        store = RunStore(connections.batcher, keys, settings.run, signing)
        letters = DeadLetters(connections.batcher, keys, store, signing, registry)
        presences = PresenceReader(connections.batcher, keys, registry)
        try:
            yield Operations(connections, keys, tuple(registry), settings.run, letters, presences)
        except RedisError as error:
            raise told(error) from error
