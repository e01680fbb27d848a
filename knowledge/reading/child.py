"""The parent's end of a reading process."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from knowledge.errors import ReaderDied
from knowledge.reading.frames import ANSWER, HEADER, MOST_FRAME_BYTES, Answer, Job, Ready, framed

_PROGRAM_FOLDER = Path(__file__).parents[2]
_START_SECONDS = 60
"""A busy machine takes its time."""
_NICENESS = 5
"""Starting and reading may take all that is left of the processor, and nothing that the chat needs."""


class Child:
    """A running process that reads one file at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._process = process
        self._input, self._output = process.stdin, process.stdout
        self.files = 0
        """How many it was given."""
        self.ready = False
        """Whether it waits for the next file."""

    @property
    def alive(self) -> bool:
        # Its pipe tells at once that it has ended, the loop's own watch a moment later.
        return self._process.returncode is None and not self._output.at_eof()

    @staticmethod
    async def start(megabytes: int) -> "Child":
        """Wait until it is ready. Raises ReaderDied when it does not start."""
        process = await asyncio.create_subprocess_exec(
            # -P: a folder in which somebody calls the program may hold an email.py of anybody's.
            sys.executable, "-P", "-m", "knowledge.reading", str(megabytes),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            cwd="/", env=_environment(), start_new_session=True,
        )  # fmt: skip
        with contextlib.suppress(ProcessLookupError):  # it has ended already, as it will say
            own = os.getpriority(os.PRIO_PROCESS, 0)
            os.setpriority(os.PRIO_PROCESS, process.pid, own + _NICENESS)
        child = Child(process)
        try:
            async with asyncio.timeout(_START_SECONDS):
                await child.hear_ready()
        except TimeoutError:
            await child.kill()
            raise ReaderDied(f"it did not start within {_START_SECONDS} seconds") from None
        except BaseException:
            await child.kill()
            raise
        return child

    async def give(self, job: Job, parts: AsyncIterator[bytes]) -> None:
        """Hand over a job and the file's bytes. Raises ReaderDied."""
        self.files += 1
        self.ready = False
        try:
            self._input.write(framed(job))
            async for part in parts:
                self._input.write(part)
                await self._input.drain()
        except ConnectionError:
            raise ReaderDied(await self._ending()) from None

    async def hear(self) -> Answer:
        """The next answer. Raises ReaderDied."""
        try:
            size = HEADER.unpack(await self._output.readexactly(HEADER.size))[0]
            if size > MOST_FRAME_BYTES:
                raise ReaderDied("it said too much at once")
            return ANSWER.validate_json(await self._output.readexactly(size))
        except asyncio.IncompleteReadError:
            raise ReaderDied(await self._ending()) from None

    async def hear_ready(self) -> None:
        """Wait until it takes the next file. Raises ReaderDied."""
        if not isinstance(await self.hear(), Ready):
            raise ReaderDied("it spoke out of turn")
        self.ready = True

    async def kill(self) -> None:
        """At once, and wait until it is gone."""
        if self._process.returncode is None:
            self._process.kill()
        self._input.close()
        await self._process.wait()

    async def _ending(self) -> str:
        code = await self._process.wait()
        if code >= 0:
            return f"exit code {code}"
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"


def _environment() -> dict[str, str]:
    """Nothing of the parent's, whose environment may hold secrets."""
    kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TZ") if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": str(_PROGRAM_FOLDER),
        "PYTHONDONTWRITEBYTECODE": "1",
        # One file is one thread's work; pools of threads would only take memory.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
