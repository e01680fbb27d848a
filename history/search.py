"""Full-text search over what was said: names, questions, answers."""

import re
import sqlite3
from collections.abc import Iterable
from typing import Literal

Part = Literal["name", "question", "answer"]

MOST_WORDS = 8
_WORD = re.compile(r"\w+")


def say(db: sqlite3.Connection, person: str, conversation: str, part: Part, source: str, text: str) -> None:
    """A text that can be found from now on, in the place of an earlier one of the same source."""
    db.execute(
        "INSERT INTO said (person, conversation, part, source, text) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (person, conversation, part, source) DO UPDATE SET text = excluded.text",
        (person, conversation, part, source, text),
    )


def forget_words(db: sqlite3.Connection, person: str, conversation: str, sources: Iterable[str]) -> None:
    """Nothing of these can be found any more."""
    db.executemany(
        "DELETE FROM said WHERE person = ? AND conversation = ? AND source = ?",
        [(person, conversation, source) for source in sources],
    )


def forget_words_of_nothing(db: sqlite3.Connection, person: str, conversation: str) -> None:
    """What belongs to neither a run nor a refusal any more."""
    there = "SELECT {} FROM {} WHERE person = said.person AND conversation = said.conversation"
    db.execute(
        "DELETE FROM said WHERE person = ? AND conversation = ? AND part <> 'name'"
        f" AND source NOT IN ({there.format('id', 'runs')}) AND source NOT IN ({there.format('message', 'refusals')})",
        (person, conversation),
    )


def words_of(text: str) -> list[str]:
    """What is looked for: words that begin like these, in any order, wherever in a conversation."""
    return [word.lower() for word in _WORD.findall(text)[:MOST_WORDS]]


def finding(person: str, words: list[str]) -> tuple[str, tuple[str, ...]]:
    """The statement that finds a person's conversations in which all the words were said, and its values."""
    one = "SELECT conversation FROM said JOIN words ON words.rowid = said.id WHERE words MATCH ? AND person = ?"
    values = tuple(value for word in words for value in (f'"{word}"*', person))
    return " INTERSECT ".join([one] * len(words)), values


def purge(db: sqlite3.Connection) -> None:
    """Words that nobody says any more leave the index, and what was deleted leaves the write-ahead log."""
    db.execute("INSERT INTO words (words) VALUES ('optimize')")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
