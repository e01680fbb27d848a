"""What the keeper writes: several things at once, and where it is."""

import logging
import sqlite3
from collections.abc import Collection, Sequence

from history import asides, runs
from history.records import Refusal
from orchestration.endings import Gone
from orchestration.messages import Recorded, Task

log = logging.getLogger(__name__)


def identity(db: sqlite3.Connection) -> tuple[str, str]:
    found: tuple[str, str] = db.execute("SELECT id, cursor FROM self").fetchone()
    return found


def misses(db: sqlite3.Connection) -> bool:
    ((missing,),) = db.execute("SELECT missing FROM self").fetchall()
    return bool(missing)


def begin_looking(db: sqlite3.Connection) -> None:
    db.execute("UPDATE self SET missing = 1")


def looked(db: sqlite3.Connection) -> None:
    """All were taken over, but for those that could not be read meanwhile."""
    db.execute("UPDATE self SET missing = 0 WHERE missing = 1")


def keep_up_to(db: sqlite3.Connection, entry: str, ended: Sequence[Sequence[Recorded]]) -> None:
    for events in ended:
        try:
            runs.keep(db, events)
        except ValueError:
            # A later start looks at it again, for as long as Redis has it: a newer program may be able to read it.
            db.execute("UPDATE self SET missing = 2")
            run = events[0].event.run if events else ""
            log.warning("run %s cannot be kept: its beginning or its end cannot be read", run)
    db.execute("UPDATE self SET cursor = ?", (entry,))


def refuse(db: sqlite3.Connection, refusal: Refusal, task: Task) -> None:
    asides.refuse(db, refusal, runs.profile(task))
    runs.unnote(db, task)


def to_forget(db: sqlite3.Connection, most: int) -> dict[Gone, list[str]]:
    found: dict[Gone, list[str]] = {}
    query = "SELECT run, person, conversation, at FROM unforgotten ORDER BY at, person, conversation LIMIT ?"
    for run, person, conversation, at in db.execute(query, (most,)):
        found.setdefault(Gone(person=person, conversation=conversation, at=at), []).append(run)
    return found


def forgotten(db: sqlite3.Connection, ids: Collection[str]) -> None:
    db.executemany("DELETE FROM unforgotten WHERE run = ?", [(run,) for run in ids])
