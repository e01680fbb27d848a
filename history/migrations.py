"""What the file looks like. Each entry of STEPS changes what the ones before it left; none is ever changed itself."""

import sqlite3
from pathlib import Path

from history.errors import UnusableHistory

APPLICATION = 0x52544831
"""Marks our files, so that another program's is not taken for one."""

STEPS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE self (id TEXT NOT NULL, cursor TEXT NOT NULL)",
        "INSERT INTO self VALUES (lower(hex(randomblob(8))), '0-0')",
        """CREATE TABLE conversations (
            person TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, named INTEGER NOT NULL DEFAULT 0,
            mode TEXT NOT NULL, created REAL NOT NULL, active REAL NOT NULL,
            PRIMARY KEY (person, id)
        ) WITHOUT ROWID""",
        "CREATE INDEX conversations_by_activity ON conversations (person, active, id)",
        """CREATE TABLE runs (
            id TEXT PRIMARY KEY, person TEXT NOT NULL, conversation TEXT NOT NULL, task BLOB NOT NULL,
            asked REAL NOT NULL, replaces TEXT NOT NULL, state TEXT, ended REAL, events BLOB,
            FOREIGN KEY (person, conversation) REFERENCES conversations ON DELETE CASCADE
        )""",
        "CREATE INDEX runs_of_conversation ON runs (person, conversation, asked)",
        """CREATE TABLE refusals (
            person TEXT NOT NULL, conversation TEXT NOT NULL, message TEXT NOT NULL, question TEXT NOT NULL,
            sentence TEXT NOT NULL, again INTEGER NOT NULL, mode TEXT NOT NULL,
            approval INTEGER NOT NULL, at REAL NOT NULL, PRIMARY KEY (person, conversation, message),
            FOREIGN KEY (person, conversation) REFERENCES conversations ON DELETE CASCADE
        )""",
        """CREATE TABLE handed_in (
            id TEXT PRIMARY KEY, person TEXT NOT NULL, conversation TEXT NOT NULL, name TEXT NOT NULL,
            mode TEXT NOT NULL, began REAL NOT NULL, picture BLOB NOT NULL,
            FOREIGN KEY (person, conversation) REFERENCES conversations ON DELETE CASCADE
        )""",
        "CREATE INDEX handed_in_of_conversation ON handed_in (person, conversation)",
        # What was in a conversation until it was deleted does not come back, however late it ends.
        """CREATE TABLE deleted (
            person TEXT NOT NULL, conversation TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (person, conversation)
        ) WITHOUT ROWID""",
        # Runs of deleted conversations whose keys are still in Redis, as far as is known.
        """CREATE TABLE unforgotten (
            run TEXT PRIMARY KEY, person TEXT NOT NULL, conversation TEXT NOT NULL, at REAL NOT NULL
        ) WITHOUT ROWID""",
        # What can be searched for: names, questions, answers. The index follows it by triggers.
        """CREATE TABLE said (
            id INTEGER PRIMARY KEY, person TEXT NOT NULL, conversation TEXT NOT NULL, part TEXT NOT NULL,
            source TEXT NOT NULL, text TEXT NOT NULL, UNIQUE (person, conversation, part, source),
            FOREIGN KEY (person, conversation) REFERENCES conversations ON DELETE CASCADE
        )""",
        """CREATE VIRTUAL TABLE words USING fts5(
            text, content='said', content_rowid='id', tokenize='unicode61 remove_diacritics 2'
        )""",
        """CREATE TRIGGER said_added AFTER INSERT ON said BEGIN
            INSERT INTO words (rowid, text) VALUES (new.id, new.text);
        END""",
        """CREATE TRIGGER said_removed AFTER DELETE ON said BEGIN
            INSERT INTO words (words, rowid, text) VALUES ('delete', old.id, old.text);
        END""",
        """CREATE TRIGGER said_changed AFTER UPDATE ON said BEGIN
            INSERT INTO words (words, rowid, text) VALUES ('delete', old.id, old.text);
            INSERT INTO words (rowid, text) VALUES (new.id, new.text);
        END""",
    ),
    (
        """CREATE TABLE feedback (
            run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, person TEXT NOT NULL, good INTEGER NOT NULL,
            comment TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (run, person)
        ) WITHOUT ROWID""",
        "CREATE INDEX feedback_by_time ON feedback (at)",
    ),
    ("ALTER TABLE refusals ADD COLUMN undivided INTEGER NOT NULL DEFAULT 0",),
    (
        # How a person likes the page; what a name and its value mean is the chat's to know.
        """CREATE TABLE preferences (
            person TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (person, name)
        ) WITHOUT ROWID""",
    ),
    ("ALTER TABLE refusals ADD COLUMN model TEXT NOT NULL DEFAULT ''",),
    # Whether Redis has to be looked through for runs that are missing here though the history went past them: 0 for no,
    # 1 for yes, 2 for one that could not be read and may be by a later program.
    ("ALTER TABLE self ADD COLUMN missing INTEGER NOT NULL DEFAULT 1",),
)


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the file up to this program, wholly or not at all; raises UnusableHistory for one that is not ours."""
    if _version(connection, path) == len(STEPS):
        return
    connection.execute("BEGIN EXCLUSIVE")
    try:
        # Another process may have been faster.
        for number, statements in enumerate(STEPS[_version(connection, path) :], _version(connection, path) + 1):
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection, path: Path) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != APPLICATION and (tables or version or application):
        raise UnusableHistory(f"{path} is a database of another program; move it away, or set ROUNDTABLE_DATA.")
    if version > len(STEPS):
        raise UnusableHistory(
            f"{path} was written by a newer Roundtable (its version is {version}, this program knows {len(STEPS)});"
            " start that one."
        )
    return int(version)
