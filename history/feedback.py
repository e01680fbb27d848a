"""What people think of answers."""

import sqlite3

from history.records import Feedback


def give(db: sqlite3.Connection, person: str, feedback: Feedback) -> bool:
    """One for each person and run, the newest; False where the person has no such run."""
    values = (feedback.run, person)
    if db.execute("SELECT 1 FROM runs WHERE id = ? AND person = ?", values).fetchone() is None:
        return False
    db.execute(
        "INSERT OR REPLACE INTO feedback VALUES (?, ?, ?, ?, ?)",
        (*values, feedback.good, feedback.comment, feedback.at),
    )
    return True


def take_back(db: sqlite3.Connection, run: str, person: str) -> bool:
    """False where there was none."""
    return db.execute("DELETE FROM feedback WHERE run = ? AND person = ?", (run, person)).rowcount > 0


def given(db: sqlite3.Connection, run: str, person: str) -> Feedback | None:
    query = "SELECT good, comment, at FROM feedback WHERE run = ? AND person = ?"
    found = db.execute(query, (run, person)).fetchone()
    return Feedback(run, bool(found[0]), found[1], found[2]) if found is not None else None


def everybodys(db: sqlite3.Connection, since: float) -> list[tuple[str, Feedback]]:
    """Of all people, with the person, the oldest first; for whoever looks how answers are received."""
    found = db.execute("SELECT person, run, good, comment, at FROM feedback WHERE at >= ? ORDER BY at", (since,))
    return [(person, Feedback(run, bool(good), comment, at)) for person, run, good, comment, at in found]
