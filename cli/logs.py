"""Where log lines go: one line each, and never a word of anybody's documents."""

import json
import logging
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path

MOST_BYTES = 5_000_000
KEPT_FILES = 3


class JsonLine(logging.Formatter):
    """A record as one JSON object on one line, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = {
            "at": f"{at}.{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def log_to_stderr(level: int) -> None:
    """For a command at a terminal and for a worker under a supervisor."""
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s", force=True)
    # What it says about a broken PDF comes back as the reason why the file was rejected.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    # It tells which of its builds it tried, tracebacks included.
    logging.getLogger("faiss.loader").setLevel(logging.WARNING)


def log_to_file(data: Path) -> Path:
    """For the server: `logs/roundtable.log` in the data folder, rotated; returns the file.

    Raises ConfigurationError for a folder that cannot be written.
    """
    from orchestration import ConfigurationError
    from orchestration.settings import make_data_folder

    make_data_folder(data)
    file = data / "logs" / "roundtable.log"
    try:
        file.parent.mkdir(mode=0o700, exist_ok=True)
        handler = RotatingFileHandler(file, maxBytes=MOST_BYTES, backupCount=KEPT_FILES, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"The data folder {data} cannot be used: {error.strerror}.") from None
    handler.setFormatter(JsonLine())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    return file
