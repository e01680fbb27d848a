"""The process that reads: `python -m knowledge.reading MEGABYTES`, started and spoken to by `Reader`.

Jobs come in on standard input, answers go out on what was standard output. It ends with its parent.
"""

import logging
import mimetypes
import os
import queue
import sys
import threading
import time
import traceback
import warnings
from pathlib import Path
from typing import BinaryIO

from pydantic import BaseModel

from knowledge import chunking
from knowledge.errors import UnreadableDocument
from knowledge.language import language_of, load_model
from knowledge.loaders import load
from knowledge.reading.confinement import confine, limit_processor
from knowledge.reading.frames import (
    CHARACTERS_A_FRAME,
    CHUNKS_A_FRAME,
    HEADER,
    Chunks,
    Done,
    Job,
    Ready,
    Refused,
    Step,
    Text,
    framed,
)

_BETWEEN_STEPS_SECONDS = 0.05
_MOST_CHARACTERS = 8_000_000
"""Of text, about 2,500 pages: more would be embedded for hours."""


class _Answers:
    """The way to the parent."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._told = 0.0

    def say(self, message: BaseModel) -> None:
        self._stream.write(framed(message))
        self._stream.flush()

    def step(self, done: int, total: int) -> None:
        """Not more often than anybody can see, and the last one always."""
        now = time.monotonic()
        if done >= total or now - self._told >= _BETWEEN_STEPS_SECONDS:
            self._told = now
            self.say(Step(stage="reading", done=done, total=total))


def main() -> None:
    megabytes = int(sys.argv[1])
    # Libraries that print must not disturb the answers.
    answers = _Answers(os.fdopen(os.dup(sys.stdout.fileno()), "wb"))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    jobs: queue.SimpleQueue[tuple[Job, bytes]] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(sys.stdin.buffer, jobs), daemon=True).start()
    warnings.simplefilter("ignore")
    logging.disable()
    # What these libraries want of the file system they want now: later they would be refused.
    mimetypes.init(())
    load_model()
    confine(megabytes)
    while True:
        answers.say(Ready())
        job, content = jobs.get()
        limit_processor(job.seconds)
        refused = _read(job, content, answers, megabytes)
        if refused is not None:
            answers.say(refused)
            if refused.spent:
                os._exit(0)  # without waiting for the thread that waits for the parent
        del content


def _receive(stream: BinaryIO, jobs: "queue.SimpleQueue[tuple[Job, bytes]]") -> None:
    """Ends the process when the parent's end of the pipe is closed, in the middle of a file too."""
    try:
        while header := stream.read(HEADER.size):
            job = Job.model_validate_json(stream.read(HEADER.unpack(header)[0]))
            content = stream.read(job.size)
            if len(content) < job.size:
                break
            jobs.put((job, content))
    finally:
        os._exit(0)


def _read(job: Job, content: bytes, answers: _Answers, megabytes: int) -> Refused | None:
    """What is wrong with the file; None where its text, passages and the rest were told."""
    try:
        _tell(job, content, answers)
    except UnreadableDocument as error:
        return Refused(status=error.status, reason=str(error))
    except MemoryError:
        reason = f"Reading it needs more than the {megabytes:,} MB of memory that one file may take."
        return Refused(status="unsupported", reason=reason, spent=True)
    except Exception as error:
        # The boundary of the process. Loaders have one of their own, so this is a mistake in the program; the error's
        # text is left out, since it may quote a document where nobody may read it.
        at = traceback.extract_tb(error.__traceback__)[-1]
        reason = f"Reading it failed ({type(error).__name__} in {Path(at.filename).name}, line {at.lineno})."
        return Refused(status="damaged", reason=reason, spent=True)
    return None


def _tell(job: Job, content: bytes, answers: _Answers) -> None:
    def progress(done: int, total: int) -> None:
        if total > job.max_pages:
            raise UnreadableDocument(
                f"It has {total:,} pages; more than {job.max_pages:,} are not read. Split it into parts.",
                "unsupported",
            )
        answers.step(done, total)

    answers.say(Step(stage="reading"))
    document = load(content, job.name, progress)
    if sum(len(block.text) for block in document.blocks) > _MOST_CHARACTERS:
        raise UnreadableDocument(
            f"It has more than {_MOST_CHARACTERS:,} characters of text; put in the part that matters.", "unsupported"
        )
    answers.say(Step(stage="splitting"))
    chunks = chunking.chunk(document, job.chunk_words)
    if not chunks:
        raise UnreadableDocument("There is nothing in it but headings.", "empty")
    for start in range(0, len(chunks), CHUNKS_A_FRAME):
        answers.say(Chunks(chunks=chunks[start : start + CHUNKS_A_FRAME]))
    text = document.text
    for start in range(0, len(text), CHARACTERS_A_FRAME):
        answers.say(Text(text=text[start : start + CHARACTERS_A_FRAME]))
    answers.say(
        Done(
            title=document.title,
            format=document.format,
            pages=document.pages,
            language=language_of(document.blocks),
            remarks=document.remarks,
        )
    )


if __name__ == "__main__":
    main()
