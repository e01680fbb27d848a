"""Reads files in processes of their own: a few at a time, each within limits, each process used again and again."""

import asyncio
import contextlib
import errno
import logging
import os
import signal
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from knowledge.chunking import Chunk
from knowledge.errors import KnowledgeUnavailable, ReaderDied, ReadingTooLong, UnreadableDocument
from knowledge.reading.child import Child
from knowledge.reading.frames import Chunks, Done, Job, Ready, Refused, Step, Text
from knowledge.reading.result import Reading, ReadingProgress
from knowledge.settings import KnowledgeSettings

log = logging.getLogger(__name__)

_AT_ONCE = 2
_FILES_A_PROCESS = 100
"""Then a new one: whatever a library keeps of old files goes with the old one."""
_PART_BYTES = 1_000_000


class Reader:
    """Made by `open_reader`. The first file starts a process, unless one was started ahead; up to two are kept for the
    next ones.
    """

    def __init__(self, settings: KnowledgeSettings) -> None:
        self._settings = settings
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._idle: list[Child] = []
        self._busy: set[Child] = set()
        self._starting_ahead = asyncio.Lock()
        self._closed = False

    async def start_ahead(self) -> None:
        """Have a process that waits for the first file. Where none can be started, that file's reading says why."""
        async with self._starting_ahead:
            if not self._idle and not self._busy and not self._closed:
                try:
                    self._idle.append(await self._started())
                except (ReaderDied, KnowledgeUnavailable, OSError) as error:
                    log.info("no process that reads could be started ahead: %s", error)

    async def read(
        self, path: Path, name: str, on_progress: Callable[[ReadingProgress], None] = lambda progress: None
    ) -> Reading:
        """Read a file that is called `name` by people.

        Raises UnreadableDocument: ReadingTooLong and ReaderDied among them, after which the process was replaced.
        Raises KnowledgeUnavailable when the reader was closed.
        """
        # A file is opened in its turn, so that a thousand that wait hold no descriptors.
        async with self._turns:
            file = await asyncio.to_thread(_open, path, self._settings.max_file_megabytes)
            try:
                job = Job(
                    name=name.encode("utf-8", "replace").decode(),
                    size=os.fstat(file).st_size,
                    chunk_words=self._settings.chunk_words,
                    max_pages=self._settings.max_pages,
                    seconds=self._settings.reading_seconds,
                )
                return await self._read(job, _parts(file, job.size), on_progress)
            finally:
                os.close(file)

    async def close(self) -> None:
        """Ends all processes; what is being read is broken off."""
        self._closed = True
        for child in [*self._idle, *self._busy]:
            await child.kill()
        self._idle.clear()

    async def _read(
        self, job: Job, parts: AsyncIterator[bytes], on_progress: Callable[[ReadingProgress], None]
    ) -> Reading:
        child = await self._child()
        self._busy.add(child)
        try:
            async with asyncio.timeout(self._settings.reading_seconds):
                return await _converse(child, job, parts, on_progress)
        except TimeoutError:
            raise ReadingTooLong(self._settings.reading_seconds) from None
        except ReaderDied as error:
            if self._closed:
                raise KnowledgeUnavailable("The knowledge is closed.") from error
            if signal.SIGXCPU.name in str(error):
                raise ReadingTooLong(self._settings.reading_seconds) from error
            raise
        finally:
            self._busy.discard(child)
            if child.ready and not self._closed and child.files < _FILES_A_PROCESS:
                self._idle.append(child)
            else:
                await child.kill()

    async def _child(self) -> Child:
        async with self._starting_ahead:
            pass  # the one that is just starting is there sooner than another
        if self._closed:
            raise KnowledgeUnavailable("The knowledge is closed.")
        while self._idle:
            child = self._idle.pop()
            if child.alive:
                return child
            await child.kill()
        return await self._started()

    async def _started(self) -> Child:
        child = await Child.start(self._settings.reading_megabytes)
        if self._closed:
            # Meanwhile; nobody would end this one.
            await child.kill()
            raise KnowledgeUnavailable("The knowledge is closed.")
        return child


@contextlib.asynccontextmanager
async def open_reader(settings: KnowledgeSettings) -> AsyncIterator[Reader]:
    """A reader, whose processes end with the block."""
    reader = Reader(settings)
    try:
        yield reader
    finally:
        await reader.close()


async def _converse(
    child: Child, job: Job, parts: AsyncIterator[bytes], on_progress: Callable[[ReadingProgress], None]
) -> Reading:
    chunks: list[Chunk] = []
    texts: list[str] = []
    await child.give(job, parts)
    while True:
        answer = await child.hear()
        match answer:
            case Step():
                on_progress(ReadingProgress(answer.stage, answer.done, answer.total))
            case Chunks():
                chunks.extend(answer.chunks)
            case Text():
                texts.append(answer.text)
            case Refused():
                if not answer.spent:
                    await child.hear_ready()
                raise UnreadableDocument(answer.reason, answer.status)
            case Done():
                await child.hear_ready()
                return Reading(
                    title=answer.title,
                    format=answer.format,
                    pages=answer.pages,
                    language=answer.language,
                    remarks=answer.remarks,
                    chunks=tuple(chunks),
                    text="".join(texts),
                )
            case Ready():
                raise ReaderDied("it gave no answer")


def _open(path: Path, megabytes: int) -> int:
    """A descriptor of the file, from which the same file is read whatever happens to its name. Blocking."""
    try:
        # Without O_NONBLOCK a pipe that nobody writes to would be waited for.
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise UnreadableDocument("There is no such file.", "unsupported") from error
    except ValueError as error:  # a zero byte in the path
        raise UnreadableDocument("There is no such file.", "unsupported") from error
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise UnreadableDocument("There is no such file.", "unsupported") from error
        raise UnreadableDocument(f"The file cannot be read: {error.strerror}.", "unsupported") from error
    status = os.fstat(file)
    reason = ""
    if stat.S_ISDIR(status.st_mode):
        reason = "It is a folder, not a file."
    elif not stat.S_ISREG(status.st_mode):
        reason = "It is a device or a pipe, not a file."
    elif status.st_size > megabytes * 1_000_000:
        reason = f"It is {status.st_size / 1_000_000:,.0f} MB large; more than {megabytes:,} MB are not read."
    if reason:
        os.close(file)
        raise UnreadableDocument(reason, "unsupported")
    return file


async def _parts(file: int, size: int) -> AsyncIterator[bytes]:
    at = 0
    while at < size:
        part = await asyncio.to_thread(os.pread, file, min(_PART_BYTES, size - at), at)
        if not part:
            raise UnreadableDocument("The file became shorter while it was read.")
        at += len(part)
        yield part
