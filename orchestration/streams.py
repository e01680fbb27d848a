"""The stream commands used here, with plain types. Bytes in, bytes out."""

import asyncio
from collections.abc import Mapping, Sequence

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from orchestration.batching import Batcher
from orchestration.round_trips import REPLY_SECONDS, Command
from orchestration.wire import wire_of

Fields = dict[bytes, bytes]
Entry = tuple[bytes, Fields]


def adding(stream: str, fields: Mapping[str, bytes]) -> Command:
    """The command that adds an entry to a stream."""
    return ("XADD", stream, "*", *(part for item in fields.items() for part in item))


class Streams:
    """Commands that take nothing away from anybody, and those of a consumer group."""

    def __init__(self, batcher: Batcher) -> None:
        self._batcher = batcher

    async def newest(self, stream: str) -> bytes:
        """The id of the newest entry, or the id before all entries."""
        entries: list[Entry] = await self._batcher("XREVRANGE", stream, "+", "-", "COUNT", 1)
        return entries[0][0] if entries else b"0-0"

    async def after(self, stream: str, entry: str, most: int | None = None) -> list[Entry]:
        """Every entry after an id, or the next few; from the start when it is empty."""
        count = ("COUNT", most) if most is not None else ()
        found: list[Entry] = await self._batcher("XRANGE", stream, f"({entry}" if entry else "-", "+", *count)
        return found

    async def send(self, messages: Sequence[Command]) -> list[bytes]:
        """Add messages to their streams, together; returns their ids."""
        entries = list(await self._batcher.together(messages))
        for entry in entries:
            if isinstance(entry, Exception):
                raise entry
        return entries

    async def make_group(self, stream: str, group: str) -> None:
        """Make sure that the group exists; from the first entry, so that what was sent before it counts."""
        try:
            await self._batcher("XGROUP", "CREATE", stream, group, "0", "MKSTREAM")
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def idle(self, stream: str, group: str, consumer: str, idle_ms: int, most: int) -> list[Entry]:
        """Take over at most so many entries that their consumer has not touched for so long."""
        found: list[Entry] = []
        cursor: bytes = b"0-0"
        while len(found) < most:
            left = most - len(found)
            cursor, entries, *_ = await self._batcher(
                "XAUTOCLAIM", stream, group, consumer, idle_ms, cursor, "COUNT", left
            )
            # Redis 6.2 answers (None, None) for an entry that was deleted while it was pending; reap.lua clears it.
            found += [(entry, fields) for entry, fields in entries if entry is not None]
            if cursor == b"0-0":
                break
        return found

    async def there(self, entries: Sequence[tuple[str, bytes]]) -> list[bool]:
        """Which of these entries (stream, id) are still in their streams, in one round trip."""
        found = await asyncio.gather(*(self._batcher("XRANGE", stream, entry, entry) for stream, entry in entries))
        return [bool(one) for one in found]


async def read(reader: Redis, cursors: Mapping[bytes, bytes], block_ms: int) -> list[tuple[bytes, list[Entry]]]:
    """New entries of several streams; waits for the first one."""
    return await _entries(reader, ("XREAD", "BLOCK", block_ms, "STREAMS", *cursors.keys(), *cursors.values()), block_ms)


async def take(
    reader: Redis,
    group: str,
    consumer: str,
    streams: Sequence[str],
    start: str,
    count: int,
    block_ms: int | None,
) -> list[tuple[bytes, list[Entry]]]:
    """Entries for this consumer: new ones with start ">", those it was given before with start "0"."""
    block: Command = () if block_ms is None else ("BLOCK", block_ms)
    starts = [start] * len(streams)
    command = ("XREADGROUP", "GROUP", group, consumer, "COUNT", count, *block, "STREAMS", *streams, *starts)
    return await _entries(reader, command, block_ms or 0)


async def _entries(reader: Redis, command: Command, block_ms: int) -> list[tuple[bytes, list[Entry]]]:
    """The reply to a read on a client that has one connection."""
    if reader.connection is None:
        await reader.initialize()
    async with asyncio.timeout(block_ms / 1000 + REPLY_SECONDS):
        [reply] = await wire_of(reader.connection).exchange([command])
    if isinstance(reply, Exception):
        raise reply
    found = reply.items() if isinstance(reply, dict) else reply or ()
    return [(stream, [(entry, _fields(flat)) for entry, flat in entries]) for stream, entries in found]


def _fields(flat: Sequence[bytes] | None) -> Fields:
    """None is what is left of an entry that was deleted while it was pending."""
    return dict(zip(flat[::2], flat[1::2], strict=True)) if flat else {}
