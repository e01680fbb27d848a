"""A cluster: which of its servers has what, and round trips that find their way when that changes.

Every key has a slot, and every slot a master. Who has which is asked at the first command, and again when a server says
that a slot has moved, or does not answer. What was refused for such a reason was not done, so it is sent again.
"""

import asyncio
import logging
import re
from bisect import bisect_right
from collections.abc import Collection, Sequence
from itertools import chain
from typing import Any

from redis.asyncio import Redis
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot
from redis.exceptions import (
    AskError,
    AuthenticationError,
    ClusterDownError,
    ConnectionError,
    MovedError,
    ResponseError,
    TryAgainError,
)

from orchestration.address import ClusterAddress, Node
from orchestration.clients import UNTRUSTED, client_of
from orchestration.durability import LOCAL, Durability, key_of
from orchestration.round_trips import REPLY_SECONDS, UNREACHABLE, Command, RoundTrips

log = logging.getLogger(__name__)

ASKING_SECONDS = 1.0
"""A server that does not say in this time which slots are where is passed over, if there is another one."""
PAUSES = (0.0, 0.02, 0.04, 0.08, 0.16, 0.3, 0.4)
"""Before what was refused because of a slot is sent again: a good second in all, as for a server that is away."""
_TAG = re.compile(r"\{[^{}]+\}")


class ClusterDown(ConnectionError):
    """Some slots have no server at the moment, or one that cannot serve them yet."""


def slot_of(key: bytes | str) -> int:
    return key_slot(key.encode() if isinstance(key, str) else key)


def _slot(command: Command) -> int:
    """The slot of what a command is about; 0 where it is about nothing in particular (TIME, INFO)."""
    name = command[0].decode() if isinstance(command[0], bytes) else str(command[0])
    if name != "SCAN":
        return slot_of(key_of(command))
    # A pattern with a tag finds keys of this tag only.
    pattern = command[1 + next((at for at, part in enumerate(command) if part in (b"MATCH", "MATCH")), 0)]
    return slot_of(pattern) if isinstance(pattern, bytes | str) else 0


class Cluster:
    """The servers of one cluster, as seen from here; each is named HOST:PORT."""

    def __init__(self, address: ClusterAddress, durability: Durability = LOCAL) -> None:
        """Raises ValueError for options that are none."""
        self._address = address
        self._durability = durability
        self._seeds = [_name(node) for node in address.seeds]
        self._clients: dict[str, Redis] = {}
        self._trips: dict[str, RoundTrips] = {}
        self._begins: list[int] = []
        self._masters: list[str] = []
        """Who has the slots from the one at the same place in `_begins` on."""
        self._learnt = 0
        """How often it was found out."""
        self._learning = asyncio.Lock()
        self._heard = 0
        """How often somebody listened to any server."""
        self._end: float | None = None
        self._client(self._seeds[0])

    # batching.Map

    def server(self, command: Command) -> str:
        return self._master(_slot(command))

    def servers(self) -> Collection[str]:
        return set(self._masters)

    def near(self, key: str, server: str, but: Collection[str] = ()) -> str:
        others = (_TAG.sub(f"{{{number}}}", key, count=1) for number in range(REDIS_CLUSTER_HASH_SLOTS))
        keys = (one for one in chain([key], others) if one not in but)
        return next((one for one in keys if self._master(slot_of(one)) == server), key)

    async def look_again(self) -> None:
        await self.learn(self._learnt)

    # batching.RoundTrip

    async def __call__(self, commands: Sequence[Command]) -> list[Any]:
        """Replies in the order of the commands. Raises what redis-py raises when a server that is needed is away."""
        replies: list[Any] = [None] * len(commands)
        left = list(range(len(commands)))
        for pause in PAUSES:
            await asyncio.sleep(pause)
            if not self._masters:
                await self.learn(self._learnt)
            left = await self._try(commands, left, replies)
            if not left or self._ended:
                break
        for place in left:
            raise ClusterDown(f"the cluster cannot serve this yet: {replies[place]}")
        return replies

    async def _try(self, commands: Sequence[Command], places: Sequence[int], replies: list[Any]) -> list[int]:
        """Send those commands, each to its server; returns which have to be sent again."""
        seen = self._learnt
        by_server: dict[str, list[int]] = {}
        for place in places:
            by_server.setdefault(self.server(commands[place]), []).append(place)
        again: list[int] = []
        for server, there in by_server.items():
            if again:
                # What is for another server comes after what was asked before it.
                again += there
                continue
            try:
                answers = await self._to(server)([commands[place] for place in there])
            except UNREACHABLE:
                if self._ended:
                    raise
                await self.learn(seen)
                if all(self.server(commands[place]) == server for place in there):
                    raise
                again += there
                continue
            for place, answer in zip(there, answers, strict=True):
                replies[place] = answer
                if isinstance(answer, AskError) and not isinstance(answer, MovedError):
                    # This key has gone already, others of its slot are still there.
                    to = self._to(_name((answer.host or server.rpartition(":")[0], answer.port)))
                    replies[place] = (await to([("ASKING",), commands[place]]))[1]
                if isinstance(replies[place], MovedError | ClusterDownError | TryAgainError):
                    again.append(place)
        if any(isinstance(replies[place], MovedError | ClusterDownError) for place in again):
            await self.learn(seen)
        return sorted(again)

    # Who is where

    async def learn(self, seen: int) -> None:
        """Ask which server has which slots, unless somebody did since it was asked `seen` times.

        Raises what redis-py raises where nobody knows.
        """
        async with self._learning:
            if self._learnt != seen:
                return
            failure: Exception = ClusterDown("no server of the cluster says which slots are where")
            known = [*sorted(self.servers()), *self._seeds]
            patience = ASKING_SECONDS if len(set(known)) > 1 else REPLY_SECONDS
            # Each time beginning with another one: who did not know it the last time may still not.
            for place in range(len(known)):
                if self._ended:
                    break
                server = known[(seen + place) % len(known)]
                try:
                    async with asyncio.timeout(patience):
                        asked: Any = self._client(server)
                        table = await asked.execute_command("CLUSTER", "SLOTS")
                except (TimeoutError, *UNREACHABLE) as error:
                    if isinstance(error, AuthenticationError):
                        raise
                    if str(error) and UNTRUSTED not in str(failure):
                        failure = error
                    continue
                if table:
                    self._note(table, server.rpartition(":")[0])
                    return
            raise failure

    def _note(self, table: Sequence[Any], asked: str) -> None:
        before = self.servers()
        ranges = sorted((int(first), _name((_host(host) or asked, port))) for first, _, (host, port, *_), *_ in table)
        self._begins = [first for first, _ in ranges]
        self._masters = [name for _, name in ranges]
        self._learnt += 1
        if before and before != self.servers():
            log.warning("the masters of the cluster are now %s", ", ".join(sorted(self.servers())))

    def _master(self, slot: int) -> str:
        """ "" as long as nobody was asked."""
        return self._masters[max(0, bisect_right(self._begins, slot) - 1)] if self._masters else ""

    # Connections

    async def clients(self) -> list[Redis]:
        """One for each master."""
        if not self._masters:
            await self.learn(self._learnt)
        return [self._client(name) for name in sorted(self.servers())]

    async def reader(self, stream: str, reply_seconds: float) -> Redis:
        """A client of its own at the server that has a stream, after looking where that is."""
        await self.look_again()
        return client_of(self._url(self._master(slot_of(stream))), reply_seconds, alone=True)

    def listener(self, reply_seconds: float) -> Redis:
        """A client of its own at any server, another one each time: what is published is told to all."""
        known = sorted(self.servers()) or self._seeds
        self._heard += 1
        return client_of(self._url(known[self._heard % len(known)]), reply_seconds, alone=True)

    async def unblock(self, stream: str, id: int) -> None:
        """End another connection's blocking read at the server that has a stream."""
        (reply,) = await self._to(self._master(slot_of(stream)))([("CLIENT", "UNBLOCK", id)])
        if isinstance(reply, ResponseError):
            raise reply

    def end_within(self, seconds: float) -> None:
        self._end = asyncio.get_running_loop().time() + seconds
        for trips in self._trips.values():
            trips.end_within(seconds)

    async def aclose(self) -> None:
        for one in self._clients.values():
            await one.aclose()

    @property
    def _ended(self) -> bool:
        return self._end is not None and asyncio.get_running_loop().time() >= self._end

    def _to(self, server: str) -> RoundTrips:
        if server not in self._trips:
            client = self._client(server)
            self._trips[server] = RoundTrips(client, self._durability, lambda key, but: self.near(key, server, but))
            if self._end is not None:
                self._trips[server].end_within(max(0.0, self._end - asyncio.get_running_loop().time()))
        return self._trips[server]

    def _client(self, server: str) -> Redis:
        if server not in self._clients:
            self._clients[server] = client_of(self._url(server))
        return self._clients[server]

    def _url(self, server: str) -> str:
        host, _, port = server.rpartition(":")
        return self._address.of((host, int(port)))


def _name(node: Node) -> str:
    host, port = node
    return f"{host}:{port}"


def _host(told: bytes | str | None) -> str:
    """Empty where the server does not know how it is reached, but by the way it was asked."""
    host = told.decode() if isinstance(told, bytes) else told or ""
    return "" if host == "?" else host
