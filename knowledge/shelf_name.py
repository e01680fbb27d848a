"""Which shelf: a base has one of the team's and one of each person who keeps something there."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from knowledge.errors import InvalidBase

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_TEAM = "team"


@dataclass(frozen=True, slots=True)
class ShelfName:
    """Names a shelf in a folder and in the record."""

    base: str
    person: str = ""
    """Empty for the team's."""

    def __post_init__(self) -> None:
        """Raises InvalidBase: a base's name is a folder's, and never a way out of the folder that it lies in."""
        if not _NAME.fullmatch(self.base):
            raise InvalidBase(f"“{self.base}” cannot be the name of a knowledge base.")

    @property
    def folder(self) -> Path:
        """Below the folder of all knowledge. A person may have any name, and no person can be called like the team."""
        if not self.person:
            return Path(self.base, _TEAM)
        return Path(self.base, f"person-{hashlib.blake2b(self.person.encode(), digest_size=12).hexdigest()}")
