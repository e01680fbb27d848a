"""How people like the page: small settings by name."""

import sqlite3
from collections.abc import Mapping


def prefer(db: sqlite3.Connection, person: str, wanted: Mapping[str, str]) -> None:
    """In the place of what was wanted before under the same names."""
    values = [(person, name, value) for name, value in wanted.items()]
    db.executemany("INSERT OR REPLACE INTO preferences VALUES (?, ?, ?)", values)


def forget(db: sqlite3.Connection, person: str) -> None:
    """Nobody wants anything any more."""
    db.execute("DELETE FROM preferences WHERE person = ?", (person,))


def preferences(db: sqlite3.Connection, person: str) -> dict[str, str]:
    return dict(db.execute("SELECT name, value FROM preferences WHERE person = ?", (person,)))
