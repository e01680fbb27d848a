"""Conversations: their heads, their names, their end."""

import re
import sqlite3
from collections.abc import Iterable

from history.errors import UnknownConversation
from history.records import Conversation, Page
from history.search import finding, forget_words_of_nothing, say, words_of
from orchestration.endings import Gone
from orchestration.messages import Mode

LONGEST_NAME = 80
LONGEST_GIVEN_NAME = 200

_MENTIONS = re.compile(r"^(?:@[\w-]+[,:]? ?)+")
_HEAD = "id, person, name, named, mode, created, active"


def touch(
    db: sqlite3.Connection, person: str, conversation: str, *, name: str, mode: Mode, at: float, counts: bool = True
) -> bool:
    """Something happens in a conversation: it is there from now on. False for what came before it was deleted.

    Until a question was asked in it, it is called like what came first; `counts`: this is a question.
    """
    if _deleted_at(db, person, conversation) >= at:
        return False
    (asked,) = db.execute(
        "SELECT count(*) FROM runs WHERE person = ? AND conversation = ?", (person, conversation)
    ).fetchone()
    found = db.execute("SELECT named FROM conversations WHERE person = ? AND id = ?", (person, conversation)).fetchone()
    if found is None:
        values = (person, conversation, short(name), mode, at, at)
        db.execute("INSERT INTO conversations VALUES (?, ?, ?, 0, ?, ?, ?)", values)
    else:
        db.execute(
            "UPDATE conversations SET active = max(active, ?), mode = iif(active <= ?, ?, mode)"
            " WHERE person = ? AND id = ?",
            (at, at, mode, person, conversation),
        )
    if found is None or (counts and not asked and not found[0]):
        _call(db, person, conversation, short(name))
    return True


def rename(db: sqlite3.Connection, person: str, conversation: str, name: str) -> None:
    """A person's own name for it, which nothing changes any more. Raises UnknownConversation."""
    _known(db, person, conversation)
    _call(db, person, conversation, " ".join(name.split())[:LONGEST_GIVEN_NAME])
    db.execute("UPDATE conversations SET named = 1 WHERE person = ? AND id = ?", (person, conversation))


def delete(db: sqlite3.Connection, gone: Gone, more: Iterable[str] = ()) -> list[str]:
    """Everything of it that came until then; returns the runs, `more` that are known elsewhere included.

    Those are noted, so that Redis is asked to forget them as soon as it answers.
    """
    person, conversation, at = gone.person, gone.conversation, gone.at
    mine = (person, conversation)
    db.execute("INSERT INTO deleted VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at = max(at, excluded.at)", (*mine, at))
    before = "WHERE person = ? AND conversation = ? AND {} <= ?"
    found = db.execute(f"SELECT id FROM runs {before.format('asked')}", (*mine, at)).fetchall()
    runs = sorted({run for (run,) in found} | set(more))
    db.executemany("INSERT OR REPLACE INTO unforgotten VALUES (?, ?, ?, ?)", [(run, *mine, at) for run in runs])
    later = db.execute("SELECT count(*) FROM runs WHERE person = ? AND conversation = ? AND asked > ?", (*mine, at))
    if later.fetchone() == (0,):
        db.execute("DELETE FROM conversations WHERE person = ? AND id = ?", mine)
    else:
        for table, when in (("runs", "asked"), ("refusals", "at"), ("handed_in", "began")):
            db.execute(f"DELETE FROM {table} {before.format(when)}", (*mine, at))
        forget_words_of_nothing(db, person, conversation)
        if not _known(db, person, conversation).named:
            query = "SELECT text FROM said JOIN runs ON runs.id = source WHERE part = 'question'"
            mine_first = f"{query} AND runs.person = ? AND runs.conversation = ? ORDER BY asked LIMIT 1"
            _call(db, person, conversation, short(db.execute(mine_first, mine).fetchone()[0]))
    return runs


def head(db: sqlite3.Connection, person: str, conversation: str) -> Conversation | None:
    found = db.execute(
        f"SELECT {_HEAD} FROM conversations WHERE person = ? AND id = ?", (person, conversation)
    ).fetchone()
    return _conversation(found) if found is not None else None


def page(db: sqlite3.Connection, person: str, most: int, cursor: str, search: str) -> Page:
    """The newest first, from a cursor on; only those in which all of some words were said."""
    words = words_of(search)
    if search.strip() and not words:
        return Page((), "")
    found_in, values = finding(person, words)
    active, _, last = cursor.partition("/")
    try:
        before = float(active)
    except ValueError:
        before, last = float("inf"), ""
    # In the order of the index, so that one page reads one page.
    found = db.execute(
        f"SELECT {_HEAD} FROM conversations WHERE person = ? AND (active, id) < (?, ?)"
        f" {f'AND id IN ({found_in})' if words else ''} ORDER BY active DESC, id DESC LIMIT ?",
        (person, before, last, *values, most + 1),
    ).fetchall()
    heads = tuple(_conversation(row) for row in found[:most])
    more = len(found) > most and heads
    return Page(heads, f"{heads[-1].active!r}/{heads[-1].id}" if more else "")


def old(db: sqlite3.Connection, before: float, most: int) -> list[tuple[str, str]]:
    """Person and id of conversations in which nothing has happened since then."""
    return db.execute(
        "SELECT person, id FROM conversations WHERE active < ? ORDER BY active LIMIT ?", (before, most)
    ).fetchall()


def short(name: str) -> str:
    """On one line, without the agents that it begins with, and cut at a word."""
    tidy = " ".join(name.split())
    tidy = _MENTIONS.sub("", tidy) or tidy
    if len(tidy) <= LONGEST_NAME:
        return tidy
    cut = tidy[: LONGEST_NAME - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut[LONGEST_NAME // 2 :] else cut).rstrip(" ,;:.") + "…"


def deleted_at(db: sqlite3.Connection, person: str, conversation: str) -> float:
    """What was asked until then is gone; 0 where nothing was ever deleted."""
    return max(0.0, _deleted_at(db, person, conversation))


def _deleted_at(db: sqlite3.Connection, person: str, conversation: str) -> float:
    found = db.execute("SELECT at FROM deleted WHERE person = ? AND conversation = ?", (person, conversation))
    (at,) = found.fetchone() or (float("-inf"),)
    return float(at)


def _call(db: sqlite3.Connection, person: str, conversation: str, name: str) -> None:
    db.execute("UPDATE conversations SET name = ? WHERE person = ? AND id = ?", (name, person, conversation))
    say(db, person, conversation, "name", "", name)


def _known(db: sqlite3.Connection, person: str, conversation: str) -> Conversation:
    found = head(db, person, conversation)
    if found is None:
        raise UnknownConversation("There is no such conversation.")
    return found


def _conversation(row: tuple[str, str, str, int, Mode, float, float]) -> Conversation:
    id, person, name, named, mode, created, active = row
    return Conversation(id, person, name, bool(named), mode, created, active)
