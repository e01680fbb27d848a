"""Documents put into agents' bases and found again, as the product does both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.errors import WrongData
from evaluation.result import Tell
from knowledge import Hit, Knowledge, Upload

_TOLD = 50


@dataclass(frozen=True)
class Search:
    question: str
    bases: Sequence[str]
    limit: int


async def ingest(knowledge: Knowledge, bases: Mapping[str, Sequence[Path]], tell: Tell) -> int:
    """Put each base's files in; gives how many passages they have. Raises WrongData for one that cannot be read."""
    passages = 0
    for base, paths in bases.items():
        for begin in range(0, len(paths), _TOLD):
            tell(f"{base}: {begin} of {len(paths)} documents are in")
            uploads = [Upload(path) for path in paths[begin : begin + _TOLD]]
            for one in await knowledge.ingest(base, uploads):
                if one.status == "rejected":
                    raise WrongData(f"{one.path} cannot be read: {one.reason}")
                passages += one.passages
    return passages


async def find(knowledge: Knowledge, searches: Sequence[Search], tell: Tell, what: str) -> list[list[Hit]]:
    """The hits of each search, in order; nothing is answered."""
    found = []
    for number, one in enumerate(searches):
        if number % _TOLD == 0:
            tell(f"{what}: {number} of {len(searches)}")
        vector = (await knowledge.embed([one.question]))[0]
        found.append(await knowledge.search(one.bases, one.question, vector, limit=one.limit))
    return found
