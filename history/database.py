"""The SQLite file: one connection that writes and one that reads, each in a thread of its own."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from history.errors import HistoryError, HistoryFull, HistoryUnavailable, UnusableHistory
from history.migrations import migrate

BUSY_SECONDS = 10.0
"""How long a write waits for one of another process."""

P = ParamSpec("P")
T = TypeVar("T")


class Database:
    """Every write is one transaction, of which all is there or nothing. Raises HistoryError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writing = ThreadPoolExecutor(1, "history-writes")
        self._reading = ThreadPoolExecutor(1, "history-reads")
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._writer = await loop.run_in_executor(self._writing, self._open)
        self._reader = await loop.run_in_executor(self._reading, self._connect)

    async def write(self, work: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **more: P.kwargs) -> T:
        """Do it in one transaction."""

        def in_thread() -> T:
            assert self._writer is not None, "open it first"
            with _plainly(self.path), _transaction(self._writer):
                return work(self._writer, *args, **more)

        return await self._run(self._writing, in_thread)

    async def tidy(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Do it outside of a transaction."""

        def in_thread() -> None:
            assert self._writer is not None, "open it first"
            with _plainly(self.path):
                work(self._writer)

        await self._run(self._writing, in_thread)

    async def read(self, work: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **more: P.kwargs) -> T:
        """Look at the file as it is at one moment; it waits for no writer."""

        def in_thread() -> T:
            assert self._reader is not None, "open it first"
            with _plainly(self.path):
                return work(self._reader, *args, **more)

        return await self._run(self._reading, in_thread)

    async def close(self) -> None:
        loop = asyncio.get_running_loop()
        for executor, connection in ((self._reading, self._reader), (self._writing, self._writer)):
            if connection is not None:
                await loop.run_in_executor(executor, connection.close)
            executor.shutdown()
        self._writer = self._reader = None

    async def _run(self, executor: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        try:
            running = asyncio.get_running_loop().run_in_executor(executor, work)
        except RuntimeError as error:  # only from handing it over: the threads have ended
            raise HistoryUnavailable("The history is closed.") from error
        return await running

    def _open(self) -> sqlite3.Connection:
        """Make the file where it is not there, for nobody else to look into, and bring it up to date. Blocking."""
        with _plainly(self.path):
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self.path.chmod(0o600)
            connection = self._connect()
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                ((found,),) = connection.execute("PRAGMA quick_check(1)").fetchall()
                if found != "ok":
                    raise _damaged(self.path)
                migrate(connection, self.path)
            except BaseException:
                connection.close()
                raise
            return connection

    def _connect(self) -> sqlite3.Connection:
        # Transactions are begun and ended here, not by the module.
        connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
        connection.execute("PRAGMA foreign_keys = ON")
        # What was deleted is not left in the file.
        connection.execute("PRAGMA secure_delete = ON")
        # Each write is on the disk when it is done: Redis lets go of what is kept here.
        connection.execute("PRAGMA synchronous = FULL")
        return connection


@asynccontextmanager
async def open_database(path: Path) -> AsyncIterator[Database]:
    """Raises UnusableHistory, HistoryFull and HistoryUnavailable."""
    database = Database(path)
    try:
        await database.open()
        yield database
    finally:
        await database.close()


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite has rolled back by itself where the disk is full.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _plainly(path: Path) -> Iterator[None]:
    """Turns what SQLite and the system raise into one sentence."""
    try:
        yield
    except sqlite3.Error as error:
        raise _sentence(error, path) from error
    except OSError as error:
        raise HistoryUnavailable(f"The history {path} cannot be used: {error.strerror or error}.") from error


def _sentence(error: sqlite3.Error, path: Path) -> HistoryError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return _damaged(path)
    if code == sqlite3.SQLITE_FULL:
        return HistoryFull("There is no space left for the history of conversations; what was kept before stays.")
    return HistoryUnavailable(f"The history {path} cannot be used: {str(error).rstrip('.')}.")


def _damaged(path: Path) -> UnusableHistory:
    return UnusableHistory(
        f"The history {path} is damaged; put its backup in its place, or move it away to begin anew."
    )
