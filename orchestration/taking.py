"""What one reader takes of the streams of agents that are in one place: in turns, and the urgent first."""

from collections import deque
from collections.abc import Collection, Mapping

from redis.asyncio import Redis

from orchestration.connections import BLOCK_MS
from orchestration.keys import GROUP
from orchestration.messages import PRIORITIES, Priority
from orchestration.streams import Entry, take

BACKGROUND_TURN = 8
"""Every so many reads that could choose, what is in the background comes first, so that it is not put off for ever."""

Reply = list[tuple[bytes, list[Entry]]]


class Taker:
    """One per place: on one server there is one, in a cluster one for each agent. `agents` are all that are read."""

    def __init__(self, consumer: str, streams: Mapping[Priority, Collection[str]], agents: int) -> None:
        self._consumer = consumer
        self._agents = agents
        self._turns = {priority: deque(streams[priority]) for priority in PRIORITIES}
        self.streams = [stream for priority in PRIORITIES for stream in streams[priority]]
        self.client: int | None = None
        """Its reader, as the server knows it; None while there is none."""
        self._reads = 0
        self._background = False
        """Whether something was in the background lately: else nobody asks first whether there is anything else."""

    async def held(self, reader: Redis) -> Reply:
        """Messages that this consumer was given before."""
        return await take(reader, GROUP, self._consumer, self.streams, "0", 100, None)

    async def next(self, reader: Redis, slots: int) -> Reply:
        """New messages, at most about as many as there are free slots: COUNT holds for each stream, not for all.

        What is in the background comes when there is nothing else, and now and then before all else.
        """
        scarce = slots < len(self._turns["interactive"])
        if scarce or self._background:
            self._reads += 1
            before_all_else = self._reads % BACKGROUND_TURN == 0
            first, second = reversed(PRIORITIES) if before_all_else else PRIORITIES
            if reply := await self._at_once(reader, first, slots):
                self._background |= before_all_else
                return reply
            if (
                scarce
                and (self._background or before_all_else)
                and (reply := await self._at_once(reader, second, slots))
            ):
                return reply
        reply = await take(reader, GROUP, self._consumer, self.streams, ">", self._share(slots), BLOCK_MS)
        self._background = any(stream.decode() in self._turns["background"] for stream, _ in reply)
        return reply

    async def _at_once(self, reader: Redis, priority: Priority, slots: int) -> Reply:
        """What is there of one priority; where there are more agents than free slots, these come in turns."""
        turn = self._turns[priority]
        if slots >= len(turn):
            return await take(reader, GROUP, self._consumer, list(turn), ">", self._share(slots), None)
        for _ in range(0, len(turn), slots):
            few = list(turn)[:slots]
            turn.rotate(-slots)
            if reply := await take(reader, GROUP, self._consumer, few, ">", 1, None):
                return reply
        return []

    def _share(self, slots: int) -> int:
        return max(1, slots // self._agents)
