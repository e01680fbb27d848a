"""Sends commands that are waiting at the same moment together: one round trip and one fsync for all of them.

Round trips cost most of what coordination costs, so steps and runs that go on at the same time share them. A caller
that is cancelled leaves its command to run and hears of the cancellation at once; redis-py on its own drops the
connection in the middle of a command, and on Python 3.11 may swallow the cancellation (asyncio.wait_for).

Where there are several servers each has a lane of its own, and a `Map` says which command belongs where.
"""

import asyncio
from collections.abc import Collection, Sequence
from typing import Any, Protocol

from redis.exceptions import NoScriptError

from orchestration.lane import Lane, RoundTrip
from orchestration.lua import scripts
from orchestration.round_trips import Argument, Command


class Map(Protocol):
    """Which server has what, as far as is known at the moment; cluster.py has one."""

    def server(self, command: Command) -> str:
        """The name of the server that has what a command is about."""

    def servers(self) -> Collection[str]:
        """The names of all servers that have anything."""

    def near(self, key: str, server: str) -> str:
        """A key like this one at a server."""

    async def look_again(self) -> None:
        """Ask which server has what; raises what redis-py raises where nobody knows."""


class Batcher:
    """One per process. After a lost reply a command is sent again, so each must stand a repeat: what it does happens
    once, though the second reply may tell of the first ("DONE", "ENDED") and an event may stand there twice.
    """

    def __init__(self, round_trip: RoundTrip, map: Map | None = None) -> None:
        """Without a map there is one server, to which everything goes."""
        self._round_trip = round_trip
        self._map = map
        self._only = Lane(round_trip, self._see)
        self._lanes: dict[str, Lane] = {} if map is not None else {"": self._only}
        self._retired: list[Lane] = []
        """To servers that were replaced; what they owe is still waited for."""
        self._answered = asyncio.Event()
        self._answered.set()

    @property
    def one_server(self) -> bool:
        """Whether a script may have keys of different hash tags."""
        return self._map is None

    @property
    def available(self) -> bool:
        """Whether Redis answered last and takes writes, and is not silent now."""
        return self._answered.is_set() and not any(lane.silent for lane in self._lanes.values())

    @property
    def takes_writes(self) -> bool:
        """False from a refusal of writes on, until a probe is taken."""
        return all(lane.takes_writes for lane in self._lanes.values())

    def look(self) -> None:
        """Said by outage.py at a steady pace. A process that was stopped itself has not looked, and so has not noticed
        any silence: by the clock it would take a healthy server for gone when it wakes up.
        """
        for lane in self._lanes.values():
            lane.look()

    async def until_available(self) -> None:
        """Wait until Redis answers again; outage.py asks it until it does."""
        await self._answered.wait()

    async def probe(self, key: str) -> None:
        """A write that changes nothing. Raises what redis-py raises while Redis is away, or takes no writes.

        Of several servers each that is not well is asked.
        """
        if self._map is None:
            await self._probe(self._only, key)
            return
        await self._map.look_again()
        known = self._map.servers()
        self._retired += [self._lanes.pop(name) for name in set(self._lanes).difference(known)]
        self._retired = [lane for lane in self._retired if not lane.idle]
        self._see()
        unwell = [name for name, lane in self._lanes.items() if not lane.answered]
        probes = [self._probe(self._lanes[name], self._map.near(key, name)) for name in unwell]
        for happened in await asyncio.gather(*probes, return_exceptions=True):
            if isinstance(happened, BaseException):
                raise happened

    async def __call__(self, *command: Argument) -> Any:
        """Run one command; raises what Redis answered or what redis-py raises while it is away."""
        return _reply(await self._send(command))

    async def together(self, commands: Sequence[Command]) -> Sequence[Any]:
        """Run commands one right after the other, in one round trip; a refusal stands in the place of a reply.

        Of several servers the first command's comes first, with all that is for it, and then the others at the same
        time: what the first command prepares is there for all the others.
        """
        encoded = [_encoded(command) for command in commands]
        if self._map is None:
            return await self._trip(self._only, encoded)
        places: dict[str, list[int]] = {}
        for place, command in enumerate(encoded):
            places.setdefault(self._map.server(command), []).append(place)
        answers: list[Any] = [None] * len(encoded)

        async def trip(server: str) -> None:
            there = places[server]
            replies = await self._trip(self._lane(server), [encoded[place] for place in there])
            for place, reply in zip(there, replies, strict=True):
                answers[place] = reply

        first, *others = places
        await trip(first)
        if others:
            await asyncio.gather(*map(trip, others))
        return answers

    async def script(self, name: str, keys: Sequence[str], args: Sequence[Argument], *, leisure: bool = False) -> Any:
        """Run scripts/<name>.lua. For one that nobody waits for there is `leisure`: it saves its round trip by leaving
        with the next command.
        """
        try:
            return _reply(await self._send(self.call(name, keys, args), leisure=leisure))
        except NoScriptError:
            return await self(*self.call(name, keys, args, known=False))

    def call(self, name: str, keys: Sequence[str], args: Sequence[Argument], *, known: bool = True) -> Command:
        """The command that runs scripts/<name>.lua; `known`: the server has seen the script before."""
        text, digest = scripts()[name]
        return ("EVALSHA", digest, len(keys), *keys, *args) if known else ("EVAL", text, len(keys), *keys, *args)

    async def close(self) -> None:
        """Send what waits, and wait for what is on its way."""
        await asyncio.gather(*(lane.close() for lane in (*self._lanes.values(), *self._retired)))

    def _send(self, command: Command, *, leisure: bool = False) -> asyncio.Future[Sequence[Any]]:
        encoded = _encoded(command)
        lane = self._only if self._map is None else self._lane(self._map.server(encoded))
        replies = lane.enqueue((encoded,))
        if leisure:
            lane.begin_sending_soon()
        else:
            lane.begin_sending()
        return replies

    def _lane(self, server: str) -> Lane:
        lane = self._lanes.get(server)
        if lane is None:
            lane = self._lanes[server] = Lane(self._round_trip, self._see)
        return lane

    async def _trip(self, lane: Lane, commands: Sequence[Command]) -> Sequence[Any]:
        replies = lane.enqueue(commands)
        lane.begin_sending()
        return await replies

    async def _probe(self, lane: Lane, key: str) -> None:
        _reply(await self._trip(lane, [_encoded(("SETRANGE", key, 0, ""))]))
        lane.taken()

    def _see(self) -> None:
        if all(lane.answered for lane in self._lanes.values()):
            self._answered.set()
        else:
            self._answered.clear()


def _encoded(command: Command) -> Command:
    """Here and not in the batch, where what cannot be encoded would fail its neighbours. Raises UnicodeEncodeError."""
    return tuple([part.encode() if isinstance(part, str) else part for part in command])


def _reply(replies: Sequence[Any]) -> Any:
    (reply,) = replies
    if isinstance(reply, Exception):
        raise reply
    return reply
