"""The record of people's documents in Redis: entries by shelf, and each document's files beside them.

Files are uploaded first, in parts and with a time to live; then one script keeps them and enters the document. Whoever
dies before that leaves nothing, whoever dies after it has done it.
"""

import secrets
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from redis.exceptions import RedisError

from knowledge.errors import NameTaken, RecordUnavailable, StorageDamaged, UnknownDocument
from knowledge.manifest import Entry
from knowledge.record import Listing, Mark, Recorded
from knowledge.shelf_name import ShelfName
from orchestration.batching import Batcher
from orchestration.connections import TROUBLE, connections_later
from orchestration.durability import LOCAL, Durability
from orchestration.keys import Keys
from orchestration.round_trips import UNREACHABLE, Argument, WritesRefused

PART_BYTES = 500_000
"""Redis does nothing else while it takes in a part: half a megabyte is about a millisecond."""
UPLOAD_MS = 600_000
"""A document of which no part has come for so long is given up."""


class RedisRecord:
    """Implements `knowledge.Record`."""

    def __init__(self, batcher: Batcher, keys: Keys, part_bytes: int = PART_BYTES) -> None:
        self._batcher = batcher
        self._keys = keys
        self._part_bytes = part_bytes

    async def look(self) -> Mark:
        for _ in range(2):
            record, generation = await self._run("HMGET", self._keys.record, "id", "generation")
            if record is not None:
                return Mark(record.decode(), int(generation or 0))
            await self._run("HSETNX", self._keys.record, "id", secrets.token_hex(8))
        raise _emptied()

    async def refound(self, record: str) -> None:
        await self._script("refound", [self._keys.record], record, secrets.token_hex(8))

    async def changed(self, since: int) -> dict[ShelfName, int]:
        found = await self._run("ZRANGEBYSCORE", self._keys.shelves, f"({since}", "+inf", "WITHSCORES")
        return {_shelf(name): int(generation) for name, generation in found}

    async def listing(self, shelf: ShelfName) -> Listing:
        keys = self._keys
        names = [keys.record, keys.shelf(shelf.base, shelf.person), keys.unwanted(shelf.base)]
        record, generation, documents, unwanted = await self._script("list", names)
        if record is None:
            await self.look()
            raise _emptied()
        return Listing(
            record=record.decode(),
            generation=generation,
            documents=tuple(_entry(value) for value in documents[1::2]),
            # Only the team's shelf has documents of the catalog.
            unwanted=frozenset() if shelf.person else frozenset(name.decode() for name in unwanted),
        )

    async def put(
        self, shelf: ShelfName, entry: Entry, files: Mapping[str, Path], *, instead: str | None = None
    ) -> Recorded | None:
        upload = secrets.token_hex(12)
        parts = 0
        for field, part in _parts(files, self._part_bytes):
            await self._script("upload", [self._keys.document(upload)], field, part, UPLOAD_MS)
            parts += 1
        keys = self._keys
        status, *done = await self._script(
            "shelve",
            [keys.record, keys.shelves, keys.shelf(shelf.base, shelf.person), keys.unwanted(shelf.base),
             keys.document(upload), keys.documents],
            _name(shelf), entry.source, upload, _json(entry), parts, keys.documents,
            "*" if instead is None else instead,
        )  # fmt: skip
        match status:
            case b"OK":
                generation, replaced = done
                return Recorded(entry.model_copy(update={"upload": upload, "recorded": generation}), bool(replaced))
            case b"OTHER":
                return None
            case _:
                raise RecordUnavailable("The upload into Redis was interrupted for too long; please try again.")

    async def remove(self, shelf: ShelfName, entry: Entry) -> bool:
        keys = self._keys
        names = [keys.record, keys.shelves, keys.shelf(shelf.base, shelf.person), keys.document(entry.upload)]
        return bool(await self._script("unshelve", names, _name(shelf), entry.source, entry.upload))

    async def move(self, shelf: ShelfName, entry: Entry, to: ShelfName) -> Entry:
        keys = self._keys
        names = [keys.record, keys.shelves, keys.shelf(shelf.base, shelf.person), keys.shelf(to.base, to.person)]
        names.append(keys.unwanted(to.base))
        args = (_name(shelf), _name(to), entry.source, entry.upload, keys.documents)
        status, *generation = await self._script("reshelve", names, *args)
        if status == b"OTHER":
            raise NameTaken(to.base, entry.source)
        if status != b"OK":
            raise UnknownDocument("There is no such document.")
        return entry.model_copy(update={"recorded": generation[0]})

    async def unwant(self, shelf: ShelfName, sources: Iterable[str]) -> None:
        keys = self._keys
        names = [keys.record, keys.shelves, keys.unwanted(shelf.base)]
        await self._script("unwant", names, _name(shelf), *sources)

    async def fetch(self, entry: Entry) -> AsyncIterator[tuple[str, bytes]]:
        key = self._keys.document(entry.upload)
        fields = sorted(await self._run("HKEYS", key))
        for field in fields:
            part = await self._run("HGET", key, field)
            if part is None:
                raise UnknownDocument("There is no such document.")
            yield field.decode().rpartition(":")[0], part
        if not fields:
            raise UnknownDocument("There is no such document.")

    async def inherited(self, shelf: ShelfName, record: str) -> int:
        return int(await self._run("HGET", self._keys.record, _ancestor(shelf, record)) or -1)

    async def inherit(self, shelf: ShelfName, record: str, generation: int) -> None:
        if generation > await self.inherited(shelf, record):
            await self._run("HSET", self._keys.record, _ancestor(shelf, record), generation)

    async def _run(self, *command: Argument) -> Any:
        try:
            return await self._batcher(*command)
        except TROUBLE as error:
            raise _told(error) from error

    async def _script(self, name: str, keys: list[str], *args: Argument) -> Any:
        try:
            return await self._batcher.script(name, keys, args)
        except TROUBLE as error:
            raise _told(error) from error


@asynccontextmanager
async def open_redis_record(url: str, keys: Keys, durability: Durability = LOCAL) -> AsyncIterator[RedisRecord]:
    """A record on connections of its own: what is large does not hold up what is urgent.

    Nothing is connected before it is needed. Raises ConfigurationError for an address that is none.
    """
    connections = connections_later(url, durability)
    try:
        yield RedisRecord(connections.batcher, keys)
    finally:
        # Whoever asked is gone, and what is cut off here is wholly in or wholly out all the same.
        connections.end_within(0)
        await connections.close()


def _parts(files: Mapping[str, Path], size: int) -> Iterable[tuple[str, bytes]]:
    """Fields and values. Raises StorageDamaged where a file is gone."""
    for name, path in files.items():
        try:
            with path.open("rb") as file:
                number = 0
                while (part := file.read(size)) or number == 0:
                    yield f"{name}:{number:06}", part
                    number += 1
        except OSError as error:
            raise StorageDamaged(f"A file of a document is missing or cannot be read: {error.strerror}.") from error


def _json(entry: Entry) -> str:
    return entry.model_dump_json(exclude={"upload", "recorded"})


def _entry(value: bytes) -> Entry:
    generation, upload, content = value.split(b" ", 2)
    entry = Entry.model_validate_json(content)
    return entry.model_copy(update={"upload": upload.decode(), "recorded": int(generation)})


def _name(shelf: ShelfName) -> str:
    return f"{shelf.base}/{quote(shelf.person, safe='')}"


def _shelf(name: bytes) -> ShelfName:
    base, _, person = name.decode().partition("/")
    return ShelfName(base, unquote(person))


def _ancestor(shelf: ShelfName, record: str) -> str:
    return f"{record}:{_name(shelf)}"


def _emptied() -> RecordUnavailable:
    return RecordUnavailable("Redis was just emptied or replaced; please try again in a moment.")


def _told(error: RedisError | OSError) -> RecordUnavailable:
    if isinstance(error, UNREACHABLE) and not isinstance(error, WritesRefused):
        return RecordUnavailable("Redis, which keeps the documents, does not answer; please try again in a moment.")
    return RecordUnavailable(f"Redis refused to keep or show the documents: {str(error).rstrip('.')}.")
