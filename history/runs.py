"""Runs: noted when they are asked, kept with all their events when they have ended."""

import sqlite3
import zlib
from collections.abc import Collection, Sequence

from history.conversations import touch
from history.records import Run
from history.search import say
from orchestration.messages import Accepted, Answer, Mode, Recorded, Task, TaskResult, decode, encode


def profile(task: Task) -> Mode:
    """Whom the conversation asks, whoever answers this one question."""
    return "council" if task.for_once or task.instead_of_council else task.mode


def note(db: sqlite3.Connection, task: Task) -> None:
    """What is asked now; it is taken over when it has ended. Asked outside of a conversation, nothing is noted."""
    if not task.conversation:
        return
    there = touch(db, task.person, task.conversation, name=task.question, mode=profile(task), at=task.asked_at)
    if there:
        db.execute(
            "INSERT INTO runs (id, person, conversation, task, asked, replaces) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET task = excluded.task WHERE person = excluded.person AND state IS NULL",
            (task.id, task.person, task.conversation, encode(task), task.asked_at, task.replaces),
        )
        say(db, task.person, task.conversation, "question", task.id, task.question)


def unnote(db: sqlite3.Connection, task: Task) -> None:
    """It was not taken in after all."""
    mine = (task.id, task.person, task.conversation)
    if db.execute("DELETE FROM runs WHERE id = ? AND person = ? AND conversation = ? AND state IS NULL", mine).rowcount:
        db.execute("DELETE FROM said WHERE source = ? AND person = ? AND conversation = ?", mine)


def keep(db: sqlite3.Connection, events: Sequence[Recorded]) -> None:
    """A run that has ended, once: a second time changes nothing, and one that was deleted stays so."""
    if not events:
        raise ValueError("not a run")
    first, last = events[0], events[-1]
    if not isinstance(first.event, Accepted) or not isinstance(last.event, Answer):
        raise ValueError("not a whole run")
    task, result = first.event.task, last.event.result
    if not task.conversation:
        return
    if not touch(db, task.person, task.conversation, name=task.question, mode=profile(task), at=task.asked_at):
        values = (task.id, task.person, task.conversation, task.asked_at)
        db.execute("INSERT OR REPLACE INTO unforgotten VALUES (?, ?, ?, ?)", values)
        return
    written = db.execute(
        "INSERT INTO runs (id, person, conversation, task, asked, replaces, state, ended, events)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET task = excluded.task,"
        " asked = excluded.asked, replaces = excluded.replaces, state = excluded.state, ended = excluded.ended,"
        " events = excluded.events WHERE person = excluded.person AND state IS NULL",
        (
            task.id, task.person, task.conversation, encode(task), task.asked_at, task.replaces,
            result.state, last.at, packed(events),
        ),
    ).rowcount  # fmt: skip
    if written:
        say(db, task.person, task.conversation, "question", task.id, task.question)
        say(db, task.person, task.conversation, "answer", task.id, _text(result))
        db.execute(
            "UPDATE conversations SET active = max(active, ?) WHERE person = ? AND id = ?",
            (last.at, task.person, task.conversation),
        )


def find(db: sqlite3.Connection, run: str, person: str) -> Run | None:
    found = db.execute("SELECT task, state FROM runs WHERE id = ? AND person = ?", (run, person)).fetchone()
    return Run(decode(Task, found[0]), found[1]) if found is not None else None


def of_conversation(db: sqlite3.Connection, person: str, conversation: str) -> list[Run]:
    """All of them, in the order in which they were asked."""
    found = db.execute(
        "SELECT task, state FROM runs WHERE person = ? AND conversation = ? ORDER BY asked, rowid",
        (person, conversation),
    )
    return [Run(decode(Task, task), state) for task, state in found]


def not_ended(db: sqlite3.Connection, person: str, most: int) -> list[Run]:
    """As far as is known here; the newest first."""
    query = "SELECT task FROM runs WHERE person = ? AND state IS NULL ORDER BY asked DESC LIMIT ?"
    return [Run(decode(Task, task), None) for (task,) in db.execute(query, (person, most))]


def people_at_work(db: sqlite3.Connection) -> set[str]:
    """Who has runs that have not ended, as far as is known here."""
    return {person for (person,) in db.execute("SELECT DISTINCT person FROM runs WHERE state IS NULL")}


def events(db: sqlite3.Connection, run: str, person: str) -> list[Recorded]:
    """Of an ended run; nothing where there is none."""
    query = "SELECT events FROM runs WHERE id = ? AND person = ? AND state IS NOT NULL"
    found = db.execute(query, (run, person)).fetchone()
    return unpacked(found[0]) if found is not None else []


def kept(db: sqlite3.Connection, runs: Collection[str]) -> set[str]:
    """Which of these need not be taken over."""
    marks = ", ".join("?" * len(runs))
    found = db.execute(f"SELECT id FROM runs WHERE state IS NOT NULL AND id IN ({marks})", tuple(runs))
    return {run for (run,) in found}


def packed(events: Sequence[Recorded]) -> bytes:
    """One line of JSON for each event, compressed."""
    return zlib.compress(b"\n".join(encode(event) for event in events))


def unpacked(data: bytes) -> list[Recorded]:
    return [decode(Recorded, line) for line in zlib.decompress(data).splitlines()]


def _text(result: TaskResult) -> str:
    return result.answer or result.reason
