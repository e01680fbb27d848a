"""Among how many shards the runs of an installation are divided, and where the next one finds a place.

A run's id says in which shard it is, so all processes have to divide alike: the first one of an installation writes
down how.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from orchestration.batching import Batcher
from orchestration.brake import halted, pull, release
from orchestration.connections import TROUBLE
from orchestration.errors import ConfigurationError
from orchestration.keys import Keys, Shard
from orchestration.messages import Task, new_id
from orchestration.settings import RunSettings
from orchestration.trouble import lacks_a_right, told


async def agree(batcher: Batcher, keys: Keys) -> None:
    """Divide as the processes before this one do. Raises ConfigurationError when this one is set to do otherwise, and
    EngineUnavailable.
    """
    asked = len(keys.shards)
    undecided = False
    try:
        found = await batcher("GET", keys.layout)
        if undecided := found is None:
            # Programs that knew of no shards looked for work here and wrote no number down.
            undivided = await batcher("EXISTS", Keys(keys.prefix).shards[0].looked)
            await batcher("SET", keys.layout, 1 if undivided else asked, "NX")
            found = await batcher("GET", keys.layout)
    except TROUBLE as error:
        if undecided and lacks_a_right(error):
            raise ConfigurationError(
                "The user in REDIS_URL may not write down among how many shards the questions are divided: start the"
                " chat first, or anything else with the rights of a web ('roundtable acl' prints them)."
            ) from error
        raise told(error) from error
    if int(found) != asked:
        raise ConfigurationError(
            f"ROUNDTABLE_SHARDS is {asked}, but the questions in this Redis are divided by {int(found)};"
            f" set it to {int(found)}; 'roundtable shards {asked}' divides them anew then."
        )


async def divide(batcher: Batcher, keys: Keys, others: Keys) -> None:
    """Divide as `others` from now on. Raises ConfigurationError as long as anything is left that would be lost by it.

    Runs that have ended stay where they were for their time, and are in the histories. Nobody may work meanwhile. What
    breaks off in the middle can be done again.
    """
    unfinished = sum(await asyncio.gather(*(batcher("ZCARD", shard.active) for shard in keys.shards)))
    ended = sum(await asyncio.gather(*(batcher("XLEN", shard.ended) for shard in keys.shards)))
    if unfinished:
        raise ConfigurationError(f"The runs cannot be divided anew while some have not ended ({unfinished}).")
    if ended:
        raise ConfigurationError(
            f"The runs cannot be divided anew while a history has not taken over what ended ({ended});"
            " let 'roundtable serve' run once more on its data folder."
        )
    halt = await halted(batcher, keys)
    for shard in keys.shards:
        kept = (shard.turns, shard.pace, shard.looked, shard.histories)
        await asyncio.gather(*(batcher("DEL", key) for key in kept))
    if halt is None:
        await release(batcher, others)
    else:
        await pull(batcher, others, halt)
    await batcher("SET", keys.layout, len(others.shards))
    await release(batcher, keys)


@dataclass(frozen=True)
class Room:
    """What one shard has in hand."""

    unfinished: int
    """Without those that await an approval."""
    mine: int
    """All unfinished ones of the person who wants to ask."""

    def left(self, settings: RunSettings) -> int:
        """How many more runs of this person would be taken in; accept.lua decides."""
        most = settings.places_in_shard + settings.waiting_in_shard
        return min(most - self.unfinished, max(1, most // 2) - self.mine)


class RunIds:
    """Gives ids to runs, so that none is refused in a full shard while another one has room."""

    def __init__(self, batcher: Batcher, keys: Keys, settings: RunSettings) -> None:
        self._batcher = batcher
        self._keys = keys
        self._settings = settings

    async def given(self, task: Task) -> Task:
        """The task with an id in the shard that has the most room for its person, in one round trip; where there is
        one shard it keeps the one it has.
        """
        shards = self._keys.shards
        if len(shards) == 1:
            return task
        rooms = await asyncio.gather(*(self._room(shard, task.person) for shard in shards))
        left = [room.left(self._settings) for room in rooms]
        return task.model_copy(update={"id": id_within(self._keys, left)})

    async def _room(self, shard: Shard, person: str) -> Room:
        active, awaiting, mine = await asyncio.gather(
            self._batcher("ZCARD", shard.active),
            self._batcher("ZCARD", shard.awaiting),
            self._batcher("HGET", shard.people, person),
        )
        return Room(active - awaiting, int(mine or 0))


def id_within(keys: Keys, left: Sequence[int]) -> str:
    """A fresh id in one of the shards that have the most room left."""
    most = max(left)
    best = {shard for shard, room in zip(keys.shards, left, strict=True) if room == most}
    while keys.shard(id := new_id()) not in best:
        pass
    return id
