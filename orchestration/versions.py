"""What other versions of the program have in hand on the same Redis: for an operator who lets one take another's place.

A run names the oldest schema that may drive it. One that this program may not drive is left alone by it, so it has to
be seen whether somebody is there who may.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass

from orchestration.batching import Batcher
from orchestration.keys import Keys, Shard
from orchestration.messages import SCHEMA
from orchestration.presence import PresenceReader


@dataclass(frozen=True)
class OtherVersion:
    """Programs that read what this one does not."""

    schema: str
    """What they have at least; a major version alone stands for all of it."""
    unfinished: int
    """Runs that only they may drive."""
    processes: tuple[str, ...]
    """Ids of those that are alive, which begin with host and process id."""


async def read_other_versions(batcher: Batcher, keys: Keys, presences: PresenceReader) -> list[OtherVersion]:
    """By schema; nothing where all that is there is of this version, or read by it."""
    schemas, counted = await asyncio.gather(
        presences.schemas(), asyncio.gather(*(_needed(batcher, shard) for shard in keys.shards))
    )
    needed = sum(counted, Counter[str]())
    there = {_numbers(schema)[0] for schema in schemas.values()} - {_numbers(SCHEMA)[0]}
    others = {schema for schema in needed if not _may_drive(SCHEMA, schema)} | {str(major) for major in there}
    return [
        OtherVersion(
            schema=other,
            unfinished=needed[other],
            processes=tuple(sorted(one for one, its in schemas.items() if _may_drive(its, other))),
        )
        for other in sorted(others, key=_numbers)
    ]


async def _needed(batcher: Batcher, shard: Shard) -> Counter[str]:
    """Unfinished runs of one shard by the schema that they need."""
    flat = await batcher.script("versions", [shard.active, shard.absent], [shard.run("")])
    return Counter({schema.decode(): count for schema, count in zip(flat[::2], flat[1::2], strict=True)})


def _may_drive(schema: str, needed: str) -> bool:
    """As scripts/adopt.lua decides it."""
    (major, minor), (its_major, its_minor) = _numbers(schema), _numbers(needed)
    return major == its_major and minor >= its_minor


def _numbers(schema: str) -> tuple[int, int]:
    major, _, minor = schema.partition(".")
    return int(major), int(minor or 0)
