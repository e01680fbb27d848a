"""Where log lines go: one line each, and never a word of anybody's documents, questions or answers.

A message says what happened and names runs and steps by their ids. Only an exception could bring text along that
nobody here has written: so of one that is logged only its type is told, and its sentence when it is one of ours.
"""

import json
import logging
import os
import threading
import time
import traceback
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path

from knowledge import KnowledgeError, UnreadableDocument
from orchestration.connections import TROUBLE
from orchestration.errors import ConfigurationError, RoundtableError
from orchestration.settings import make_data_folder
from orchestration.tracing import subject

MOST_BYTES = 5_000_000
KEPT_FILES = 3
AGAIN_SECONDS = 60.0
"""So seldom is one and the same trouble told."""


class Subject(logging.Filter):
    """Marks each record, a library's too, with the run, the step and the agent that it is about."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.subject = subject()
        return True


class Seldom(logging.Filter):
    """Lets a trouble through once a minute, with how often it was there since.

    While Redis is away every loop says so each time it asks, which is several lines a second: within hours they would
    push out of the file how it began.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._told: dict[tuple[str, str, str], tuple[float, int]] = {}
        """What was said lately: when, and how often since."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info or not _names_an_error(record):
            return True
        try:
            line = (record.name, _message(record), str(getattr(record, "subject", "")))
        except (TypeError, ValueError):
            return True  # A library's words do not fit together; whoever writes the line says so.
        with self._lock:
            at, since = self._told.get(line, (-AGAIN_SECONDS, 0))
            # The clock may have been set back.
            if at <= record.created < at + AGAIN_SECONDS:
                self._told[line] = at, since + 1
                return False
            latest = record.created - 2 * AGAIN_SECONDS
            self._told = {other: told for other, told in self._told.items() if told[0] > latest}
            self._told[line] = record.created, 0
        record.repeated = since
        return True


class JsonLine(logging.Formatter):
    """A record as one JSON object on one line: at, level, logger, message; task, step, agent, exception, and how often
    the same was not told before, if any.
    """

    def format(self, record: logging.LogRecord) -> str:
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = {
            "at": f"{at}.{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
            **getattr(record, "subject", {}),
        }
        if repeated := getattr(record, "repeated", 0):
            line["repeated"] = repeated
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = "\n".join(_trace(record.exc_info[1], set()))
        return json.dumps(line, ensure_ascii=False)


def log_to_stderr(level: int) -> None:
    """For a command at a terminal, to be read by a person."""
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s", force=True)
    _quieten()


def log_to_supervisor() -> None:
    """For a worker: standard error, to be read by programs."""
    _log_as_json(logging.StreamHandler())


def log_to_file(data: Path) -> Path:
    """For the server: `logs/roundtable.log` in the data folder, rotated; returns the file.

    Raises ConfigurationError for a folder that cannot be written.
    """
    make_data_folder(data)
    file = data / "logs" / "roundtable.log"
    try:
        file.parent.mkdir(mode=0o700, exist_ok=True)
        handler = RotatingFileHandler(file, maxBytes=MOST_BYTES, backupCount=KEPT_FILES, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"The data folder {data} cannot be used: {error.strerror}.") from None
    _log_as_json(handler)
    return file


def _log_as_json(handler: logging.Handler) -> None:
    handler.setFormatter(JsonLine())
    # A logger's filter would not see what the loggers below it say; a handler's sees everything.
    handler.addFilter(Subject())
    handler.addFilter(Seldom())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    _quieten()


def _quieten() -> None:
    # It tells which of its builds it tried, tracebacks included.
    logging.getLogger("faiss.loader").setLevel(logging.WARNING)
    # These name every address that is asked, with the password that may stand in it.
    for client in ("httpx", "httpx2"):
        logging.getLogger(client).setLevel(logging.WARNING)


def _names_an_error(record: logging.LogRecord) -> bool:
    return isinstance(record.args, tuple) and any(isinstance(arg, BaseException) for arg in record.args)


def _message(record: logging.LogRecord) -> str:
    if isinstance(record.msg, BaseException):
        return _told(record.msg)
    if not isinstance(record.args, tuple):
        return record.getMessage()
    args = tuple(_told(arg) if isinstance(arg, BaseException) else arg for arg in record.args)
    message = str(record.msg) % args if args else str(record.msg)
    # asyncio shows on further lines the objects that were concerned, and an exception in them with all its text.
    return message.partition("\n")[0] if record.name == "asyncio" else message


def _told(error: BaseException) -> str:
    """An exception without words that may be a document's or a person's."""
    kind = type(error).__name__
    if isinstance(error, RoundtableError | KnowledgeError) and not isinstance(error, UnreadableDocument):
        return f"{kind}: {error}"
    if isinstance(error, OSError):
        return f"{kind}: {os.strerror(error.errno)}" if error.errno else kind
    # What Redis says is its own, until it repeats what it was told.
    return f"{kind}: {str(error).partition(', with args')[0]}" if isinstance(error, TROUBLE) else kind


def _trace(error: BaseException, seen: set[int]) -> Iterator[str]:
    """Where it came from, the first cause first: places and types."""
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in seen:
        yield from _trace(before, seen)
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"{frame.filename}:{frame.lineno} in {frame.name}"
    yield type(error).__qualname__
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            if id(each) not in seen:
                yield from _trace(each, seen)
